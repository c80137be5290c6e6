"""What hooks may do to a call, a batch, a compaction and the end of a run, and what they may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from coder.agent.history import History
from coder.agent.policies import Inject, Stop, Verdict
from coder.agent.ports import NOTHING_AFTER, NOTHING_SAID, After, Before, NoHooks
from coder.agent.replies import reminder
from coder.core.config import RuleText
from coder.core.edits import Trigger
from coder.core.events import MessageAdded, PermissionAsked, PermissionDenied, RunEnded
from coder.core.messages import Text, ToolResult, ToolUse
from coder.core.model import ModelRequest
from coder.core.requests import Allow, Deny, PermissionRequest, Reply
from coder.core.tools import ToolOutput
from tests.support.agents import CWD, Engine, prompt
from tests.support.engine import FakeTool, PlayedModel, Recorder, call
from tests.support.engine import Reply as Turn
from tests.unit.agent.test_gate_answers import Pen, Shell

DENY = RuleText("Bash(rm *)", "deny", "user", "settings.json", CWD)
ASK = RuleText("Bash(npm *)", "ask", "user", "settings.json", CWD)


@dataclass
class Said(NoHooks):
    """Hooks that say what the test wants of each call."""

    before: Before = NOTHING_SAID
    reply: Reply | None = None
    after: After = NOTHING_AFTER
    batch: After = NOTHING_AFTER
    refuses: str = ""
    seen: list[Any] = field(default_factory=list)

    async def before_call(self, call: ToolUse) -> Before:
        self.seen.append(call)
        return self.before

    async def before_asking(self, request: PermissionRequest) -> Reply | None:
        return self.reply

    async def after_call(self, call: ToolUse, output: ToolOutput, seconds: float) -> After:
        self.seen.append(output)
        return self.after

    async def after_batch(self, calls: Sequence[ToolUse], results: Sequence[ToolResult]) -> After:
        self.seen.append([result.tool_use_id for result in results])
        return self.batch

    async def before_compacting(self, trigger: Trigger, focus: str) -> str:
        return self.refuses


def bash(command: str) -> Turn:
    return Turn((call("t1", "Bash", command=command),), "tool_use")


DONE = Turn((Text("finished"),))


def engine(hooks: Said, *replies: Turn, answer: Reply | None = None, rules: Sequence[RuleText] = ()) -> Engine:
    recorder = Recorder(answer or Deny("nobody", nobody=True))
    return Engine(PlayedModel([*replies, DONE]), [Shell()], recorder=recorder, rules=rules, hooks=hooks)


def told(built: Engine) -> str:
    results = [b for m in built.history.messages for b in m.content if isinstance(b, ToolResult)]
    return "\n".join(part.text for result in results for part in result.content if isinstance(part, Text))


@pytest.mark.behaviour("B-1320")
async def test_a_hook_that_denies_is_final_and_the_model_is_told_why() -> None:
    built = engine(Said(before=Before("deny", "not on a Friday")), bash("ls"), answer=Allow())
    ended = await built.agent.run(prompt())
    assert ended.reason == "done" and "not on a Friday" in told(built) and not built.recorder.asked
    assert [event.reasons[0].kind for event in built.recorder.of(PermissionDenied)] == ["hook"]


@pytest.mark.behaviour("B-1321")
@pytest.mark.parametrize(
    ("command", "rules", "ran"),
    [
        ("npm test", (), True),  # nothing allowed it: the hook spares the question
        ("rm -r x", (DENY,), False),
        ("npm test", (ASK,), False),
        ("git push --force", (), False),  # cannot be undone
        ("echo x > .git/config", (), False),  # protected
    ],
)
async def test_a_hook_that_allows_spares_a_question_and_overrides_nothing(
    command: str, rules: Sequence[RuleText], ran: bool
) -> None:
    built = engine(Said(before=Before("allow", "trusted")), bash(command), rules=rules)
    await built.agent.run(prompt())
    assert (told(built) == "ok") is ran


async def test_a_hook_may_want_a_question_where_none_was_needed() -> None:
    built = engine(Said(before=Before("ask", "have a look")), bash("ls"), answer=Deny("no"))
    await built.agent.run(prompt())
    assert built.recorder.asked[0].reasons[0].text == "have a look" and "ok" not in told(built).split("\n")
    assert len(built.recorder.of(PermissionAsked)) == 1


@pytest.mark.behaviour("B-1322")
@pytest.mark.parametrize(("command", "ran"), [("ls -l", True), ("rm -r x", False)])
async def test_what_a_hook_rewrites_is_judged_again(command: str, ran: bool) -> None:
    said = Before(input={"command": command})
    built = engine(Said(before=said), bash("ls"), rules=(DENY,))
    await built.agent.run(prompt())
    assert ("ok" in told(built)) is ran
    assert not ran or ("A hook of the person's changed this call" in told(built) and command in told(built))


@pytest.mark.behaviour("B-2582")
async def test_what_a_hook_rewrites_may_name_a_file_from_the_current_folder() -> None:
    pen = Pen()
    model = PlayedModel([Turn((call("t1", "Edit", file_path="/x.py"),), "tool_use"), DONE])
    hooks = Said(before=Before("allow", input={"file_path": "made/a.py"}))
    built = Engine(model, [pen], recorder=Recorder(Allow()), hooks=hooks)
    await built.agent.run(prompt())
    assert pen.ran == [{"file_path": str(CWD / "made/a.py")}]


async def test_a_rewritten_call_that_does_not_parse_never_runs() -> None:
    built = engine(Said(before=Before(input={"invalid": True, "command": "ls"})), bash("ls"))
    await built.agent.run(prompt())
    assert "the field `invalid`" in told(built)


async def test_notes_of_hooks_ride_on_the_result() -> None:
    built = engine(Said(before=Before(notes=("before",)), after=After(notes=("after",))), bash("ls"))
    await built.agent.run(prompt())
    assert told(built) == "ok\nbefore\nafter"


async def test_a_hook_may_replace_what_the_model_is_told() -> None:
    built = engine(Said(after=After(content="(left out)")), bash("ls"))
    await built.agent.run(prompt())
    assert told(built) == "(left out)"


@pytest.mark.behaviour("B-1323")
@pytest.mark.parametrize(
    "hooks", [Said(before=Before(stop="enough")), Said(after=After(stop="enough")), Said(batch=After(stop="enough"))]
)
async def test_a_hook_may_end_the_run_with_every_call_answered(hooks: Said) -> None:
    two = Turn((call("t1", "Bash", command="ls"), call("t2", "Bash", command="npm x")), "tool_use")
    built = engine(hooks, two, answer=Allow())
    ended = await built.agent.run(prompt())
    assert (ended.reason, ended.error) == ("hook_stopped", "enough")
    assert not built.history.pending


async def test_a_hook_may_answer_in_the_persons_place_but_not_confirm() -> None:
    built = engine(Said(reply=Allow()), bash("npm test"))
    await built.agent.run(prompt())
    assert told(built) == "ok" and not built.recorder.asked
    built = engine(Said(reply=Allow()), bash("git push --force"), answer=Deny("no"))
    await built.agent.run(prompt())
    assert built.recorder.asked and "ok" not in told(built)


async def test_the_batch_is_told_once_all_calls_are_answered_and_its_notes_follow() -> None:
    hooks = Said(batch=After(notes=("run the linter",)))
    built = engine(hooks, Turn((call("a", "Bash", command="ls"), call("b", "Bash", command="ls")), "tool_use"))
    await built.agent.run(prompt())
    assert ["a", "b"] in hooks.seen
    kinds = [event.message.meta.kind for event in built.recorder.of(MessageAdded)]
    assert kinds == ["prompt", "reply", "results", "reminder", "reply"]


async def test_a_compaction_that_a_hook_refuses_changes_nothing() -> None:
    built = engine(Said(refuses="not now"), bash("ls"))
    await built.agent.run(prompt())
    before = built.history.messages
    ended = await built.agent.compact()
    assert ended.error == "not now" and built.history.messages == before


class Once:
    """An end policy that says one thing, once."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.asked: list[str] = []

    async def before_end(self, text: str, history: History) -> Verdict:
        self.asked.append(text)
        said, self.verdict = self.verdict, None
        return said


async def test_before_a_run_ends_something_may_be_put_in() -> None:
    built = engine(Said(), Turn((Text("all good"),)))
    policy = Once(Inject(reminder("the tests were not run")))
    built.agent.ends_with([policy])
    ended = await built.agent.run(prompt())
    assert policy.asked == ["all good", "finished"] and ended.text == "finished"


async def test_before_a_run_ends_it_may_be_ended_otherwise_and_completed() -> None:
    built = engine(Said())

    def closing(ended: RunEnded) -> RunEnded:
        return RunEnded(reason=ended.reason, turns=ended.turns, text="completed")

    built.agent.ends_with([Once(Stop("gate_unmet", "npm test fails"))], closing)
    ended = await built.agent.run(prompt())
    assert (ended.reason, ended.text) == ("gate_unmet", "completed")
    assert built.recorder.of(RunEnded) == [ended]


async def test_one_run_may_use_another_model_and_says_so_each_time() -> None:
    model = PlayedModel([DONE])
    built = Engine(model, [FakeTool("Bash")])
    await built.agent.run(prompt("one"))
    await built.agent.run(prompt("two"), ModelRequest("small", ()))
    await built.agent.run(prompt("three"))
    assert [request.model for request in model.requests] == ["m", "small", "m"]
    assert ["x-coder-context-edit" in request.headers for request in model.requests] == [False, True, True]
