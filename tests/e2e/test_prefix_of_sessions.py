"""One long session in which a project says all it can: every request begins with the whole request before it."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from coder.core.messages import Json
from tests.support.cli import Done, Place
from tests.support.crowd import put
from tests.support.fakeapi import RunningApi, fake_api, rule, tool, turn
from tests.support.prefixes import Edit, edits
from tests.support.processes import until
from tests.support.screens import git_folder, talk
from tests.support.shop import asked
from tests.support.sitting import sitting
from tests.support.spoken_project import ALWAYS, Spoken

EDITS = ["another model", "another model", "another effort"]  # /big, then /hard on the usual model, then back
SUMMARISES = {"last_user_contains": "summary of this conversation"}


def count(request: Json, words: str) -> int:
    """In how many texts and results of the conversation they stand."""
    blocks = [block for message in request["messages"] for block in message["content"]]
    return sum(words in json.dumps(block, ensure_ascii=False) for block in blocks if block["type"] != "tool_use")


def go(place: Place, api: RunningApi, *args: str, begins: bool = False) -> Done:
    more = () if begins else ("-c",)
    done = place.coder("-p", *more, *args, *ALWAYS, url=api.url)
    assert done.code == 0, (args, done.stdout, done.stderr)
    return done


def turns(spoken: Spoken) -> list[Json]:
    def read(name: str) -> Json:
        return tool("Read", file_path=spoken.path(name))

    return [
        turn(tool("Bash", command="ls")),
        turn(read("web/page.txt"), read("src/a.py")),
        turn(tool("Skill", skill="ship", args="v1")),
        turn(tool("Skill", skill="ship", args="v1")),
        turn(tool("Skill", skill="types")),
        turn("Begun."),  # the Stop hook wants more
        turn("More."),
        turn("Mentioned."),
        turn("Looked."),
        turn("Thought big."),
        turn("Thought hard."),
        turn("Thought less."),
        turn(tool("Write", file_path=spoken.path("b.py"), content="y = 2\n")),
        turn("Checked once."),
        turn(tool("Bash", command="touch green")),
        turn("Checked twice."),
        turn("All tests pass."),  # with no such run: challenged
        turn("I ran no tests."),
        turn(tool("Skill", skill="late")),
        turn("Late."),
    ]


@pytest.mark.behaviour("B-1326")
@pytest.mark.behaviour("B-1327")
def test_whatever_the_project_says_the_prefix_holds(place: Place) -> None:
    spoken = Spoken.at(place)
    script = {"rules": [rule(SUMMARISES, "THE-SUMMARY")], "turns": turns(spoken), "otherwise": "Fine."}
    with fake_api(script) as api:
        go(place, api, "begin", begins=True)
        first = api.requests[-1]
        for words in ("whole cents", "No abbreviations", "I am Mia", "web folder", "is typed", "it was read"):
            assert count(first, words) >= 1, words
        assert count(first, "Tag v1") == 1 and count(first, "say more") == 1
        spoken.write("CLAUDE.md", "Amounts are fractions.\n@docs/style.md\n")
        go(place, api, "see @notes.txt please")
        go(place, api, "/look cats")
        spoken.write("docs/style.md", "Abbreviate.\n")
        go(place, api, "/big")
        go(place, api, "/hard")
        go(place, api, "softer now")
        go(place, api, "make it", "--check", "test -e green")
        go(place, api, "are we done?")
        spoken.write(".claude/skills/late/SKILL.md", "---\ndescription: came late\n---\nBe late.\n")
        Path(spoken.path("CLAUDE.local.md")).unlink()
        go(place, api, "use the late one")
        go(place, api, "nothing changed")
        last = api.requests[-1]
        for words in ("Amounts are fractions", "remember me", "Abbreviate.", "This file is gone", "- late: came late"):
            assert count(last, words) == 1 + (words == "remember me"), words
        assert [each.why for each in edits(api)] == EDITS
        assert count(last, "coder saw no test run") == 1 and count(last, "test -e green") == 1
        assert not api.unfinished, api.unfinished
        go(place, api, "/compact")
        spoken.write("CLAUDE.md", "Amounts are words.\n")
        go(place, api, "after it")
        go(place, api, "and on")
        assert [each.why for each in edits(api)] == [*EDITS, "compaction"]
        assert count(api.requests[-1], "Amounts are words") == 1


@pytest.mark.behaviour("B-1326")
async def test_the_prefix_holds_after_a_kill(place: Place) -> None:
    spoken = Spoken.at(place)
    waits = place.project / "waits"
    hangs = tool("Bash", command=f"touch {waits}; sleep 900")
    script = [
        turn(tool("Read", file_path=spoken.path("web/page.txt"))),
        turn(tool("Skill", skill="ship", args="v1"), hangs),
        turn("Back."),
        turn("On."),
    ]
    with fake_api([*script, turn("And on.")]) as api:
        process = place.start("-p", "begin", *ALWAYS, url=api.url)
        await until(waits.exists)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        spoken.write("CLAUDE.md", "Amounts are fractions.\n")
        spoken.write("web/CLAUDE.md", "The web folder is new.\n")
        spoken.write(".claude/skills/late/SKILL.md", "---\ndescription: came late\n---\nBe late.\n")
        go(place, api, "/ship v1")
        go(place, api, "and now")
        assert edits(api) == []
        last = api.requests[-1]
        for words in ("Amounts are fractions", "web folder is new", "- late: came late", "web folder is old"):
            assert count(last, words) == 1, words


@pytest.mark.behaviour("B-1327")
def test_what_changes_the_beginning_between_two_processes_is_said(place: Place) -> None:
    put(place.project / ".claude" / "x.md", "")
    with fake_api([turn("Fine.", repeat=6)]) as api:
        go(place, api, "begin", begins=True)
        go(place, api, "the same")
        put(place.project / ".claude/skills/late/SKILL.md", "---\ndescription: came late\n---\nBe late.\n")
        go(place, api, "a first skill brings its tool")
        go(place, api, "shorter", "--append-system-prompt", "Be short.")
        go(place, api, "the same", "--append-system-prompt", "Be short.")
        go(place, api, "harder", "--append-system-prompt", "Be short.", "--effort", "high")
        assert edits(api) == [Edit(2, "other tools"), Edit(3, "another system prompt"), Edit(5, "another effort")]


@pytest.mark.behaviour("B-1326")
def test_the_prefix_holds_in_a_terminal_through_notes_modes_and_commands(tmp_path: Path) -> None:
    place = Place.make(tmp_path)
    spoken = Spoken.at(place)
    git_folder(place)
    script = [
        turn(tool("Read", file_path=spoken.path("src/a.py"))),
        turn("Begun."),
        turn("More."),  # the Stop hook wanted more
        turn("Noted."),
        turn("Accepts."),
        turn(tool("ExitPlanMode", plan="# Go\n\n1. One\n")),
        turn("Planned."),
        turn("Looked."),
        turn("Hard."),
        turn("Soft."),
    ]
    with sitting(tmp_path, *script, place=place, arguments=("--model", "claude-sonnet-5-5")) as there:
        term = there.terminal
        there.say("begin")
        term.send("# tests are run with make")
        term.press("enter")
        term.wait("❯ 1 CLAUDE.md")
        term.send("1")
        there.say("after the note")
        term.press("shift+tab")
        term.wait("accepts edits")
        there.say("accepting")
        term.press("shift+tab")
        term.wait("plan mode")
        term.send("plan it")
        term.press("enter")
        asked(term)
        ended = there.count("Done ·")
        term.send("2")
        term.wait(lambda: there.count("Done ·") > ended)
        there.say("/look @notes.txt")
        there.say("/hard")
        spoken.write(".claude/skills/late/SKILL.md", "---\ndescription: came late\n---\nBe late.\n")
        there.say("soft")
        there.api.check()
        whys = [each.why for each in edits(there.api)]
        last = talk(there.api)[-1]
    assert whys == ["another effort", "another effort"]
    assert count(last, "- tests are run with make") == 1 and count(last, "- late: came late") == 1
