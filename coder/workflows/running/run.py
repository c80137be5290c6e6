"""Runs a workflow to its end, or to where it stops. Must not know sessions, models or front ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from coder.workflows.hands import Hands
from coder.workflows.journal import Journal
from coder.workflows.running.means import Means
from coder.workflows.running.outcome import Halt, Outcome
from coder.workflows.running.priming import PATIENCE
from coder.workflows.running.walk import Others, Walk
from coder.workflows.workflow import Workflow


class Run:
    """`arguments` are as `given` makes them; `others` knows the workflows that steps use. What the journal has of an
    earlier process is not done again. `patience`: seconds that siblings wait for the first of them."""

    def __init__(
        self,
        workflow: Workflow,
        arguments: Mapping[str, str],
        hands: Hands,
        journal: Journal,
        others: Others = lambda name: None,
        patience: float = PATIENCE,
    ) -> None:
        self._workflow = workflow
        self._arguments = dict(arguments)
        self._journal = journal
        self._means = Means(workflow, hands, journal, patience)
        self._walk = Walk(self._means, workflow, self._arguments, others)
        self._began = time.monotonic()

    async def go(self) -> Outcome:
        """Never raises but CancelledError: `stopped` says then what came of it."""
        past = self._journal.past
        if past is not None and past.state == "failed":
            for place in past.stopped_at:
                await self._journal.gives_up(place)
        await self._means.looks_back()
        await self._journal.begins(self._workflow.name, self._workflow.digest, self._arguments)
        try:
            async with asyncio.timeout(self._means.seconds_left):
                await self._walk.go()
        except TimeoutError:
            minutes = self._workflow.limits.minutes or 0
            why = f"it may take {minutes:g} minutes (budget.minutes), and they are over"
            return await self._ended(Halt("budget", self._walk.at, why, is_late=True))
        except Halt as halt:
            return await self._ended(halt)
        await self._journal.ends("done")
        return self._outcome(None)

    async def stopped(self) -> Outcome:
        """After it was cancelled."""
        return await self._ended(Halt("stopped", self._walk.at, ""))

    async def _ended(self, halt: Halt) -> Outcome:
        inside = [place for place in self._means.failed_inside if place.startswith(halt.where)]
        await self._journal.ends(halt.state, (halt.where, *inside), halt.why)
        return self._outcome(halt)

    def _outcome(self, halt: Halt | None) -> Outcome:
        walk, means = self._walk, self._means
        text, value = walk.result()
        merged = {name for name in _branches(walk) if self._journal.kept(f"merge/{name}") is not None}
        return Outcome(
            workflow=self._workflow.name,
            run=means.name,
            state=halt.state if halt is not None else "done",
            text=text,
            value=value,
            steps=tuple(walk.done),
            agents=means.agents,
            kept=means.kept,
            usd=means.usd,
            seconds=means.seconds_before + time.monotonic() - self._began,
            where=halt.where.partition("#")[0] if halt is not None else "",
            why=halt.why if halt is not None else "",
            unmerged=tuple(name for name in _branches(walk) if name not in merged),
            is_late=halt is not None and halt.is_late,
        )


def _branches(walk: Walk) -> tuple[str, ...]:
    return tuple(dict.fromkeys(branch for result in walk.done for branch in result.branches))
