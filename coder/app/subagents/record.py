"""One agent of a session as it stands: what was asked, what it does now, how it ended. Must not know how it is run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.agents import AgentRow, AgentState, Brief, Report
from coder.core.dataclass import dataclass
from coder.core.messages import Json, Message, Usage

if TYPE_CHECKING:
    from coder.app.subagents.berth import Berth
    from coder.app.subagents.child import Child
    from coder.app.subagents.crowd import Crowd

STUCK = 60.0  # seconds without a sign of life
ENDED = ("completed", "failed", "stopped")


@dataclass(slots=True, eq=False, repr=False)
class Record:
    """`usd` None: the price of a request is not known. `told`: what it reported is in the conversation, or need not be;
    `is_quiet`: that it has ended begins no run, and is told with the next one.
    `waits_for` is the agent that is changing files, while this one waits for it; `asks` are its open questions, each as
    people read it, the oldest first. `is_told_more`: it had ended and was spoken to, so that words are an answer, too;
    `value` is what it had handed in. `sender` is the agent that sent it on and waits for it now, "" for the one that
    first asked it."""

    id: str
    brief: Brief
    key: str
    kind: str
    model: str
    depth: int
    background: bool = False
    crowd: Crowd | None = None
    transcript: Path | None = None
    state: AgentState = "queued"
    doing: str = ""
    step: int = 0
    tool_uses: int = 0
    usage: Usage = field(default_factory=Usage)
    usd: float | None = 0.0
    asks: list[str] = field(default_factory=list)
    waits_for: str = ""
    sender: str = ""
    told: bool = True
    is_quiet: bool = False
    is_told_more: bool = False
    value: Json | None = None
    began: float = 0.0
    seconds: float = 0.0  # of its lives before this one, and once it has ended of all
    last: float = 0.0
    report: Report | None = None
    child: Child | None = None
    berth: Berth | None = None
    working: asyncio.Task[object] | None = None
    living: asyncio.Task[Report] | None = None
    lent: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Its own place, for one at a time of the agents that it waits for."""

    @property
    def title(self) -> str:
        return self.brief.title or " ".join(self.brief.prompt.split())[:40]

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    def begins(self) -> None:
        self.state, self.began = "running", time.monotonic()
        self.last = self.began

    def lives(self) -> None:
        """There is a sign of life."""
        self.last = time.monotonic()
        if self.state in ("running", "waiting"):
            self.state = "waiting" if self.asks or self.waits_for else "running"

    def remember(self, messages: Sequence[Message], price: Callable[[str, Usage], float | None]) -> None:
        """What it did before it was cut off counts as its own, where nobody has counted it."""
        if self.usage != Usage():
            return
        for reply in (message for message in messages if message.role == "assistant"):
            usd = price(reply.meta.model, reply.meta.usage)
            self.usage += reply.meta.usage
            self.usd = None if self.usd is None or usd is None else self.usd + usd
            self.step += 1
            self.tool_uses += len(reply.tool_uses)

    @property
    def elapsed(self) -> float:
        return self.seconds + (time.monotonic() - self.began if self.state in ("running", "waiting") else 0.0)

    def row(self) -> AgentRow:
        doing = f"waits for {self.waits_for}, which is changing files" if self.waits_for else self.doing
        return AgentRow(
            id=self.id,
            kind=self.kind,
            title=self.title,
            model=self.model,
            state=self.state,
            parent=self.brief.parent,
            call=self.brief.call,
            doing=f"waiting for you: {self.asks[0]}" if self.asks else "" if self.has_ended else doing,
            step=self.step,
            tool_uses=self.tool_uses,
            tokens=self.usage.prompt_tokens + self.usage.output_tokens,
            usd=self.usd,
            seconds=self.elapsed,
            background=self.background,
            is_stuck=self.state == "running" and time.monotonic() - self.last > STUCK,
            transcript=self.transcript,
        )
