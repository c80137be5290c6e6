"""Builds an engine around doubles, the way app/build.py builds it around the real parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from coder.agent.answers import ResultLog
from coder.agent.executor import Executor
from coder.agent.gate import Ask, Gate
from coder.agent.history import History
from coder.agent.loop import Agent
from coder.agent.policies import RepeatedFailure, TurnLimit, TurnPolicy
from coder.agent.ports import CallLog, Hooks, NoHooks, Ports, Unnoted
from coder.agent.room import Room
from coder.app.rulebook import RuleBook, SaveRule
from coder.core.config import RuleText
from coder.core.events import AnyEvent
from coder.core.messages import Message, Meta, Text, ToolUse
from coder.core.model import Model, ModelRequest
from coder.core.requests import Deny
from coder.core.tools import Access, Mode, Tool
from coder.permissions.decide import Decision, decide
from coder.permissions.rules import parse_rules
from coder.permissions.world import LocalWorld
from tests.support.engine import FakeToolbox, Recorder, StillControl, StillWorkspace

CWD = Path("/work-folder")


def prompt(text: str = "go") -> Message:
    return Message("user", (Text(text),), Meta(kind="prompt"))


class Log(CallLog, ResultLog, Protocol):
    """What a journal is to the engine."""


class Engine:
    """An agent with everything a test may look at."""

    def __init__(
        self,
        model: Model,
        tools: Sequence[Tool],
        *,
        recorder: Recorder | None = None,
        rules: Sequence[RuleText] = (),
        mode: Mode = "default",
        sink: Callable[[Message], None] | None = None,
        policies: Sequence[TurnPolicy] = (TurnLimit(8), RepeatedFailure()),
        spill_dir: Path = Path("/nonexistent-spill"),
        context: Message | None = None,
        save: SaveRule = lambda path, behaviour, rule: None,
        template: ModelRequest | None = None,
        room: Room | None = None,
        history: History | None = None,
        log: Log | None = None,
        hooks: Hooks | None = None,
    ) -> None:
        self.recorder = recorder or Recorder(Deny("nobody", nobody=True))
        self.history = history or History(sink)
        parsed, _ = parse_rules(rules)
        world = LocalWorld(CWD, (CWD,), CWD, CWD / ".home")
        control = StillControl()
        control.mode = mode
        self.book = RuleBook(parsed, CWD / ".coder" / "settings.local.json", CWD, save)
        self.gate = Gate(
            lambda call, access, given: decide(
                call, access, self.book.with_allowed(given.remember), given.mode or control.mode, world
            ),
            self.recorder.ask,
            self.recorder.emit,
            self.book.allow,
            control.set_mode,
            lambda: CWD,
            hooks.before_asking if hooks else None,
        )
        executor = Executor(
            FakeToolbox(*tools),
            self.gate,
            StillWorkspace(CWD),
            control,
            self.recorder.emit,
            spill_dir,
            ports=Ports(log=log or Unnoted(), hooks=hooks or NoHooks()),
        )
        self.agent = Agent(
            model,
            template or ModelRequest("m", ()),
            self.history,
            executor,
            self.recorder.emit,
            policies,
            context,
            room,
            log,
            hooks=hooks,
        )


def judged_by(judge: Callable[[ToolUse, Access], Decision], ask: Ask, emit: Callable[[AnyEvent], None]) -> Gate:
    """A gate whose answers teach it nothing."""

    async def forget(rules: tuple[str, ...]) -> str:
        return ""

    return Gate(lambda call, access, given: judge(call, access), ask, emit, forget, StillControl().set_mode, Path.cwd)
