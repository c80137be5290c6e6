"""What a workflow has of its session: agents, a shell behind the session's gate, checks, and a person to ask. Must not
know steps.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import field
from uuid import uuid4

from coder.agent.executor import Executor
from coder.agent.outcome import Outcome
from coder.core.agents import Agents
from coder.core.dataclass import dataclass
from coder.core.events import AnyEvent
from coder.core.messages import INLINE, Text, ToolUse
from coder.core.requests import Allow, Answers, Deny, Question, Reply, Request
from coder.core.visible import visible, visible_line
from coder.workflows.hands import Ran
from coder.workflows.workflow import WorkflowError

Check = Callable[[str], Awaitable[str]]
"""What is wrong with a text, "" for nothing."""
ALL = "all"
YES, NO = "Go on", "Stop"
_CODE = re.compile(r"Exit code (\d{1,3})\b")
_MOST_MINUTES = 10.0  # what the Bash tool allows a command by default
_SHOWN = 4_000


@dataclass(frozen=True, slots=True, eq=False)
class SessionHands:
    """`executor` is that of the session itself. `ask` puts a question to the person; `approved` are steps that are said
    yes to beforehand, "all" for every one."""

    agents: Agents
    executor: Callable[[], Executor]
    ask: Callable[[Request], Awaitable[Reply]]
    emit: Callable[[AnyEvent], None]
    checks: Mapping[str, Check] = field(default_factory=dict)
    approved: Collection[str] = ()
    has_shell: Callable[[], bool] = lambda: True
    spent_on: Callable[[Collection[str]], Awaitable[float | None]] | None = None

    async def spent(self, keys: Collection[str]) -> float | None:
        return await self.spent_on(keys) if self.spent_on is not None else 0.0

    async def shell(self, command: str, minutes: float) -> Ran:
        if not self.has_shell():
            return Ran(1, "", "a rule denies Bash")
        timeout = round(60_000 * min(minutes, _MOST_MINUTES))
        call = ToolUse(f"{INLINE}{uuid4().hex[:16]}", "Bash", {"command": command, "timeout": timeout})
        outcomes: dict[str, Outcome] = {}
        await self.executor().run([call], outcomes)
        outcome = outcomes[call.id]
        text = "".join(block.text for block in outcome.result.content if isinstance(block, Text))
        if outcome.is_denied:
            return Ran(1, "", visible_line(text))
        return Ran(_code(outcome, text), text)

    async def check(self, name: str, text: str) -> str:
        check = self.checks.get(name)
        if check is None:
            known = ", ".join(self.checks) or "none"
            raise WorkflowError(f"there is no check {name!r} (there is {known})")
        return await check(text)

    async def approve(self, step: str, question: str) -> bool | None:
        if ALL in self.approved or step in self.approved:
            return True
        shown = visible(question)[:_SHOWN]
        return await asked(self.ask, shown, "The step begins", "The workflow ends here", "the workflow ends here")


async def asked(
    ask: Callable[[Request], Awaitable[Reply]], question: str, yes: str, no: str, otherwise: str, shown: str = ""
) -> bool | None:
    """A yes or a no to a question, with what is shown below it; None when nobody is there. `otherwise`: what comes of
    it when the person turns away."""
    options = [{"label": YES, "description": yes}, {"label": NO, "description": no}]
    options = [{**option, "preview": shown} for option in options] if shown else options
    asked = {"question": question, "header": "Workflow", "options": options, "multiSelect": False}
    match await ask(Question((asked,), otherwise=otherwise)):
        case Answers(answers=answers):
            return answers.get(question) == YES
        case Allow(input=given):  # a front end that answers through the call's input
            said = (given or {}).get("answers")
            return isinstance(said, dict) and said.get(question) == YES
        case Deny(nobody=True):
            return None
        case _:
            return False


def _code(outcome: Outcome, text: str) -> int:
    """What the command ended with, as the tool tells it."""
    if outcome.data is not None and outcome.data.get("returnCodeInterpretation"):
        return 1  # grep that found nothing: an answer to a model, and no success to a gate
    if not outcome.result.is_error:
        return 0
    found = _CODE.match(text)
    return int(found[1]) or 1 if found is not None else 1
