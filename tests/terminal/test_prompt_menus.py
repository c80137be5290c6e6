"""The menus below the prompt, and its history, on a real terminal."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from coder.frontends.slash.registry import BUILT_IN
from tests.support.prompt_pty import prompting

EMPTY = "❯ Ask for a change, or type / for commands"


@pytest.mark.behaviour("B-842")
def test_the_slash_menu_completes_and_runs(tmp_path: Path) -> None:
    with prompting(tmp_path) as prompt:
        prompt.type("/")
        prompt.see(" · tab completes · enter runs · esc closes")
        assert len(prompt.rows()) == 1 + 8 + 1
        prompt.type("com")
        prompt.see_only(
            "❯ /com",
            "❯ /compact [what to keep]   make room: replace the conversation by a summary",
            "  /uncompact                take the last summary back",
            f"  2 of {len(BUILT_IN)} · tab completes · enter runs · esc closes",
        )
        prompt.type("\t")
        prompt.see_only("❯ /compact")
        assert prompt.caret == (0, 11)
        prompt.type("the plan\r")
        sent = prompt.see_sent(1)
        assert (sent[0]["kind"], sent[0]["text"]) == ("command", "/compact the plan")
        prompt.type("/com\x1b[B\r")
        assert prompt.see_sent(2)[1]["text"] == "/uncompact"
        prompt.type("/renam\r")  # needs an argument
        prompt.see_only("❯ /rename")
        prompt.type("\x03/etc/hosts is odd\r")
        assert prompt.see_sent(3)[2]["kind"] == "prompt"
        prompt.type("/frobnicate\r")
        assert prompt.see_sent(4)[3]["kind"] == "command"


@pytest.mark.behaviour("B-843")
def test_an_at_lists_files_that_git_does_not_ignore(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "src" / "deep").mkdir(parents=True)
    for name in ("util.py", "src/utility.py", "src/deep/a b.txt", "ignored.py"):
        (project / name).write_text("x" * 2000)
    (project / ".gitignore").write_text("ignored.py\n")
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    with prompting(tmp_path) as prompt:
        prompt.type("look at @ut")
        prompt.see_only("❯ look at @ut", "❯ util.py          2 KB", "  src/utility.py   2 KB")
        prompt.type("\t")
        prompt.see_only("❯ look at @util.py")
        prompt.type("@src")
        prompt.see("❯ src/               2 files")
        prompt.type("\r")
        prompt.see("❯ look at @util.py @src/")
        prompt.type("deep/a\r")
        prompt.see_only('❯ look at @util.py @"src/deep/a b.txt"')
        prompt.type("@ignored")
        prompt.see_only('❯ look at @util.py @"src/deep/a b.txt" @ignored')
        prompt.type("\x03@.g")
        prompt.see_only("❯ @.g", "❯ .gitignore   11 B")
        prompt.type("\x1b")
        prompt.see_only("❯ @.g")
        prompt.type("i")
        prompt.see_only("❯ @.gi")  # closed is closed
        prompt.type(f"\x03@{tmp_path}/")
        prompt.see("project/")


@pytest.mark.behaviour("B-844")
def test_prompts_of_this_folder_come_back_in_later_sessions(tmp_path: Path) -> None:
    with prompting(tmp_path) as prompt:
        for text in ("first", "second\nlines", " secret", "third"):
            prompt.type(f"{text}\r")
        prompt.see_sent(4)
        prompt.type("/login sk-ant-x\r")
        prompt.see_sent(5)
    with prompting(tmp_path) as prompt:
        prompt.type("draft\x1b[A")
        prompt.see_only("❯ third")
        prompt.type("\x1b[A")
        prompt.see_only("❯ second", "  lines")
        prompt.type("\x1b[A\x1b[A")
        prompt.see_only("❯ first")
        prompt.type("\x1b[A")
        prompt.type("\x1b[B\x1b[B\x1b[B\x1b[B")
        prompt.see_only("❯ draft")
    assert "sk-ant" not in (tmp_path / "home" / "history.jsonl").read_text()


@pytest.mark.behaviour("B-845")
def test_searching_earlier_prompts(tmp_path: Path) -> None:
    with prompting(tmp_path) as prompt:
        for text in ("fix the cart", "run the tests", "fix the login"):
            prompt.type(f"{text}\r")
        prompt.see_sent(3)
        prompt.type("draft\x12")
        prompt.see("search:")
        prompt.see("  run the tests")
        prompt.type("FIX")
        prompt.see_only(
            "search: FIX", "❯ fix the login", "  fix the cart", "  enter takes it · ctrl+r older · esc leaves"
        )
        assert prompt.caret == (0, 11)
        prompt.type("\x1b")
        prompt.see_only("❯ draft")
        prompt.type("\x12fix\x12\r")
        prompt.see_only("❯ fix the cart")
        prompt.type("\x12zzz")
        prompt.see("nothing found")
        prompt.type("\r")
        prompt.see_only("❯ fix the cart")
        assert len(prompt.sent) == 3


@pytest.mark.behaviour("B-846")
def test_a_draft_and_queued_messages_survive_a_kill(tmp_path: Path) -> None:
    text = "\n".join(f"line {number}" for number in range(1, 21))
    with prompting(tmp_path) as prompt:
        prompt.type(f"not sent yet \x1b[200~{text}\x1b[201~")
        prompt.see("[Pasted 20 lines]")
        drafts = tmp_path / "home" / "drafts"
        prompt.until(lambda: [each for each in drafts.glob("*.json") if "line 20" in each.read_text()])
        assert [each.stat().st_mode & 0o777 for each in drafts.glob("*.json")] == [0o600]
        prompt.kill()
    with prompting(tmp_path, restore=True) as prompt:
        prompt.see_only("❯ not sent yet [Pasted 20 lines]", "  restored · esc clears it")
        prompt.type(" but\r")
        assert prompt.see_sent(1)[0]["text"] == f"not sent yet {text} but"
        prompt.leave()
    assert list(drafts.iterdir()) == []
    with prompting(tmp_path, restore=True) as prompt:
        prompt.see_only(EMPTY)


@pytest.mark.behaviour("B-847")
def test_the_draft_goes_through_the_editor(tmp_path: Path) -> None:
    script = tmp_path / "edit it"
    script.write_text('#!/bin/sh\nstat -c %a "$2" > "$1"\nprintf " and\\nmore\\n" >> "$2"\n')
    script.chmod(0o755)
    env = {"VISUAL": f"'{script}' {tmp_path}/mode", "EDITOR": "false"}
    with prompting(tmp_path, env=env) as prompt:
        prompt.type("this\x07")
        prompt.see("❯ this and")
        prompt.see("  more")
        assert (tmp_path / "mode").read_text() == "600\n"
        prompt.type("\x18\x05")
        prompt.see("  more and")
    with prompting(tmp_path, env={"VISUAL": "no-such-editor -x"}) as prompt:
        prompt.type("this\x07")
        prompt.see("The editor 'no-such-editor' was not found (from VISUAL).")
        prompt.see("❯ this")
