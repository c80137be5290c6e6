"""Files of the session that are none, or huge, and what is kept out of them."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from coder.frontends.repl import editor, keymap, pager
from coder.frontends.repl.drafts import Drafts
from coder.frontends.repl.history import History, Sent
from coder.frontends.repl.welcome import branch_of

FOLDER = Path("/srv/shop")


@pytest.mark.behaviour("B-1075")
def test_pipes_in_the_place_of_files_are_not_waited_for(tmp_path: Path) -> None:
    name = hashlib.sha256(os.fsencode(FOLDER)).hexdigest()[:16]
    (tmp_path / "drafts").mkdir()
    (tmp_path / ".git").mkdir()
    places = ("history.jsonl", "keybindings.json", f"drafts/{name}-99999999.json", ".git/HEAD")
    for place in places:
        os.mkfifo(tmp_path / place)
    history = History(tmp_path, FOLDER)
    history.add(Sent("hello", {}))
    assert list(history.earlier()) == []
    assert Drafts(tmp_path, FOLDER).left_behind() is None
    assert keymap.load(tmp_path / "keybindings.json").warnings
    assert branch_of(tmp_path) == ""


@pytest.mark.behaviour("B-1075")
def test_a_file_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").symlink_to("/dev/zero")
    assert branch_of(tmp_path) == ""


@pytest.mark.behaviour("B-1075")
def test_of_a_huge_history_the_end_is_read(tmp_path: Path) -> None:
    with (tmp_path / "history.jsonl").open("wb") as file:
        file.write(json.dumps({"display": "too early", "project": str(FOLDER)}).encode() + b"\n")
        file.write(b"x" * 60_000_000)
        file.write(b"\n" + json.dumps({"display": "late", "project": str(FOLDER)}).encode() + b"\n")
    assert [sent.display for sent in History(tmp_path, FOLDER).earlier()] == ["late"]


@pytest.mark.behaviour("B-1076")
@pytest.mark.parametrize("draft", ["/login sk-ant-secret", " /login\tsk-ant-secret", "/LOGIN\nsk-ant-secret"])
def test_a_draft_that_may_hold_a_key_is_not_kept(tmp_path: Path, draft: str) -> None:
    drafts, history = Drafts(tmp_path, FOLDER), History(tmp_path, FOLDER)
    drafts.keep(Sent(draft, {}), ("wait for me",))
    drafts.close()
    history.add(Sent(draft, {}))
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) == 1 and b"wait for me" in kept[0] and b"secret" not in kept[0]


@pytest.mark.behaviour("B-1077")
def test_no_pager_or_editor_of_the_folder_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("less", "more", "nano", "vim", "vi", "mine"):
        (tmp_path / name).write_text("#!/bin/sh\ntouch ran\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f".:{os.environ['PATH']}")
    env = {"PATH": ".::"}
    pager.page("text", {**env, "PAGER": "mine"})
    pager.page("text", {**env, "PAGER": "'"})
    assert editor.open_file(tmp_path / "a", env)
    assert editor.open_file(tmp_path / "a", {**env, "EDITOR": "mine"})
    assert not (tmp_path / "ran").exists()


@pytest.mark.behaviour("B-1077")
def test_what_cannot_be_a_file_is_not_edited_and_nothing_ends(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "EDITOR": "true"}
    assert editor.edit("x", env, "a\0b").text is None
    assert editor.edit("x\ud800", env, "a").text == "x?"
