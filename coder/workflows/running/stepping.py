"""One visit of a step: whether it is made, who is asked, whether it holds, what is tried again. Must not know what
follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import partial
from typing import Any

from coder.core.dataclass import dataclass
from coder.core.events import Notice
from coder.workflows.conditions import holds
from coder.workflows.filling import told
from coder.workflows.running.doing import Doing, Nested
from coder.workflows.running.gating import Held, gate_holds
from coder.workflows.running.items import Item, items_of, result_of
from coder.workflows.running.means import Means, digest
from coder.workflows.running.outcome import Answer, Halt, StepResult
from coder.workflows.running.priming import Primer
from coder.workflows.running.together import together
from coder.workflows.running.whole import whole
from coder.workflows.scope import Scope
from coder.workflows.workflow import Step, Workflow


@dataclass(slots=True, eq=False)
class Stepping:
    """The steps of one workflow within a run. `prefix` is the place where it is used, `shown` the same for people;
    `results` is what steps came to, by their names, `partial` what there is of one that was cut short. `is_fresh`:
    something was done in this process."""

    means: Means
    nested: Nested
    workflow: Workflow
    arguments: Mapping[str, str]
    prefix: str = ""
    shown: str = ""
    results: dict[str, Any] = field(default_factory=dict)
    partial: StepResult | None = None
    is_fresh: bool = False

    async def visit(self, step: Step, number: int) -> StepResult:
        """Raises Halt."""
        return await _Visit(self, step, number).go()

    def scope(self, item: tuple[str, Any] | None = None, *, item_is_own: bool = False) -> Scope:
        names = [step.name for step in self.workflow.steps]
        return Scope(self.results, self.arguments, names, item, item_is_own)

    def holds(self, condition: str) -> bool:
        scope = self.scope()
        return holds(condition, lambda path: scope.find(path).value)


class _Visit:
    def __init__(self, line: Stepping, step: Step, number: int) -> None:
        self._line = line
        self._step = step
        self._number = number
        self._means = line.means
        self._shown = f"{line.shown}{step.name}"
        self._place = f"{line.prefix}{step.name}#{number}"
        self._doing = Doing(line.means, line.nested, step, self._place, self._shown)

    async def go(self) -> StepResult:
        step, line, means = self._step, self._line, self._means
        means.visits_one(self._place)
        if step.only_if and not line.holds(step.only_if):
            means.changed(self._shown, "skipped", text=f"not so: {step.only_if}")
            return StepResult(name=self._shown, number=self._number, state="skipped")
        if step.ask:
            await self._approved()
        items, left = items_of(step, line.scope(), self._place)
        if left:
            text = f"{self._shown}: {left} of {left + len(items)} items are left out: at most {len(items)} are taken."
            means.hands.emit(Notice(level="warning", text=text))
        try:
            held = await self._tries(items)
        except BaseException as error:
            if any(item.answer is not None for item in items):
                line.partial = self._came_to(Held(str(error) or "it was cut short"), items)
            raise
        return self._came_to(held, items)

    async def _approved(self) -> None:
        means, question = self._means, told(self._step.ask, self._line.scope())
        key = f"{self._place}/ask/{digest(question)}"
        if means.journal.kept(key) is not None:
            return
        means.changed(self._shown, "waiting", text=question)
        said = await means.hands.approve(self._shown, question)
        if said is None:
            raise Halt("waiting", self._place, f"nobody is there to answer: {question}")
        if not said:
            raise Halt("stopped", self._place, f"the answer was no: {question}")
        await means.journal.keep(key, {"step": self._place, "approved": question})

    async def _tries(self, items: Sequence[Item]) -> Held:
        retries = self._step.on_fail.retry
        held = Held()
        for attempt in range(1 + retries):
            await self._attempt(items, attempt)
            failures = [item.answer.failed for item in items if item.answer is not None and item.answer.failed]
            result = self._line.results[self._step.name] = result_of(self._step, items)
            held = Held(_of(failures, len(items))) if failures else await self._gate(result, items, attempt)
            if not held.wrong or held.is_final or attempt == retries:
                break
            for item in items:
                if not failures:
                    item.fails(held.wrong)
                elif item.answer is not None and item.answer.failed:
                    item.fails(item.answer.failed)
        return held

    async def _attempt(self, items: Sequence[Item], attempt: int) -> None:
        """Asks for those that have no answer, and merges what they changed."""
        primer = Primer(self._means.patience)
        missing = [item for item in items if item.answer is None]
        await together([partial(self._one, item, attempt, primer) for item in missing], self._step.parallel)
        if self._step.branches_merge:
            for item in missing:
                item.answer, is_done = await self._doing.merged(item.answer or Answer(), item)
                self._line.is_fresh = self._line.is_fresh or is_done

    async def _one(self, item: Item, attempt: int, primer: Primer) -> None:
        each = self._step.each
        about = (each.name, item.value) if each is not None else None
        scope = self._line.scope(about, item_is_own=each is not None and bool(each.items))
        item.answer = await self._doing.answer(item, attempt, scope, primer)
        self._line.is_fresh = self._line.is_fresh or not item.answer.is_kept

    async def _gate(self, result: Any, items: Sequence[Item], attempt: int) -> Held:
        gate, line, means = self._step.gate, self._line, self._means
        if gate is None:
            return Held(is_kept=True)
        answers = [item.answer for item in items if item.answer is not None]
        result = await asyncio.to_thread(whole, result, answers)  # what is checked is all of it
        mark = f"{means.journal.generation(self._place)}/{attempt}"
        return await gate_holds(means, gate, line.scope(), result, self._place, mark, is_fresh=line.is_fresh)

    def _came_to(self, held: Held, items: Sequence[Item]) -> StepResult:
        answers = tuple(item.answer for item in items if item.answer is not None)
        result = self._line.results[self._step.name] = result_of(self._step, items)
        return StepResult(
            name=self._shown,
            number=self._number,
            state="failed" if held.wrong else "done",
            result=result,
            why=held.wrong,
            is_kept=held.is_kept and all(answer.is_kept for answer in answers),
            answers=answers,
        )


def _of(failures: Sequence[str], total: int) -> str:
    if total == 1:
        return failures[0]
    return f"{len(failures)} of {total} failed: " + "; ".join(dict.fromkeys(failures))
