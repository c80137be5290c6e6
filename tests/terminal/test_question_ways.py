"""Permission questions on a real terminal: the ways round them, and terminals with little room."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fakeapi import tool, turn
from tests.support.screens import talk
from tests.support.shop import ASKS, SIZES, Shop, asked, below, calm, results, words_of

LOOP = 'for i in $(seq 1 30); do npm "test_$i ok"; done'


@pytest.mark.behaviour("B-1001")
def test_ux_30_d_a_question_at_40x20_shows_all_of_it(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    with shop.session([turn(tool("Bash", command=LOOP)), turn("No.")], size=(40, 20)) as (term, _):
        asked(term)
        assert below(term, "? ") == [
            "? Run this command?",
            "    for i in $(seq 1 30); do ▶npm",
            '      "test_$i ok"◀; done',
            "  Asks because no rule allows `npm",
            '  "test_$i ok"`.',
            "",
            "❯ 1 Yes, this once",
            '  2 Yes, and allow  npm "test_$i ok"  in',
            "    this project from now on",
            "  3 No, and say what to do instead",
            "  4 No, stop here",
            "  enter chooses · esc is 4",
            "─" * 40,
            "❯ Ask for a change, or type / for comm…",
            "─" * 40,
            "asks first · 1% context",
        ]


@pytest.mark.parametrize("size", [(80, 24), (40, 20)])
@pytest.mark.behaviour("B-1001")
def test_s10_a_command_of_60_lines_is_there_to_be_read_and_ends_right_above(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    shop = Shop.make(tmp_path)
    lines = [f"echo step {number} && rm -f tmp{number}" for number in range(1, 61)]
    with shop.session([turn(tool("Bash", command="\n".join(lines))), turn("Run.")], size=size) as (term, _):
        asked(term)
        rows = [row for row in term.history if row]
        at = rows.index("  1 echo step 1 && rm -f tmp1")
        assert rows[at : at + 60] == [f"{number:>3} {line}" for number, line in enumerate(lines, 1)]
        assert "? Run this command? (shown above)" in term.screen
        assert all(any(row[2:].startswith(f"{key} ") for row in term.screen) for key in "134")
        assert any("tmp60" in row for row in term.history[term.history.index(f" 60 {lines[-1]}") + 1 :])
        assert not any(row.startswith("  2 Yes, and allow") for row in term.screen)
        assert all(len(row) <= size[0] for row in term.history)
        term.send("1")
        calm(term)


@pytest.mark.behaviour("B-1002")
def test_s11_ctrl_e_opens_the_change_in_the_editor_and_that_is_what_is_made(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    editor = shop.program("edits", "sed -i 's/Hello/Hi/' \"$1\"")
    edit = tool("Edit", file_path=str(shop.app), old_string='"Hello " + name', new_string='f"Hello, {name}"')
    script = [turn(tool("Read", file_path=str(shop.app))), turn(edit), turn("Edited.")]
    with shop.session(script, env={"EDITOR": str(editor)}) as (term, api):
        asked(term)
        term.press("ctrl+e")
        calm(term)
        (told,) = results(talk(api)[-1])
        assert "The person changed this call" in words_of(told) and "Hi, {name}" in words_of(told)
        assert 'return f"Hi, {name}"' in shop.app.read_text()
        assert '   5 +    return f"Hi, {name}"' in term.history  # what was made, not only what was asked about


@pytest.mark.behaviour("B-1002")
def test_s11_an_editor_that_changes_nothing_leaves_the_question_as_it_was(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    edit = tool("Edit", file_path=str(shop.app), old_string='"Hello " + name', new_string='f"Hello, {name}"')
    script = [turn(tool("Read", file_path=str(shop.app))), turn(edit), turn("Edited.")]
    with shop.session(script, env={"EDITOR": "true"}) as (term, _):
        asked(term)
        term.press("ctrl+e")
        term.during(0.5)
        asked(term)  # nothing was changed in it: the question stands as it was
        term.press("esc")
        calm(term, "Stopped by you")
        assert "Hello " in shop.app.read_text()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.behaviour("B-1003")
def test_s8_the_transcript_opens_over_a_question_which_waits(tmp_path: Path, size: tuple[int, int]) -> None:
    shop = Shop.make(tmp_path)
    shop.program("npm", "echo ran >> ran.txt")
    shop.program("paged", "cat", "echo PAGED", "read answer < /dev/tty")
    script = [turn("First this.", tool("Bash", command="npm test")), turn("All pass.")]
    with shop.session(script, size=size, env={"PAGER": "paged"}) as (term, _):
        asked(term)
        term.press("ctrl+o")
        term.wait("PAGED")
        term.send("1\r")  # to the pager
        term.wait("4 No, stop here")
        term.send("1")  # the question was not to be seen until just now
        term.during(0.4)
        assert "❯ 1" in term.screen and not (shop.place.project / "ran.txt").exists()
        term.send("1")
        calm(term)
        assert (shop.place.project / "ran.txt").read_text() == "ran\n"


@pytest.mark.behaviour("B-1003")
def test_s8_a_question_that_comes_while_the_pager_is_open_is_there_when_it_is_left(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    shop.program("npm", "echo ran >> ran.txt")
    shop.program("paged", "cat > /dev/null", "echo PAGED", "read answer < /dev/tty")
    script = [turn("First this.", tool("Bash", command="sleep 1")), turn(tool("Bash", command="npm test")), turn("Ok.")]
    with shop.session(script, "--allowed-tools", "Bash(sleep *)", env={"PAGER": "paged"}) as (term, api):
        term.wait("Running sleep 1")
        term.press("ctrl+o")
        term.wait("PAGED")
        api.wait_until(lambda api: len(talk(api)) == 2 and talk(api)[-1] is not None)
        term.during(1.0)
        assert not any(ASKS in row or row.startswith("✓ Bash sleep 1") for row in term.screen)
        term.press("enter")
        asked(term)
        assert any(row.startswith("✓ Bash sleep 1") for row in term.history)
        assert not (shop.place.project / "ran.txt").exists()
        term.send("1")
        calm(term)
        assert (shop.place.project / "ran.txt").read_text() == "ran\n"


@pytest.mark.parametrize("key", ["esc", "4", "ctrl+c", "ctrl+d"])
@pytest.mark.behaviour("B-1004")
def test_s10_leaving_a_question_says_no_and_stops(tmp_path: Path, key: str) -> None:
    shop = Shop.make(tmp_path)
    shop.program("npm", "echo ran >> ran.txt")
    with shop.session([turn(tool("Bash", command="npm test")), turn("Never said.")]) as (term, api):
        asked(term)
        term.press(key)
        calm(term, "Stopped by you")
        at = term.history.index("✗ Bash npm test · you said no")
        assert term.history[at + 1].startswith("! Stopped by you after ")
        assert not (shop.place.project / "ran.txt").exists()
        term.during(0.3)
        assert len(talk(api)) == 1
        term.send("and now\r")
        term.wait("Never said.")
        assert not api.violations


@pytest.mark.behaviour("B-1004")
def test_s30_ctrl_c_twice_at_a_question_leaves_with_130(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    with shop.session([turn(tool("Bash", command="npm test")), turn("Never said.")]) as (term, _):
        asked(term)
        term.press("ctrl+c")
        calm(term, "Stopped by you")
        term.press("ctrl+c")
        assert term.end() == 130


@pytest.mark.behaviour("B-1005")
def test_s10_calls_side_by_side_are_asked_about_one_after_the_other(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    shop.program("npm", "echo $1 >> ran.txt")
    calls = [tool("Bash", command=f"npm {name}", id=f"call_{name}") for name in ("one", "two", "three")]
    with shop.session([turn(*calls), turn("Done with them.")]) as (term, api):
        for name, key in (("one", "1"), ("two", "3"), ("three", "1")):
            asked(term, f"    npm {name}")
            rows = term.screen
            assert sum(row == "? Run this command?" for row in rows) == 1
            assert rows[rows.index("? Run this command?") - 1] == ""
            term.send(key)
            if key == "3":
                term.wait("What to do instead:")
                term.send("leave it\r")
        calm(term)
        assert (shop.place.project / "ran.txt").read_text() == "one\nthree\n"
        assert "✗ Bash npm two · you said no: leave it" in term.history
        by_id = {each["tool_use_id"]: each for each in results(talk(api)[-1])}
        assert [bool(by_id[f"call_{name}"].get("is_error")) for name in ("one", "two", "three")] == [False, True, False]
        assert "leave it" in words_of(by_id["call_two"])


@pytest.mark.behaviour("B-1005")
def test_s10_an_always_answers_the_later_questions_it_covers(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    shop.program("npm", "echo $2 >> ran.txt")
    calls = [tool("Bash", command=f"npm test {name}") for name in ("one", "two")]
    with shop.session([turn(*calls), turn("Both ran.")]) as (term, _):
        asked(term)
        assert "  2 Yes, and allow  npm test *  in this project from now on" in term.screen
        term.send("2")
        calm(term)
        assert (shop.place.project / "ran.txt").read_text() == "one\ntwo\n"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.behaviour("B-1006")
def test_ux_32_a_plan_is_whole_above_its_question_and_nothing_changes_before(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    shop = Shop.make(tmp_path)
    made = shop.place.project / "made.txt"
    steps = [f"{number}. Step number {number}" for number in range(1, 41)]
    plan = "# Greet\n\n" + "\n".join(steps)
    write = tool("Write", file_path=str(made), content="made\n")
    script = [
        turn(write, tool("ExitPlanMode", plan="Only a draft.")),
        turn(tool("ExitPlanMode", plan=plan)),
        turn(write),
        turn("Made."),
    ]
    with shop.session(script, "--permission-mode", "plan", size=size) as (term, api):
        asked(term)
        assert not made.exists()
        term.send("3")
        term.wait("What to do instead:")
        term.send("more steps\r")
        term.wait(lambda: "✗ The plan: you said: more steps" in term.history)  # the next plan may come at once
        asked(term, "? Start on this plan? (shown above, saved as ~/.coder/plans/project-greet.md)")
        rows = term.history
        at = rows.index(steps[0])
        assert rows[at : at + 40] == steps
        assert rows.index(steps[-1]) < rows.index(below(term, "? ")[0])
        assert below(term, "? ")[1:7] == [
            "",
            "❯ 1 Yes, and accept edits",
            "  2 Yes, and ask before each edit",
            "  3 No, change the plan: say how",
            "  4 No, stay in plan mode",
            "  enter chooses · ctrl+e opens the plan in your editor · esc is 4",
        ]
        assert (shop.place.home / ".coder" / "plans" / "project-greet.md").read_text().strip() == plan
        assert not made.exists()
        assert term.screen[-1].startswith("plan mode, read-only")
        (refused, drafted) = results(talk(api)[1])
        assert refused["is_error"] and "more steps" in words_of(drafted)
        term.send("1")
        calm(term)
        assert made.read_text() == "made\n"
        term.wait("accepts edits ·")
        assert not any("ExitPlanMode" in row for row in term.history)


@pytest.mark.behaviour("B-1006")
def test_s14_a_plan_that_was_edited_is_the_plan(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    editor = shop.program("adds", "printf '3. Three\\n' >> \"$1\"")
    plan = tool("ExitPlanMode", plan="# Greet\n\n1. One\n2. Two\n")
    script = [turn(plan), turn("On it.")]
    with shop.session(script, "--permission-mode", "plan", env={"EDITOR": str(editor)}) as (term, api):
        asked(term)
        term.press("ctrl+e")
        term.wait("3. Three")
        asked(term)
        assert term.screen[term.screen.index("3. Three") + 1] == ""
        term.send("2")
        calm(term)
        assert "3. Three" in words_of(results(talk(api)[-1])[0])
        term.wait("asks first ·")


@pytest.mark.behaviour("B-1001")
def test_s37_a_question_comes_before_a_long_draft_and_stays_in_view_however_small_the_window(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    shop.program("npm", "echo ran >> ran.txt")
    run = turn(tool("Bash", command="npm test", description="run the tests"), wait=1.0)
    with shop.session([run, turn("All pass.")]) as (term, _):
        term.wait("Waiting for the model")
        term.send("\n".join(f"draft {number}" for number in range(12)))
        asked(term)
        assert below(term, "? ")[0] == "? Run this command?" and "  4 No, stop here" in term.screen
        for columns, rows in ((30, 12), (20, 5), (10, 3)):
            term.resize(columns, rows)
            term.during(0.4)  # what stands there was drawn before
            term.wait(lambda: term.screen[term.cursor[0]].startswith("❯ 1 Yes, t"))
            assert not any("too small" in row for row in term.screen)
        term.press("down")
        term.wait(lambda: any(row.startswith("❯ 2 Yes") for row in term.screen))
        term.resize(80, 24)
        term.wait(lambda: "? Run this command?" in term.screen and "  4 No, stop here" in term.screen)
        assert not (shop.place.project / "ran.txt").exists()
        term.send("1")
        calm(term)
        assert (shop.place.project / "ran.txt").read_text() == "ran\n"
