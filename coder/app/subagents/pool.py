"""The subagents of a session: who may be asked, who waits for a place, who runs, and what became of each. Must not know
front ends, or what an agent is made of.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.policies import Verdict
from coder.app.subagents import sidecar
from coder.app.subagents.cast import Cast
from coder.app.subagents.crowd import Crowd, of_a_run
from coder.app.subagents.family import Family
from coder.app.subagents.footing import Footing
from coder.app.subagents.living import Life
from coder.app.subagents.notices import Notices, told_in
from coder.app.subagents.past import Past
from coder.app.subagents.places import Places
from coder.app.subagents.record import Record
from coder.core.agents import AgentRow, Brief, Group, Merged, Report
from coder.core.errors import CoderError, SessionError, ToolError
from coder.core.events import AnyEvent, RunEnded, RunStarted, UsageReported
from coder.core.messages import Json, Message, Usage
from coder.models import catalog
from coder.sessions import load as loading
from coder.tools.agent import Launched

if TYPE_CHECKING:
    from coder.agent.history import History

AT_ONCE, DEEPEST = 5, 2
_NO_MONEY = ("budget", "token_budget")
_NOT_AGAIN = "Nothing further is asked of agents: the session ends."


def _unprimed() -> None:
    pass


class Pool:
    """Implements `coder.core.agents.Agents`. `cut` are the calls of replies whose results were not all there when the
    session was cut off: what was asked by them is not asked again."""

    def __init__(self, footing: Footing, cut: frozenset[str] = frozenset()) -> None:
        config = footing.outset.config
        env = {**os.environ, **config.env}
        self.footing = footing
        self.places = Places(_count(env.get("CLAUDE_CODE_MAX_CONCURRENT_SUBAGENTS"), AT_ONCE))
        self.deepest = _count(env.get("CLAUDE_CODE_MAX_SUBAGENT_SPAWN_DEPTH"), DEEPEST)
        self._never_behind = env.get("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", "") not in ("", "0", "false")
        self.folder = footing.outset.journal.folder
        self.keeps = footing.outset.journal.path is not None
        self.family = Family()
        self._crowd = of_a_run()
        self._is_closed = False
        self.notices = Notices(lambda: self.family.all, self._cancel)
        self.behind: set[str] = set()  # agents in the background that have not ended, and told so
        self._past = Past(sidecar.read_all(self.folder) if self.keeps else (), cut)
        for kept in self._past.all:
            record = self._past.record_of(kept)
            record.told = not kept.background or told_in(footing.outset.journal.messages, kept.id)
            self.family.add(record)

    # coder.core.agents.Agents

    async def run(self, brief: Brief, primed: Callable[[], None] = _unprimed) -> Report:
        if (kept := self._past.report_for(brief)) is not None:
            primed()
            return replace(kept, resumed=True)
        record, cast, prompt = self._admitted(brief)
        return await self._waited(record, Life(self, record, cast, prompt, primed))

    def start(self, brief: Brief) -> str:
        return self._launched(*self._admitted(brief)).id

    def group(self, most: int, usd: float | None = None) -> Group:
        purse = self.footing.outset.purse
        return Crowd(most, purse.allowance(usd) if usd is not None else None)

    async def merge(self, branch: str, title: str) -> Merged:
        return await self.footing.merging.merge(branch, title)

    def rows(self) -> tuple[AgentRow, ...]:
        return tuple(each.row() for each in self.family.all)

    def steer(self, id: str, text: str) -> None:
        record = self.family.find(id)
        if record is None or record.child is None or record.has_ended:
            raise SessionError(f"Agent {id} does not run: there is nobody to read this.")
        record.child.steer(text)

    async def stop(self, id: str) -> None:
        record = self.family.find(id)
        if record is None:
            raise SessionError(f"There is no agent {id} in this session.")
        self._cancel(record)
        if record.living is not None and not record.living.done():
            await asyncio.wait({record.living})

    async def stop_behind(self) -> None:
        """Ends all that work in the background. Whoever wants that wants no run to begin because of it."""
        records = [record for id in self.behind if (record := self.family.find(id)) is not None]
        for record in records:
            record.is_quiet = True
        for record in records:
            await self.stop(record.id)

    # What its tools need, whoever has them.

    async def delegate(self, brief: Brief) -> Report | Launched:
        if (kept := self._past.report_for(brief)) is not None:
            return replace(kept, resumed=True)
        record, cast, prompt = self._admitted(brief)
        wanted = cast.background if brief.background is None else brief.background or cast.background
        if wanted and brief.parent == "main" and not self._never_behind:
            self._launched(record, cast, prompt)
            return Launched(record.id, record.title, record.model, record.transcript)
        report = await self._waited(record, Life(self, record, cast, prompt, _unprimed))
        if not brief.background:
            return report
        return replace(report, in_front="off" if self._never_behind else "nested")

    async def send(self, to: str, message: str, call: str, parent: str = "main") -> Report | str:
        record = self.family.find(to, parent)
        if record is None:
            known = ", ".join(each.id for each in self.family.kin(parent)) or "none was asked in this session"
            raise ToolError(f"There is no agent {to!r}. Agents: {known}.")
        if not record.has_ended:
            if record.child is None:
                raise ToolError(f"Agent {record.id} has not begun yet; what it is told is what it was asked.")
            record.child.steer(message)
            return f"Agent {record.id} reads it before its next step."
        if record.id == parent or self.family.is_above(record.id, parent):
            raise ToolError(f"Agent {record.id} waits for you: it cannot be asked.")
        if not self.keeps:
            raise ToolError(f"Agent {record.id} has ended, and this session keeps nothing. Ask a new one with Agent.")
        brief = replace(record.brief, call=call, parent=record.brief.parent)
        cast = self.footing.casting.cast(replace(brief, prompt=message), record.depth)
        record.value = record.report.value if record.report is not None else None
        record.brief, record.state, record.report, record.background = brief, "queued", None, False
        record.is_told_more = True
        record.sender = parent
        return await self._waited(record, Life(self, record, cast, message, _unprimed))

    def holds(self, id: str, parent: str = "main") -> bool:
        """Whether there is one that `parent` may end and wait for: an agent only whom it asked itself."""
        record = self.family.find(id, parent)
        return record is not None and self.family.asked(record, parent)

    async def wait_for(self, id: str, seconds: float) -> tuple[str, str, Json]:
        record = self.family.find(id)
        assert record is not None
        if record.living is not None and not record.living.done() and seconds > 0:
            await asyncio.wait({record.living}, timeout=seconds)
        return self._past.standing(record)

    # The session.

    def on(self, event: AnyEvent) -> None:
        match event:
            case RunStarted(agent="main", prompt=prompt):
                self._crowd = of_a_run() if prompt.meta.kind == "prompt" else self._crowd
                self.notices.run_begins()
            case RunEnded(agent="main", reason=reason) if reason in _NO_MONEY:
                for each in self.family.all:
                    self._cancel(each)
            case UsageReported() if (record := self.family.get(event.agent)) is not None:
                usd = catalog.price(event.model, event.usage)
                record.usage += event.usage
                record.usd = None if record.usd is None or usd is None else record.usd + usd
                if record.crowd is not None:
                    record.crowd.spent(usd)
            case _:
                pass

    def before_turn(self, turn: int, history: History) -> Verdict:
        return self.notices.before_turn(turn, history)

    async def before_end(self, text: str, history: History) -> Verdict:
        return await self.notices.before_end(text, history)

    async def aclose(self) -> None:
        """Stops all, and stores what there is. Idempotent."""
        self._is_closed = True
        living = [each.living for each in self.family.all if each.living is not None and not each.living.done()]
        for each in self.family.all:
            self._cancel(each)
        if living:
            await asyncio.wait(living)

    # Parts

    async def spent(self, keys: Collection[str]) -> float | None:
        """What agents with these keys cost so far, in all their lives, with all that they asked; None: not known."""
        found = [each for each in self.family.all if each.key in keys]
        ids = {each.id for each in found}
        found += [
            each for each in self.family.all if each.id not in ids and ids.intersection(self.family.ancestors(each))
        ]
        total: float | None = 0.0
        for record in found:
            if record.usage == Usage() and record.transcript is not None:
                record.remember(await asyncio.to_thread(_said, record.transcript), catalog.price)
            total = None if total is None or record.usd is None else total + record.usd
        return total

    def _admitted(self, brief: Brief) -> tuple[Record, Cast, str]:
        """Who goes on, or is new, with what it is told. Raises ToolError."""
        if self._is_closed:
            raise ToolError(_NOT_AGAIN)
        cut = self._past.cut_off(brief)
        parent = self.family.get(brief.parent)
        depth = parent.depth + 1 if parent is not None else 1
        if depth > self.deepest:
            raise ToolError(f"Agents may ask agents {self.deepest} deep, and no deeper. Do this yourself.")
        crowd = brief.group if isinstance(brief.group, Crowd) else parent.crowd if parent is not None else None
        cast = self.footing.casting.cast(brief, depth)
        record = self.family.get(cut) if cut is not None and self.keeps else None
        if record is not None and (record.living is None or record.living.done()):
            record.brief, record.state, record.crowd = replace(brief, prompt=record.brief.prompt), "queued", crowd
            record.report, record.told, record.is_quiet, record.sender = None, True, False, ""
            return record, cast, ""
        (crowd or self._crowd).add()
        id = self._new_id()
        record = Record(id, brief, sidecar.key_of(brief), cast.kind, cast.model, depth, crowd=crowd)
        record.transcript = sidecar.transcript_of(self.folder, id) if self.keeps else None
        self.family.add(record)
        return record, cast, cast.prompt

    def _launched(self, record: Record, cast: Cast, prompt: str) -> Record:
        record.background = True
        self.behind.add(record.id)
        life = Life(self, record, cast, prompt, _unprimed)
        record.living = asyncio.create_task(life.live())
        record.living.add_done_callback(lambda task: self._ended_behind(record))
        return record

    def _ended_behind(self, record: Record) -> None:
        self.behind.discard(record.id)
        if not self._is_closed:
            record.told = False
        self.notices.ended()

    async def _waited(self, record: Record, life: Life) -> Report:
        """Its report; cancelled, it is stopped and what there is of it stored."""
        living = record.living = asyncio.create_task(life.live())
        try:
            await asyncio.wait({living})
        except asyncio.CancelledError:
            self._cancel(record)
            await asyncio.wait({living})
            raise
        return living.result()

    def _cancel(self, record: Record) -> None:
        if record.working is not None:
            record.working.cancel()

    def ended(self, record: Record, report: Report) -> None:
        """For whoever asks for the same work again."""
        self._past.note(record.brief.key, report)

    def _new_id(self) -> str:
        while self.family.get(id := "a" + secrets.token_hex(4)) is not None:
            pass
        return id


def _said(transcript: Path) -> Sequence[Message]:
    """What an agent of an earlier process said, as far as it is kept."""
    try:
        return loading.load(transcript, aside=True).messages
    except (CoderError, OSError):
        return ()


def _count(text: str | None, otherwise: int) -> int:
    """What is no whole number above 0 counts as not set."""
    given = (text or "").strip()
    return int(given) if given.isascii() and given.isdigit() and 0 < int(given) < 1000 else otherwise
