"""What people met in pipelines (H6, H9, H12, H14; the others stand where their part is tested: docs/behaviours)."""

from __future__ import annotations

import json

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, fault, tool, turn

BYPASS = ("--permission-mode", "bypassPermissions")
PLAN = tool("ExitPlanMode", plan="1. Do it.")
WAITING = ("cat", "read -r x", "git rebase --continue", "ssh -o BatchMode=no host.invalid", "sudo -k ls", "less")


@pytest.mark.behaviour("B-2281")
def test_h6_a_model_that_falls_silent_in_a_call_ends_with_4_and_nothing_of_it_is_run(place: Place) -> None:
    call = tool("Bash", command="touch was-run; echo a rather long command that is cut off in the middle")
    settings = json.dumps({"coder": {"idleTimeout": 0.4}})
    with fake_api([turn(call, fault=fault("stall", after=3, times=2))]) as api:
        args = ("-p", "x", *BYPASS, "--output-format", "json", "--settings", settings)
        done = place.coder(*args, url=api.url, env={"CLAUDE_CODE_MAX_RETRIES": "1"})
        assert len(api.requests) == 2
    assert (done.code, done.stderr, done.result["terminal_reason"]) == (4, "", "api_error")
    assert list(place.project.iterdir()) == []


@pytest.mark.behaviour("B-2281")
def test_h9_commands_that_wait_for_a_person_return_without_one(place: Place) -> None:
    calls = [tool("Bash", command=command, timeout=20_000) for command in WAITING]
    with fake_api([turn(*calls), turn("All have returned.")]) as api:
        done = place.coder("-p", "x", *BYPASS, url=api.url)
        answers = api.requests[-1]["messages"][-1]["content"]
    assert (done.code, done.stdout) == (0, "All have returned.\n")
    assert len(answers) == len(WAITING) and "timed out" not in json.dumps(answers)


@pytest.mark.behaviour("B-2281")
@pytest.mark.parametrize("args", [(), ("-c",), ("-r",), ("mend the cart",)])
def test_h12_without_a_terminal_a_session_for_people_says_what_to_use(place: Place, args: tuple[str, ...]) -> None:
    done = place.coder(*args, url="http://127.0.0.1:9")
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr.startswith("coder: ") and done.stderr.count("\n") == 1 and "-p" in done.stderr


@pytest.mark.behaviour("B-2281")
def test_h14_a_plan_is_no_question_where_everything_is_allowed(place: Place) -> None:
    with fake_api([turn(tool("EnterPlanMode")), turn(PLAN), turn("Done.")]) as api:
        done = place.coder("-p", "plan it, then do it", *BYPASS, url=api.url)
        answer = api.requests[-1]["messages"][-1]["content"][0]
    assert "is_error" not in answer and "approved" in json.dumps(answer)
    assert (done.code, done.stdout) == (0, "Done.\n")
