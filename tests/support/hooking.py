"""A hook engine in a folder of its own: real processes, and what it told anybody. Knows no session."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from coder.core.config import HookSource
from coder.core.events import AnyEvent, HookEnded, HookStarted
from coder.core.messages import Json
from coder.hooks.config import HookSet
from coder.hooks.engine import Engine
from coder.hooks.examples import examples
from coder.hooks.inputs import subject_of
from coder.hooks.outcome import Merged, Part
from coder.hooks.surroundings import AskModel, Fits, Links, Surroundings

Groups: TypeAlias = Mapping[str, Any]


def command(line: str, **more: Any) -> Json:
    return {"type": "command", "command": line, **more}


def on(event: str, *handlers: Json, matcher: str | None = None) -> dict[str, Any]:
    """The `hooks` object of a settings file with one group."""
    return {event: [{"hooks": list(handlers)} | ({} if matcher is None else {"matcher": matcher})]}


def hook_set(*objects: Groups) -> HookSet:
    """Of settings files without a mistake."""
    made, warnings = HookSet.of([HookSource(f"file{index}", "user", each) for index, each in enumerate(objects)])
    assert not warnings
    return made


def _no_rule(rule: str, tool: str, given: Json) -> bool:
    return False


@dataclass
class Bench:
    """`folder` is the project; `told` all events, `late` what ended in the background."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    told: list[AnyEvent] = field(default_factory=list)
    late: list[Part] = field(default_factory=list)

    def surroundings(self, **more: Any) -> Surroundings:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **self.env}
        return Surroundings(self.folder, env, self.folder / "spill", **more)

    def engine(
        self,
        *objects: Groups,
        fits: Fits = _no_rule,
        ask_model: AskModel | None = None,
        ask_agent: AskModel | None = None,
        **more: Any,
    ) -> Engine:
        links = Links(self.told.append, fits, ask_model, self.late.append, ask_agent=ask_agent)
        return Engine(hook_set(*objects), self.surroundings(**more), links)

    async def run(self, engine: Engine, event: str, **fields: Any) -> Merged:
        """With the example of the event, changed in `fields`."""
        payload = examples(str(self.folder))[event] | fields
        return await engine.run(event, subject_of(payload), payload)

    async def one(self, line: str, event: str = "PreToolUse", **more: Any) -> Part:
        """The one hook of an event, run once."""
        merged = await self.run(self.engine(on(event, command(line, **more))), event)
        (part,) = merged.parts
        return part

    @property
    def started(self) -> list[HookStarted]:
        return [event for event in self.told if isinstance(event, HookStarted)]

    @property
    def ended(self) -> list[HookEnded]:
        return [event for event in self.told if isinstance(event, HookEnded)]
