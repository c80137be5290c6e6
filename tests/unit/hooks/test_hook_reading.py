"""What a hook meant, by exit code and output; alone and together."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.hooks.outcome import NOTHING, Decision, Ended, Outcome, merge
from coder.hooks.points import POINTS
from coder.hooks.reading import outcome_of


def said(event: str, stdout: object = "", *, code: int | None = 0, stderr: str = "") -> Outcome:
    text = stdout if isinstance(stdout, str) else json.dumps(stdout)
    return outcome_of(POINTS[event], Ended(code, text, stderr))


def specific(event: str, **fields: Any) -> dict[str, Any]:
    return {"hookSpecificOutput": {"hookEventName": event, **fields}}


@pytest.mark.behaviour("B-1173")
@pytest.mark.parametrize("event", [name for name, point in POINTS.items() if point.blocks])
def test_exit_2_blocks_with_what_is_on_stderr(event: str) -> None:
    outcome = said(event, code=2, stderr="not so\n")
    assert outcome.blocked
    assert outcome.reason == "not so"
    assert not outcome.problem
    assert (outcome.verdict == "deny") is (event == "PreToolUse")


@pytest.mark.parametrize("event", [name for name, point in POINTS.items() if not point.blocks])
def test_exit_2_where_nothing_can_be_blocked_is_shown(event: str) -> None:
    outcome = said(event, code=2, stderr="not so\n")
    assert not outcome.blocked
    assert outcome.lines == ("not so",)


@pytest.mark.behaviour("B-1173")
def test_json_takes_no_block_back() -> None:
    allow = specific("PreToolUse", permissionDecision="allow", updatedInput={"command": "rm -rf /"})
    outcome = said("PreToolUse", allow | {"systemMessage": "hi"}, code=2, stderr="no")
    assert (outcome.verdict, outcome.verdict_reason, outcome.input) == ("deny", "no", None)
    assert outcome.messages == ("hi",)
    assert said("PreToolUse", "{broken", code=2).verdict == "deny"
    assert said("PreToolUse", {"decision": "magic"}, code=2).verdict == "deny"
    assert (
        said("PermissionRequest", specific("PermissionRequest", decision={"behavior": "allow"}), code=2).decision
        is None
    )


@pytest.mark.behaviour("B-1174")
@pytest.mark.parametrize(
    ("event", "code", "stdout", "stderr", "problem"),
    [
        ("PreToolUse", 1, "", "first\nsecond", "exit code 1: first"),
        ("PreToolUse", 127, "", "sh: nosuch: not found", "exit code 127: sh: nosuch: not found"),
        ("PreToolUse", 137, "text", "", "exit code 137"),
        ("PreToolUse", 0, "{broken", "", "JSON that cannot be read"),
        ("PreToolUse", 0, "[" * 9 + '{"a"', "", ""),
        ("PreToolUse", 0, '{"a":' * 100_000, "", "JSON that cannot be read"),
        ("PreToolUse", 0, '{"a":' + "1" * 9000 + "}", "", "JSON that cannot be read"),
        ("PreToolUse", 0, '{"decision": 5}', "", "its decision must be a text"),
        ("PreToolUse", 1, '{"continue": "no"}', "", "its continue must be true or false"),
        ("PreToolUse", 0, '{"hookSpecificOutput": []}', "", "its hookSpecificOutput must be an object"),
        ("PreToolUse", 0, '{"hookSpecificOutput": {"permissionDecision": "maybe"}}', "", "none of allow, ask"),
        ("PreToolUse", 0, '{"hookSpecificOutput": {"hookEventName": "Stop"}}', "", "and this is PreToolUse"),
        ("PermissionRequest", 0, '{"hookSpecificOutput": {"decision": {}}}', "", "has no behavior"),
    ],
)
def test_what_failed_decides_nothing_and_says_why(
    event: str, code: int, stdout: str, stderr: str, problem: str
) -> None:
    outcome = said(event, stdout, code=code, stderr=stderr)
    assert problem in outcome.problem
    assert outcome == Outcome(problem=outcome.problem)


def test_json_counts_whatever_the_exit_code() -> None:
    assert said("Stop", {"decision": "block", "reason": "go on"}, code=1).reason == "go on"


def test_plain_text_is_told_to_the_model_where_it_is_asked_for() -> None:
    for event, point in POINTS.items():
        if event != "WorktreeCreate":
            assert said(event, "  now\n").notes == (("now",) if point.plain else ())
    assert [name for name, point in POINTS.items() if point.plain] == [
        "SessionStart",
        "UserPromptSubmit",
        "UserPromptExpansion",
    ]
    assert said("SessionStart", "now", code=1).notes == ()


@pytest.mark.parametrize(
    ("raw", "verdict", "reason"),
    [
        (specific("PreToolUse", permissionDecision="allow", permissionDecisionReason="fine"), "allow", "fine"),
        (specific("PreToolUse", permissionDecision="defer"), "ask", ""),
        (specific("PreToolUse", permissionDecision="deny") | {"systemMessage": "why"}, "deny", "why"),
        ({"decision": "approve", "reason": "old"}, "allow", "old"),
        ({"decision": "block", "reason": "old"}, "deny", "old"),
        ({"decision": "block", "reason": "old"} | specific("PreToolUse", permissionDecision="allow"), "deny", "old"),
        ({"action": "continue", "metrics": {}}, "", ""),
        ({"hookSpecificOutput": {"permissionDecision": "ask"}}, "ask", ""),
        ({"hookSpecificOutput": None, "reason": None}, "", ""),
    ],
)
def test_verdicts(raw: dict[str, Any], verdict: str, reason: str) -> None:
    outcome = said("PreToolUse", raw)
    assert (outcome.verdict, outcome.verdict_reason) == (verdict, reason)
    assert outcome.blocked is (verdict == "deny")


def test_what_each_point_may_say() -> None:
    call = said("PreToolUse", specific("PreToolUse", updatedInput={"command": "ls"}, additionalContext="note"))
    assert (call.input, call.notes) == ({"command": "ls"}, ("note",))
    assert said("PostToolUse", specific("PostToolUse", updatedInput={})).input is None
    after = said("PostToolUse", {"decision": "block", "reason": "r"} | specific("PostToolUse", updatedToolOutput=[1]))
    assert (after.blocked, after.reason, after.replaces, after.output) == (True, "r", True, [1])
    start = said("SessionStart", specific("SessionStart", initialUserMessage="go", sessionTitle="t", watchPaths=["/a"]))
    assert (start.first_prompt, start.title, start.watch) == ("go", "t", ("/a",))
    asked = specific("PermissionRequest", decision={"behavior": "deny", "message": "m", "interrupt": True})
    assert said("PermissionRequest", asked).decision == Decision(False, message="m", interrupt=True)
    given = {"behavior": "allow", "updatedInput": {"a": 1}, "updatedPermissions": [{"type": "setMode"}]}
    assert said("PermissionRequest", specific("PermissionRequest", decision=given)).decision == Decision(
        True, {"a": 1}, ({"type": "setMode"},)
    )
    stopped = said("Stop", {"continue": False, "stopReason": "enough", "systemMessage": "bye"})
    assert (stopped.stop, stopped.messages) == ("enough", ("bye",))
    assert said("Stop", {"continue": False}).stop == ""
    assert said("Stop", {"continue": True, "stopReason": "x"}).stop is None
    assert said("SubagentStop", specific("Stop", additionalContext="n")).notes == ("n",)
    assert said("Notification", {"decision": "block", "reason": "x"}) == NOTHING
    assert said("MessageDisplay", specific("MessageDisplay", displayContent="")).shown == ""
    answer = said("Elicitation", specific("Elicitation", action="accept", content={"a": 1})).answer
    assert answer == {"action": "accept", "content": {"a": 1}}


def test_a_worktree_is_made_or_not() -> None:
    assert said("WorktreeCreate", "busy\n/tmp/tree\n").path == "/tmp/tree"
    failed = said("WorktreeCreate", "/tmp/tree\n", code=1, stderr="no space")
    assert (failed.blocked, failed.reason, failed.path) == (True, "no space", "")


keys = st.sampled_from([
    "continue", "decision", "reason", "stopReason", "systemMessage", "hookSpecificOutput", "hookEventName",
    "permissionDecision", "permissionDecisionReason", "updatedInput", "additionalContext", "behavior",
    "updatedToolOutput", "watchPaths", "action", "content", "interrupt", "updatedPermissions",
])  # fmt: skip
words = st.sampled_from(["allow", "deny", "ask", "defer", "block", "approve", *POINTS]) | st.text(max_size=5)
answers = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=12,
)
printed = st.text(max_size=60) | st.dictionaries(keys, answers, max_size=6).map(json.dumps)
events = st.sampled_from(list(POINTS))


@given(events, printed, st.none() | st.integers(-70, 300), st.text(max_size=20))
def test_total_and_exit_2_is_final(event: str, stdout: str, code: int | None, stderr: str) -> None:
    outcome = outcome_of(POINTS[event], Ended(code, stdout, stderr))
    if code == 2 and POINTS[event].blocks:
        assert outcome.blocked
    if code == 2:
        assert outcome.verdict in ("", "deny")
        assert outcome.input is None
        assert outcome.decision is None or not outcome.decision.allow
    if outcome.problem and event != "WorktreeCreate":
        assert outcome == Outcome(problem=outcome.problem)


outcomes = st.builds(
    outcome_of, events.map(POINTS.__getitem__), st.builds(Ended, st.integers(0, 3), printed, st.text())
)


@given(st.lists(outcomes, max_size=4))
def test_what_decides_does_not_depend_on_the_order(several: list[Outcome]) -> None:
    def deciding(merged: Outcome) -> tuple[object, ...]:
        return (merged.blocked, merged.verdict, merged.stop is None, merged.decision and merged.decision.allow)

    orders = {deciding(merge(order)) for order in itertools.permutations(several)}
    assert len(orders) == 1


@pytest.mark.behaviour("B-1175")
def test_the_stricter_word_wins() -> None:
    allow = said("PreToolUse", specific("PreToolUse", permissionDecision="allow", updatedInput={"a": 1}))
    ask = said("PreToolUse", specific("PreToolUse", permissionDecision="ask", permissionDecisionReason="sure?"))
    deny = said("PreToolUse", code=2, stderr="no")
    assert merge([allow, ask]).verdict == "ask"
    assert merge([allow, ask]).verdict_reason == "sure?"
    assert merge([allow, ask]).input == {"a": 1}
    assert merge([allow, deny, ask]).verdict == "deny"
    assert merge([allow, deny, ask]).input is None
    yes, no = Outcome(decision=Decision(True)), Outcome(decision=Decision(False, message="m"))
    assert merge([no, yes]).decision == merge([yes, no]).decision == Decision(False, message="m")
    assert merge([Outcome(stop=""), Outcome(stop="a"), Outcome(stop="b")]).stop == "a\nb"
    assert merge([Outcome(notes=("a",)), Outcome(notes=("b",))]).notes == ("a", "b")
    assert merge([]) is NOTHING
