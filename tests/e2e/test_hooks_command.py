"""`coder hooks`: what runs when, and what coder would do."""

from __future__ import annotations

import json

import pytest

from tests.support.cli import Place
from tests.support.hooked import group, handler, keeps, kept, says, settings, specific, write


@pytest.mark.behaviour("B-1201")
def test_list_shows_whose_hooks_there_are_and_why_one_does_not_count(place: Place) -> None:
    settings(
        place,
        {
            "PreToolUse": [group(handler("check.sh", **{"if": "Bash(git *)"}), matcher="Bash|Edit")],
            "Stop": [group({"type": "agent", "prompt": "look"}, {"type": "command"})],
            "TeammateIdle": [group("true")],
        },
    )
    write(place.project / ".claude" / "settings.json", {"hooks": {"Stop": [group("theirs.sh")]}})
    done = place.coder("hooks", "list")
    assert done.code == 0 and done.stderr == ""
    text = " ".join(done.stdout.split())
    assert "Bash|Edit: check.sh you, ~/.coder/settings.json, PreToolUse[0].hooks[0], if Bash(git *)" in text
    assert "theirs.sh this project, .claude/settings.json, Stop[0].hooks[0] ! not used: this folder is not" in text
    assert "look you, ~/.coder/settings.json, Stop[0].hooks[0]" in text
    assert "nothing in this version leads to TeammateIdle" in text
    assert "! " in text and "Stop[0].hooks[1]" in text
    listed = json.loads(place.coder("hooks", "list", "--json").stdout)
    assert [(hook["event"], hook["used"]) for hook in listed["hooks"]] == [
        ("PreToolUse", True),
        ("Stop", True),
        ("Stop", False),
        ("TeammateIdle", False),
    ]
    assert len(listed["warnings"]) == 1


@pytest.mark.behaviour("B-1201")
def test_switched_off_hooks_are_shown_as_such(place: Place) -> None:
    settings(place, {"Stop": [group("true")]}, disableAllHooks=True)
    assert "not used: disableAllHooks in settings.json" in " ".join(place.coder("hooks", "list").stdout.split())


@pytest.mark.behaviour("B-1201")
def test_a_folder_without_hooks_says_so(place: Place) -> None:
    assert "no hooks" in place.coder("hooks", "list").stdout


@pytest.mark.behaviour("B-1202")
def test_a_hook_is_tried_with_an_input_of_the_persons(place: Place) -> None:
    seen = place.home / "seen"
    settings(place, {"PreToolUse": [group(keeps(seen, "echo 'use rg' >&2; exit 2"), matcher="Bash")]})
    given = json.dumps({"tool_name": "Bash", "tool_input": {"command": "grep -r x"}})
    done = place.coder("hooks", "test", "PreToolUse", "--input", "-", stdin=given)
    assert done.code == 0 and "exit code 2 after" in done.stdout and "stderr  use rg" in done.stdout
    assert "→ the call is not run, and the model is told why: use rg" in done.stdout
    (told,) = kept(seen)
    assert told["tool_input"] == {"command": "grep -r x"} and told["cwd"] == str(place.project)
    assert told["hook_event_name"] == "PreToolUse" and told["session_id"]


@pytest.mark.behaviour("B-1202")
def test_without_an_input_an_example_is_used_and_shown(place: Place) -> None:
    settings(place, {"UserPromptSubmit": [group("echo it is Tuesday")]})
    done = place.coder("hooks", "test", "userpromptsubmit")
    assert done.code == 0 and "Input (an example" in done.stdout and '"prompt"' in done.stdout
    assert "→ the model is told: it is Tuesday" in done.stdout


@pytest.mark.behaviour("B-1202")
@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("echo broken >&2; exit 1", "It failed: exit code 1: broken"),
        ("exec /nonexistent/x", "It failed: exit code 127"),
    ],
)
def test_a_hook_that_fails_gives_another_exit_code(place: Place, command: str, words: str) -> None:
    settings(place, {"Stop": [group("true", command)]})
    done = place.coder("hooks", "test", "Stop")
    assert done.code == 1 and words in done.stdout and "→ nothing: it goes on" in done.stdout


@pytest.mark.behaviour("B-1202")
@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (("PreToolUs",), None, "there is no event 'PreToolUs'. Did you mean PreToolUse?"),
        (("Stop", "--input", "nowhere.json"), None, "nowhere.json cannot be read"),
        (("Stop", "--input", "-"), "[1]", "standard input is no JSON object"),
        (("Stop", "--input", "-"), '{"a": ', "standard input is not valid JSON"),
        (("Stop", "--input", "-"), '{"a":' * 100_000, "standard input is not valid JSON"),
    ],
)
def test_what_is_wrong_with_the_arguments_is_said(
    place: Place, arguments: tuple[str, ...], stdin: str | None, words: str
) -> None:
    settings(place, {"Stop": [group("true")]})
    done = place.coder("hooks", "test", *arguments, stdin=stdin)
    assert done.code == 2 and words in done.stderr and done.stderr.count("\n") == 1 and done.stdout == ""


@pytest.mark.behaviour("B-1202")
def test_as_json_there_is_all_of_it(place: Place) -> None:
    hook = says(specific("PreToolUse", permissionDecision="ask", permissionDecisionReason="sure?"))
    settings(place, {"PreToolUse": [group(hook, matcher="Bash"), group("false", matcher="Edit")]})
    write(place.project / ".coder" / "settings.json", {"hooks": {"PreToolUse": [group("theirs.sh")]}})
    done = place.coder("hooks", "test", "PreToolUse", "--json")
    found = json.loads(done.stdout)
    (ran,) = found["hooks"]
    assert (ran["exit_code"], ran["problem"], ran["does"]) == (0, "", ["the person is asked about the call: sure?"])
    assert [hook["command"] for hook in found["not_used"]] == ["theirs.sh"]


@pytest.mark.behaviour("B-1202")
def test_output_of_a_hook_cannot_drive_the_terminal(place: Place) -> None:
    settings(place, {"Stop": [group("printf '\\033]0;pwned\\007\\033[2Jx'; printf '\\033[31mred' >&2; exit 2")]})
    done = place.coder("hooks", "test", "Stop")
    assert "\x1b" not in done.stdout and "\x07" not in done.stdout and "\\x1b[31mred" in done.stdout
