"""The question on a real terminal, in a whole session: put, answered, kept to, remembered."""

from __future__ import annotations

import json
from typing import Any

import pexpect
import pytest

from tests.support.asker import asking, trust
from tests.support.cli import Place
from tests.support.fakeapi import RunningApi, fake_api, tool, turn

# pexpect forks beside the thread of the fake API; the child does nothing but start Python.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")

TOUCH = [turn(tool("Bash", command="touch made.txt")), turn("Made it.")]
PUSH = [turn(tool("Bash", command="git push --force")), turn("Left it.")]


def results(api: RunningApi) -> str:
    """The tool results of the last request, as JSON."""
    return json.dumps([m["content"] for m in api.requests[-1]["messages"] if m["role"] == "user"])


def rest(screen: Any) -> str:
    screen.expect(pexpect.EOF)
    return str(screen.before)


@pytest.mark.behaviour("B-668")
def test_p25_always_is_kept_and_the_next_session_does_not_ask(place: Place) -> None:
    trust(place)
    with fake_api(TOUCH) as api:
        screen = asking(place, "go", api.url)
        screen.expect_exact("❯ 1 Yes, this once\r\n  2 Yes, and allow  touch *  in this project from now on\r\n")
        screen.expect_exact("answer: ")
        assert not (place.project / "made.txt").exists()
        screen.sendline("2")
        screen.expect_exact("✓ Bash touch made.txt · allowed, and from now on: touch *")
        assert "ended: done: Made it." in rest(screen)
    made = place.project / "made.txt"
    assert made.exists()
    saved = place.project / ".coder" / "settings.local.json"
    assert json.loads(saved.read_text(encoding="utf-8")) == {"permissions": {"allow": ["Bash(touch *)"]}}
    made.unlink()
    with fake_api(TOUCH) as api:
        screen = asking(place, "go", api.url)
        assert rest(screen) == "ended: done: Made it.\r\n"
    assert made.exists()


@pytest.mark.behaviour("B-667")
def test_ux15_no_with_words_changes_nothing_and_tells_the_model(place: Place) -> None:
    app = place.project / "app.py"
    app.write_text("def greet():\n    return 'Hello'\n", encoding="utf-8")
    change = tool("Edit", file_path=str(app), old_string="'Hello'", new_string="'Hi'")
    script = [turn(tool("Read", file_path=str(app))), turn(change), turn("As you like.")]
    with fake_api(script) as api:
        screen = asking(place, "go", api.url)
        screen.expect_exact("   2 -    return 'Hello'\r\n   2 +    return 'Hi'\r\n")
        screen.expect_exact("? Make this edit to app.py? (+1 -1, shown above)")
        screen.expect_exact("answer: ")
        screen.sendline("3")
        screen.expect_exact("what instead: ")
        screen.sendline("use hello")
        screen.expect_exact("✗ Edit app.py · you said no: use hello")
        rest(screen)
        assert "use hello" in results(api)
    assert "Hello" in app.read_text(encoding="utf-8")


@pytest.mark.behaviour("B-667")
@pytest.mark.parametrize("leave", ["4", "esc", "\x04"])
def test_leaving_the_question_runs_nothing_and_ends_the_run(place: Place, leave: str) -> None:
    with fake_api(TOUCH) as api:
        screen = asking(place, "go", api.url)
        screen.expect_exact("answer: ")
        screen.send(leave) if leave == "\x04" else screen.sendline(leave)
        assert "ended: interrupted" in rest(screen)
        assert len(api.requests) == 1
    assert not (place.project / "made.txt").exists()


@pytest.mark.behaviour("B-675")
def test_accepting_all_edits_asks_for_no_more_edits_and_for_commands_still(place: Place) -> None:
    files = [place.project / name for name in ("a.txt", "b.txt")]
    writes = [turn(tool("Write", file_path=str(file), content="x\n")) for file in files]
    script = [*writes, turn(tool("Bash", command="make")), turn("Done.")]
    with fake_api(script) as api:
        screen = asking(place, "go", api.url)
        screen.expect_exact("? Create a.txt? (new, 1 line, shown above)")
        screen.expect_exact("answer: ")
        screen.sendline("2")
        screen.expect_exact("? Run this command?\r\n    make\r\n")
        assert "b.txt?" not in screen.before
        screen.expect_exact("answer: ")
        screen.sendline("4")
        rest(screen)
    assert all(file.exists() for file in files)
    assert not (place.project / ".coder").exists()


@pytest.mark.behaviour("B-660")
def test_ux19_no_escape_of_a_command_reaches_the_terminal(place: Place) -> None:
    hidden = "ls \u202e \x1b[2J" + " " * 60 + "; rm x"
    with fake_api([turn(tool("Bash", command=hidden)), turn("Done.")]) as api:
        screen = asking(place, "go", api.url)
        screen.expect_exact("answer: ")
        assert r"    ls \u202e \x1b[2J[60 spaces]; rm x" in screen.before
        assert "\x1b" not in screen.before and "\u202e" not in screen.before
        screen.sendline("4")
        rest(screen)


@pytest.mark.behaviour("B-674")
def test_ux30_at_40_by_20_the_whole_question_is_on_the_screen(place: Place) -> None:
    loop = 'for i in $(seq 1 30); do make "test_$i" ok; done'
    with fake_api([turn(tool("Bash", command=loop)), turn("Done.")]) as api:
        screen = asking(place, "go", api.url, rows=20, columns=40)
        screen.expect_exact("answer: ")
        rows = screen.before.split("\r\n")
        assert len(rows) < 20 and all(len(row) <= 40 for row in rows)
        shown = " ".join(row.strip(" ") for row in rows).replace("▶", "").replace("◀", "")
        assert shown.startswith(f"? Run this command? {loop} ") and shown.endswith(" enter chooses · esc is 4 ")
        screen.sendline("4")
        rest(screen)


@pytest.mark.behaviour("B-674")
def test_read_aloud_a_number_answers_and_a_wrong_one_does_not(place: Place) -> None:
    with fake_api(TOUCH) as api:
        screen = asking(place, "go", api.url, "--spoken", env={"TERM": "dumb"})
        screen.expect_exact("Type 1 to 4 and press enter:")
        assert screen.before.startswith("question: Run this command? touch made.txt. ")
        screen.expect_exact("answer: ")
        screen.sendline("7")
        screen.expect_exact("answer: ")
        screen.sendline("1")
        assert "ended: done" in rest(screen)
    assert (place.project / "made.txt").exists()
    assert not (place.project / ".coder").exists()


@pytest.mark.behaviour("B-670")
def test_a_rule_that_cannot_be_saved_says_so(place: Place) -> None:
    (place.project / ".coder").write_text("in the way", encoding="utf-8")
    with fake_api([TOUCH[0], *TOUCH]) as api:
        screen = asking(place, "go", api.url)
        screen.expect_exact("answer: ")
        screen.sendline("2")
        left = rest(screen)
    assert "notice: Bash(touch *) holds until you leave, but could not be saved: " in left
    assert "answer: " not in left and "ended: done" in left


@pytest.mark.behaviour("B-666")
def test_ux18_what_cannot_be_undone_takes_its_word(place: Place) -> None:
    with fake_api(PUSH) as api:
        screen = asking(place, "go", api.url)
        screen.expect_exact("answer: ")
        assert "! This cannot be undone" in screen.before and "from now on" not in screen.before
        for typed in ("1", "2", "", "yes"):
            screen.sendline(typed)
            screen.expect_exact("answer: ")
        assert len(api.requests) == 1
        screen.sendline("push")
        assert "ended: done" in rest(screen)
        assert len(api.requests) == 2
