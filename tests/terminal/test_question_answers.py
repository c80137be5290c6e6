"""Permission questions on a real terminal: what is shown before the answer, and what each answer does."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from coder.core.messages import Json
from tests.support.fakeapi import tool, turn
from tests.support.screens import talk
from tests.support.shop import ASKS, SIZES, Shop, asked, below, calm, results, words_of

OLD = 'def greet(name):\n    return "Hello " + name'
NEW = 'def greet(name: str) -> str:\n    """Return a greeting."""\n    return f"Hello, {name}!"'
CHANGED = (
    "   4 -def greet(name):",
    '   5 -    return "Hello " + name',
    "   4 +def greet(name: str) -> str:",
    '   5 +    """Return a greeting."""',
    '   6 +    return f"Hello, {name}!"',
)


def edit(shop: Shop) -> tuple[Json, Json]:
    return (
        turn(tool("Read", file_path=str(shop.app))),
        turn(tool("Edit", file_path=str(shop.app), old_string=OLD, new_string=NEW)),
    )


@pytest.mark.behaviour("B-995")
def test_ux_13_a_change_is_shown_whole_before_the_question_and_made_after_it(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    with shop.session([*edit(shop), turn("Better now.")]) as (term, _):
        asked(term)
        rows = term.history
        assert all(row in rows for row in CHANGED)
        assert below(term, "? ")[:7] == [
            "? Make this edit to app.py? (+3 -2, shown above)",
            "",
            "❯ 1 Yes, this once",
            "  2 Yes, and accept all edits in this folder until I leave",
            "  3 No, and say what to do instead",
            "  4 No, stop here",
            "  enter chooses · ctrl+e opens it in your editor first · esc is 4",
        ]
        assert term.screen[term.screen.index(CHANGED[-1]) + 1] == ""
        assert term.screen[term.cursor[0]].startswith("❯ 1")
        assert OLD in shop.app.read_text()
        term.send("1")
        calm(term)
        assert NEW in shop.app.read_text()
        assert "✓ Edit app.py · +3 -2 · allowed once" in term.history
        assert term.history.count(CHANGED[0]) == 1


@pytest.mark.behaviour("B-995")
def test_ux_14_a_long_change_leaves_room_for_its_question_and_ctrl_o_shows_all_of_it(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    shop.program("paged", f"cat > {tmp_path}/paged.txt", "read answer < /dev/tty")
    content = "".join(f"line {number}\n" for number in range(1, 301))
    write = turn(tool("Write", file_path=str(shop.place.project / "new.txt"), content=content))
    with shop.session([write, turn("Written.")], env={"PAGER": "paged"}) as (term, _):
        asked(term)
        rows = term.screen
        assert [row[2:3] for row in rows if row[:4] in ("❯ 1 ", "  2 ", "  3 ", "  4 ")] == ["1", "2", "3", "4"]
        assert "? Create new.txt? (new, 300 lines, the first 30 lines shown above)" in rows
        assert "  … 270 more lines · ctrl+o shows all" in rows
        assert sum(row.endswith(f"+line {number}") for row in rows for number in range(1, 31)) >= 3
        term.press("ctrl+o")
        term.wait(lambda: (tmp_path / "paged.txt").exists() and "+line 300" in (tmp_path / "paged.txt").read_text())
        term.send("\r")
        asked(term, "? Create new.txt?")
        term.send("1")
        calm(term)
        assert (shop.place.project / "new.txt").read_text() == content


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.behaviour("B-996")
def test_ux_15_no_with_words_tells_the_model_what_to_do(tmp_path: Path, size: tuple[int, int]) -> None:
    shop = Shop.make(tmp_path)
    with shop.session([*edit(shop), turn("As you say.")], size=size) as (term, api):
        asked(term)
        term.send("3")
        term.wait("What to do instead:")
        term.send("use hello")
        term.wait("❯ use hello")
        assert term.cursor[1] == len("❯ use hello")
        term.press("enter")
        calm(term)
        assert OLD in shop.app.read_text()
        assert "✗ Edit app.py · you said no: use hello" in term.history
        (result,) = results(talk(api)[-1])
        assert result["is_error"] and "use hello" in words_of(result)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.behaviour("B-997")
def test_ux_16_keys_typed_when_a_question_appears_go_to_the_draft(tmp_path: Path, size: tuple[int, int]) -> None:
    shop = Shop.make(tmp_path)
    shop.program("npm", "echo ran >> ran.txt")
    script = [turn(tool("Bash", command="npm test"), wait=0.5), turn("All pass.")]
    with shop.session(script, size=size) as (term, _):
        sent = 0
        while not any(ASKS in row for row in term.screen):
            term.send("y")
            sent += 1
            term.pump(0.02)
        term.during(0.5)
        draft = [row for row in term.screen if set(row) <= set("❯ y") and "y" in row]
        typed = "".join(row.removeprefix("❯").strip() for row in draft)
        assert typed == "y" * sent  # over several rows where the question was long in coming
        assert not (shop.place.project / "ran.txt").exists()
        term.send("1")
        calm(term)
        assert (shop.place.project / "ran.txt").read_text() == "ran\n"
        (row,) = [row for row in term.history if row.startswith("✓ Bash npm test · ")]
        assert row.endswith("s · allowed once")
        assert [row for row in draft if row not in term.screen] == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.behaviour("B-998")
def test_ux_17_a_rule_is_shown_before_it_is_saved_and_asks_no_more(tmp_path: Path, size: tuple[int, int]) -> None:
    shop = Shop.make(tmp_path)
    shop.program("npm", "echo ran >> ran.txt")
    run = turn(tool("Bash", command="npm test", description="run the test suite"))
    with shop.session([run, run, turn("All pass.")], size=size) as (term, _):
        asked(term)
        assert below(term, "? ")[:10] == [
            "? Run this command?",
            "    npm test",
            "  The model says: run the test suite",
            f"  In {shop.place.project}"[: size[0]],
            "  Asks because no rule allows `npm test`.",
            "",
            "❯ 1 Yes, this once",
            "  2 Yes, and allow  npm test *  in this project from now on",
            "  3 No, and say what to do instead",
            "  4 No, stop here",
        ]
        settings = shop.place.project / ".coder" / "settings.local.json"
        assert not settings.exists()
        term.send("2")
        calm(term)
        assert json.loads(settings.read_text())["permissions"]["allow"] == ["Bash(npm test *)"]
        assert (shop.place.project / "ran.txt").read_text() == "ran\nran\n"
        assert term.history.count("✓ From now on in this project: Bash(npm test *)") == 1


@pytest.mark.behaviour("B-998")
def test_s10_tab_edits_the_rule_and_one_that_does_not_fit_is_not_saved(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    shop.program("npm", "true")
    run = turn(tool("Bash", command="npm run x"))
    with shop.session([run, run, turn("Run.")]) as (term, _):
        asked(term)
        term.press("tab")
        term.wait("❯ Bash(npm run x *)")
        assert "❯ 2 Yes, and allow  npm run x *  in this project from now on" in term.screen
        term.press(*["backspace"] * 4)
        term.send("y)\r")
        term.wait("! Not saved, because it would not allow this call")
        asked(term)
        assert not any("From now on" in row for row in term.history)
        term.press("tab")
        term.wait("❯ Bash(npm run x *)")
        term.press(*["backspace"] * len("x *)"))
        term.send("*)\r")
        calm(term)
        assert "✓ From now on in this project: Bash(npm run *)" in term.history


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.behaviour("B-999")
def test_ux_18_what_cannot_be_undone_wants_its_word(tmp_path: Path, size: tuple[int, int]) -> None:
    shop = Shop.make(tmp_path)
    real = shutil.which("git")
    shop.program("git", f'case "$*" in *push*) echo ran >> {tmp_path}/ran.txt;; *) exec {real} "$@";; esac')
    with shop.session([turn(tool("Bash", command="git push --force")), turn("Pushed.")], size=size) as (term, _):
        asked(term, "press enter to run it")
        assert "! This cannot be undone" in term.screen
        assert not any("from now on" in row for row in term.screen)
        told = " ".join(row.strip() for row in term.history)  # beside each other both are true
        assert re.search(r"Checkpoint k\w+ is taken before .*\. It brings back what is here: coder rewind k\w+", told)
        assert "Rewind brings back files in this folder at most; coder keeps no other copy." in told
        term.send("12\r")
        term.wait("❯ 12")
        term.during(0.3)
        assert "! This cannot be undone" in term.screen and not (tmp_path / "ran.txt").exists()
        term.press("backspace", "backspace")
        term.send("push")
        term.wait("❯ push")
        assert term.cursor[1] == len("❯ push")
        assert not (tmp_path / "ran.txt").exists()
        term.press("enter")
        calm(term)
        assert (tmp_path / "ran.txt").read_text() == "ran\n"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.behaviour("B-1000")
def test_ux_19_what_a_command_hides_is_seen(tmp_path: Path, size: tuple[int, int]) -> None:
    shop = Shop.make(tmp_path)
    command = "echo \u202e \x1b[41m" + " " * 60 + "; rm x"
    with shop.session([turn(tool("Bash", command=command)), turn("No.")], size=size) as (term, _):
        asked(term)
        shown = " ".join(below(term, "? "))
        assert all(part in shown for part in ("\\u202e", "\\x1b", "rm x"))
        term.press("ctrl+e")
        term.wait("Why this asks:")
        assert any("U+202E" in row for row in term.screen)
        term.press("esc")
        asked(term)
        term.press("esc")
        calm(term, "Stopped by you")
        assert b"\x1b[41m" not in term.raw and "\u202e".encode() not in term.raw
