"""Commands that change the session, and the pager, on a real terminal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import tool, turn
from tests.support.screens import git_folder
from tests.support.sitting import sitting
from tests.support.statuslines import StatusLine

COST = re.compile(r"\$(\d+\.\d\d)\b")


@pytest.mark.behaviour("B-1020")
def test_another_model_goes_on_with_the_same_conversation_and_the_cost_adds_up(tmp_path: Path) -> None:
    with sitting(tmp_path, turn("One."), turn("Two."), turn("Three.")) as there:
        there.say("first")
        there.say("/model opus", "✓ Model: claude-opus-5-5 · ")
        there.terminal.wait("! Its cache is empty: the next message pays for the whole conversation")
        there.terminal.wait("asks first · opus-5-5 · ")
        there.say("second")
        there.say("/effort low", "✓ Effort: low, from the next message on.")
        there.say("third")
        one, two, three = there.talk
        assert [one["model"], two["model"], three["model"]] == ["claude-sonnet-5-5", *["claude-opus-5-5"] * 2]
        assert [len(each["messages"]) for each in (one, two, three)] == [1, 3, 5]
        assert one["messages"][0]["content"][0]["text"] == three["messages"][0]["content"][0]["text"]
        assert three["output_config"]["effort"] == "low"
        ends = [COST.findall(line) for line in there.told() if line.startswith("Done ·")]
        parts = [float(found[0]) for found in ends if found]
        there.terminal.wait("asks first · opus")
        status = next(line for line in there.terminal.screen if line.startswith("asks first · opus"))
        assert abs(float(COST.findall(status)[0]) - sum(parts)) <= 0.02
        assert there.count("── resumed") == 0


@pytest.mark.behaviour("B-1021")
def test_a_folder_is_added_and_read_without_asking(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "notes.txt").write_text("known here\n")
    turns = (turn("Hi."), turn(tool("Read", file_path=str(tmp_path / "library" / "notes.txt"))), turn("Read it."))
    with sitting(tmp_path, *turns) as there:
        there.say("hello")
        there.say("/add-dir ../library", "coder reads there without asking")
        there.say("read it")
        assert "known here" in str(there.talk[-1]["messages"])
        assert there.count("── resumed") == 0


@pytest.mark.behaviour("B-1022")
def test_a_theme_and_vim_keys_count_at_once(tmp_path: Path) -> None:
    with sitting(tmp_path) as there:
        terminal = there.terminal
        there.say("/theme none", "✓ Theme: none")
        began = len(terminal.raw)
        terminal.send("abc")
        terminal.wait("❯ abc")
        assert not re.search(rb"\x1b\[[0-9;]*3[0-9][0-9;]*m", bytes(terminal.raw[began:]))
        terminal.press("ctrl+c")
        there.free()
        there.say("/vim ", "✓ Vim keys are on")
        terminal.wait("-- INSERT -- · asks first · ")
        terminal.send("one two")
        terminal.wait("❯ one two")
        terminal.press("esc")
        terminal.wait("-- NORMAL -- · asks first · ")
        terminal.send("0dw")
        terminal.wait("❯ two")
        terminal.send("iA")
        terminal.wait("❯ Atwo")
        terminal.press("ctrl+c")
        there.free()
        there.say("/vim ", "✓ Vim keys are off")
        terminal.wait(lambda: any(line.startswith("asks first · ") for line in terminal.screen))
        assert '"theme": "none"' in (there.place.home / ".coder" / "settings.json").read_text()


@pytest.mark.parametrize("hides", [False, True])
@pytest.mark.behaviour("B-835")
def test_a_status_line_of_ones_own_is_told_the_mode_of_vim_keys(tmp_path: Path, hides: bool) -> None:
    place = Place.make(tmp_path)
    git_folder(place)
    status = StatusLine.of(place, hideVimModeIndicator=hides)
    status.path.write_text(json.dumps({**json.loads(status.path.read_text()), "editorMode": "vim"}))

    def mode() -> str:
        return str(((status.told() or {}).get("vim") or {}).get("mode"))

    with sitting(tmp_path, place=place) as there:
        terminal = there.terminal
        terminal.wait("own row")
        terminal.wait(lambda: mode() == "INSERT")
        terminal.send("one")
        terminal.wait("❯ one")
        terminal.press("esc")
        terminal.wait(lambda: mode() == "NORMAL")
        shown = "asks first" if hides else "-- NORMAL -- · asks first"
        terminal.wait(lambda: any(line.split("   ")[0].rstrip() == shown for line in terminal.screen))
        assert not hides or b"-- " not in bytes(terminal.raw)


@pytest.mark.behaviour("B-1023")
def test_the_conversation_is_written_to_a_file_and_never_over_another(tmp_path: Path) -> None:
    with sitting(tmp_path, turn("Hello to **you**.")) as there:
        there.say("hello")
        there.say("/export talk.md", "✓ Written to talk.md.")
        text = (tmp_path / "project" / "talk.md").read_text()
        assert "hello" in text and "Hello to **you**." in text
        there.terminal.send("/export talk.md")
        there.terminal.press("enter")
        there.terminal.wait("talk.md is there already")
        there.terminal.press("esc")
        there.free()
        assert (tmp_path / "project" / "talk.md").read_text() == text


@pytest.mark.behaviour("B-1024")
@pytest.mark.parametrize("pager", ["cat", ""])
def test_the_transcript_opens_whole_in_the_pager_and_the_draft_is_kept(tmp_path: Path, pager: str) -> None:
    command = "for i in $(seq 30); do echo row $i; done"
    turns = (turn(tool("Bash", command=command)), turn("Counted."))
    flags = ("--permission-mode", "bypassPermissions")
    with sitting(tmp_path, *turns, arguments=flags, env={"PAGER": pager}) as there:
        terminal = there.terminal
        there.say("count")
        terminal.wait("… 27 more lines · ctrl+o shows all")
        terminal.send("a draft")
        terminal.wait("❯ a draft")
        terminal.press("ctrl+o")
        if pager:
            terminal.wait(lambda: there.count("row 29") == 1)
        else:
            terminal.wait("(END)")
            terminal.wait("row 29")
            terminal.send("q")
        terminal.wait("❯ a draft")
        terminal.send("!")
        terminal.wait("❯ a draft!")
