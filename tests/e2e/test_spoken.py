"""A whole session in plain lines, on a real terminal: run, asked, told, interrupted, left."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pexpect
import pytest

from tests.support.cli import Place
from tests.support.fakeapi import RunningApi, fake_api, fault, thinking, tool, turn
from tests.support.screens import scripted, talk
from tests.support.spoken_harness import speaking

# pexpect forks beside the thread of the fake API; the child does nothing but start Python.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")

GRACE = 0.4  # a question takes no answer in its first 0.3 seconds
TOUCH = [turn("I will make it.", tool("Bash", command="touch made.txt")), turn("Made it.")]


class Screen:
    """What is shown, all of it, and what is typed."""

    def __init__(self, child: Any) -> None:
        self.child = child
        self.seen = ""
        child.delaybeforesend = None

    def expect(self, text: str) -> None:
        self.child.expect_exact(text)
        self.seen += self.child.before + self.child.after

    def type(self, text: str) -> None:
        self.child.sendline(text)

    def answer(self, text: str) -> None:
        """As a person does who has heard the question."""
        self.child.delaybeforesend = GRACE
        self.child.sendline(text)
        self.child.delaybeforesend = None

    def end(self) -> int:
        """Waits for the end; the exit code, or minus the signal."""
        self.child.expect(pexpect.EOF)
        self.seen += self.child.before
        self.child.close()
        return int(self.child.exitstatus if self.child.signalstatus is None else -self.child.signalstatus)


@contextmanager
def session(
    place: Place, script: Any, *options: str, heartbeat: str = "", **env: str
) -> Iterator[tuple[Screen, RunningApi]]:
    with fake_api(scripted(*script)) as api:
        screen = Screen(speaking(place, api.url, *(options or ("--screen-reader",)), heartbeat=heartbeat, env=env))
        try:
            yield screen, api
        finally:
            screen.child.close(force=True)


def said_to_model(api: RunningApi) -> str:
    return json.dumps([message["content"] for message in talk(api)[-1]["messages"] if message["role"] == "user"])


@pytest.mark.behaviour("B-942")
@pytest.mark.behaviour("B-943")
@pytest.mark.behaviour("B-946")
def test_ux30_every_block_has_a_label_and_nothing_is_drawn(place: Place) -> None:
    with session(place, TOUCH) as (screen, api):
        screen.expect("you: ")
        screen.type("go")
        screen.expect("Type 1 to 4 and press enter: ")
        assert not (place.project / "made.txt").exists()
        screen.answer("9")
        screen.expect("Type 1 to 4 and press enter: ")
        assert len(talk(api)) == 1
        screen.type("1")
        screen.expect("Type your next message:\r\nyou: ")
        assert (place.project / "made.txt").exists()
        screen.child.sendeof()
        assert screen.end() == 0
    lines = screen.seen.replace("\a", "").split("\r\n")
    assert lines[0] == "Screen reader mode is on (from --screen-reader)."
    assert lines[1].startswith("coder 0.1.0, ")
    assert lines[1].endswith(", folder project. Mode: asks first.")
    assert lines[2:11] == [
        "you: go",
        "coder: I will make it.",
        "question: Run this command? touch made.txt. Writes made.txt. Asks because no rule allows `touch made.txt`.",
        "1. Yes, this once",
        "2. Yes, and allow touch * in this project from now on",
        "3. No, and say what to do instead",
        "4. No, stop here",
        "Type 1 to 4 and press enter: 9",
        "Type 1 to 4 and press enter: 1",
    ]
    assert lines[11] == "tool: Bash touch made.txt, started"
    assert lines[12].startswith("tool: Bash touch made.txt, done in ")
    assert lines[13] == "coder: Made it."
    assert lines[14].startswith("Done, ")
    assert ", 1 tool call, " in lines[14]
    assert screen.seen.count("\a") == 2  # the question and the end
    assert not set(screen.seen) & set("\x1b\x9b\b│─╭╮⠋❯▸✓✗")


@pytest.mark.behaviour("B-943")
def test_no_with_words_is_told_to_the_model_and_said(place: Place) -> None:
    with session(place, TOUCH) as (screen, api):
        screen.expect("you: ")
        screen.type("go")
        screen.expect("Type 1 to 4 and press enter: ")
        screen.answer("3")
        screen.expect("What should coder do instead?")
        screen.type("use ls")
        screen.expect("tool failed: Bash touch made.txt, not run: you said no: use ls")
        screen.expect("you: ")
        assert "use ls" in said_to_model(api)
    assert not (place.project / "made.txt").exists()


@pytest.mark.behaviour("B-949")
def test_what_is_typed_while_it_works_is_read_before_the_next_step(place: Place) -> None:
    script = [turn("First.", tool("Bash", command="cat pipe; true")), turn("Seen.")]
    pipe = place.project / "pipe"
    os.mkfifo(pipe)
    with session(place, script) as (screen, api):
        screen.expect("you: ")
        screen.type("go")
        screen.expect("started")
        screen.type("also empty carts")
        screen.expect("you: also empty carts (read before the next step)")
        pipe.write_text("x\n", encoding="utf-8")
        screen.expect("Type your next message:")
        assert "also empty carts" in said_to_model(api)


@pytest.mark.behaviour("B-950")
def test_a_sign_of_life_says_what_it_works_on(place: Place) -> None:
    script = [turn("First.", tool("Bash", command="cat pipe; true")), turn("Seen.")]
    os.mkfifo(place.project / "pipe")
    with session(place, script, heartbeat="0.2") as (screen, _):
        screen.expect("you: ")
        screen.type("go")
        screen.expect("started")
        screen.expect("still working: Running cat pipe; true, ")
        (place.project / "pipe").write_text("x\n", encoding="utf-8")
        screen.expect("Type your next message:")


@pytest.mark.behaviour("B-951")
def test_ctrl_c_stops_the_run_and_twice_leaves(place: Place) -> None:
    with session(place, [turn("A long answer", wait=60)]) as (screen, api):
        screen.expect("you: ")
        screen.type("go")
        api.wait_until(lambda api: len(talk(api)) == 1)
        screen.child.sendintr()
        screen.expect("Stopping. Press ctrl+c again to leave.")
        screen.expect("Stopped by you after ")
        screen.expect("Kept: go\r\nPress enter alone to send it, or type something else.")
        screen.expect("you: ")
        screen.child.sendintr()
        assert screen.end() == 130


@pytest.mark.behaviour("B-951")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_an_orderly_way(place: Place, number: signal.Signals) -> None:
    with session(place, [turn("A long answer", wait=60)]) as (screen, api):
        screen.expect("you: ")
        screen.type("go")
        api.wait_until(lambda api: len(talk(api)) == 1)
        screen.child.kill(number)
        assert screen.end() == 128 + number
        assert " ended, 1 prompt, " in screen.seen
        assert "Type " not in screen.seen
    assert not list((place.home / ".coder").rglob("*.pid"))


def test_a_message_that_failed_is_kept_and_sent_again_with_enter(place: Place) -> None:
    script = [turn(fault=fault("status", 400)), turn("Now it went.")]
    with session(place, script) as (screen, api):
        screen.expect("you: ")
        screen.type("hello")
        screen.expect("error: ")
        screen.expect("Kept: hello")
        screen.expect("you: ")
        screen.type("")
        screen.expect("coder: Now it went.")
        assert said_to_model(api).count("hello") == 1


@pytest.mark.behaviour("B-943")
def test_the_models_questions_are_answered_by_number_or_in_words(place: Place) -> None:
    options = [{"label": "SQLite", "description": "one file"}, {"label": "DuckDB", "description": "analytics"}]
    asks = [
        {"question": "Which database?", "header": "Database", "options": options, "multiSelect": False},
        {"question": "Which others?", "header": "Others", "options": options, "multiSelect": True},
    ]
    with session(place, [turn(tool("AskUserQuestion", questions=asks)), turn("Fine.")]) as (screen, api):
        screen.expect("you: ")
        screen.type("go")
        screen.expect("question: Which database? Question 1 of 2.\r\n1. SQLite: one file\r\n2. DuckDB: analytics\r\n")
        screen.expect("press enter: ")
        screen.answer("9")
        screen.expect("press enter: ")
        screen.type("2")
        screen.expect("question: Which others? Question 2 of 2.")
        screen.expect("press enter: ")
        screen.type("1 2")
        screen.expect("tool: you chose: DuckDB, SQLite, DuckDB")
        screen.expect("coder: Fine.")
        assert "Which database? DuckDB" in said_to_model(api)


@pytest.mark.behaviour("B-943")
def test_a_plan_is_read_out_before_it_is_asked_about(place: Place) -> None:
    plan = "# Greet\n\n1. Edit app.py\n2. Test it"
    with session(place, [turn(tool("ExitPlanMode", plan=plan)), turn("Begun.")]) as (screen, _):
        screen.expect("you: ")
        screen.type("go")
        screen.expect("plan:\r\nGreet\r\n1. Edit app.py\r\n2. Test it\r\nEnd of the plan.\r\n")
        screen.expect("question: Start on this plan? (shown above, saved as ~/.coder/plans/project-greet.md)")
        screen.expect("\r\n1. Yes, and accept edits\r\n")
        screen.expect("press enter: ")
        screen.answer("1")
        screen.expect("note: mode: accepts edits")
        screen.expect("coder: Begun.")


@pytest.mark.behaviour("B-943")
def test_the_folder_is_asked_about_before_anything_of_it_counts(place: Place) -> None:
    settings = place.project / ".coder" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"permissions": {"allow": ["Bash(touch *)"]}}), encoding="utf-8")
    with session(place, TOUCH) as (screen, _):
        screen.expect("question: Do you trust the files in ")
        screen.expect("This folder wants to: allow 1 command without asking\r\n")
        screen.expect(
            "1. Not now: open it, ignore those\r\n2. Yes, trust this folder\r\n3. Show them first\r\n4. Leave"
        )
        screen.expect("leave: ")
        screen.type("3")
        screen.expect(".coder/settings.json: allow rule Bash(touch *)")
        screen.expect("leave: ")
        screen.type("2")
        screen.expect("you: ")
        screen.type("go")
        screen.expect("coder: Made it.")


def test_thinking_and_calls_that_were_not_run_are_said(place: Place) -> None:
    script = [turn(thinking("Hm."), tool("Nonsense", x=1), tool("Grep", pattern="def (")), turn("Done.")]
    with session(place, script) as (screen, _):
        screen.expect("you: ")
        screen.type("go")
        screen.expect("thinking: for ")
        screen.expect("tool failed: Nonsense, not run: There is no tool 'Nonsense'.")
        screen.expect("coder: Done.")
    assert "tool failed: Grep def (" in screen.seen


@pytest.mark.behaviour("B-1272")
def test_a_thought_is_read_out_as_thinking_is_when_that_was_asked_for(place: Place) -> None:
    script = [turn(tool("Think", thought="Is it red?")), turn(tool("Think", wrong=1)), turn("No.")]
    model = ("--screen-reader", "--model", "claude-sonnet-4-5")
    with session(place, script, *model) as (screen, _):
        screen.expect("you: ")
        screen.type("go")
        screen.expect("coder: No.")
        assert "Think" not in screen.seen and "red" not in screen.seen and "Noted" not in screen.seen
    with session(place, script, *model, "--verbose") as (screen, _):
        screen.expect("you: ")
        screen.type("go")
        screen.expect("thinking: Is it red?")
        screen.expect("coder: No.")


def test_an_unknown_command_is_never_sent(place: Place) -> None:
    with session(place, [turn("No.")]) as (screen, api):
        screen.expect("you: ")
        screen.type("/frobnicate")
        screen.expect("Kept: /frobnicate")
        screen.expect("you: ")
        assert not api.requests


@pytest.mark.behaviour("B-944")
def test_a_dumb_terminal_gets_plain_lines_and_a_session_goes_on(place: Place) -> None:
    with session(place, [turn("Made it.")], "make it") as (screen, _):
        screen.expect("Screen reader mode is on (from TERM=dumb).\r\n")
        screen.expect("you: make it\r\ncoder: Made it.\r\n")
        screen.expect("you: ")
        screen.child.sendeof()
        assert screen.end() == 0
    with session(place, [turn("Still here.")], "-c") as (screen, _):
        screen.expect("note: resumed from its beginning\r\nyou: make it\r\ncoder: Made it.\r\nyou: ")
        screen.type("and now")
        screen.expect("coder: Still here.")


@pytest.mark.behaviour("B-943")
def test_commands_of_ones_own_and_of_coder_are_said(place: Place) -> None:
    with session(place, [turn("So it is.")]) as (screen, api):
        screen.expect("you: ")
        screen.type("!echo one; echo two; exit 3")
        screen.expect("tool failed: your command echo one; echo two; exit 3, exit 3, ")
        screen.expect("2 lines:\r\none\r\ntwo\r\n")
        screen.expect("you: ")
        screen.type("/status")
        screen.expect("Model: ")
        screen.expect("you: ")
        screen.type("what was that")
        screen.expect("coder: So it is.")
        assert "echo one; echo two; exit 3" in said_to_model(api)


@pytest.mark.behaviour("B-1305")
def test_a_command_of_a_file_that_is_typed_during_a_run_is_done_after_it(place: Place) -> None:
    path = place.home / ".coder" / "commands" / "look.md"
    path.parent.mkdir(parents=True)
    path.write_text("Look at $ARGUMENTS.\n")
    waits = turn(tool("Bash", command="touch begun; until test -e go; do sleep 0.05; done"))
    script = [waits, turn("First."), turn("Second.")]
    with session(place, script, "--screen-reader", "--allowed-tools", "Bash") as (screen, api):
        screen.expect("you: ")
        screen.type("go")
        screen.expect("tool: ")
        screen.type("/look cats")
        screen.expect("you: /look cats (done after this run)")
        (place.project / "go").touch()
        screen.expect("Second.")
        screen.expect("you: ")
        requests = talk(api)
        assert len(requests) == 3 and "Look at cats." not in json.dumps(requests[1]["messages"])
        assert "Look at cats." in said_to_model(api)
