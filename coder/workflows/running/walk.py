"""The way through a workflow: which step follows which. Must not know what a step does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, TypeAlias

from coder.core.dataclass import dataclass
from coder.workflows.filling import text_of, told
from coder.workflows.running.means import Means
from coder.workflows.running.outcome import Answer, Halt, StepResult
from coder.workflows.running.stepping import Stepping
from coder.workflows.running.whole import whole
from coder.workflows.scope import Scope
from coder.workflows.types import at
from coder.workflows.workflow import END, NEXT, STOP, Step, Workflow

Others: TypeAlias = Callable[[str], Workflow | None]
"""The workflow of a name, for the steps that use one."""
DEPTH = 8
_TEXT = 200


@dataclass(slots=True, eq=False)
class Walk:
    """One way through one workflow. `done` are the visits so far, also those of workflows within this one; `at` is
    where it is."""

    means: Means
    workflow: Workflow
    arguments: Mapping[str, str]
    others: Others
    prefix: str = ""
    shown: str = ""
    depth: int = 0
    done: list[StepResult] = field(default_factory=list)
    at: str = ""
    latest: StepResult | None = None
    stepping: Stepping = field(init=False)
    _visits: dict[str, int] = field(default_factory=dict)
    _rounds: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stepping = Stepping(self.means, self._nested, self.workflow, self.arguments, self.prefix, self.shown)

    async def go(self) -> None:
        """To the end. Raises Halt where it does not come there."""
        steps = self.workflow.steps
        step = steps[0] if steps else None
        while step is not None:
            step = self._step(await self._visit(step))

    def result(self) -> tuple[str, Any]:
        """What the workflow came to so far: its text, and its value where that is data."""
        report = self.workflow.report
        named = self.workflow.step(report) if report else None
        if report and named is None:
            return told(report, self.stepping.scope()), None
        found = self.latest
        if named is not None:
            visits = [*self.done, self.latest] if self.latest is not None else []  # the latest may have been cut short
            names = [each.name if each.state != "skipped" else "" for each in visits]
            name = f"{self.shown}{named.name}"
            found = visits[-1 - names[::-1].index(name)] if name in names else found
        value = whole(found.result, found.answers) if found is not None else None
        return text_of(value), None if isinstance(value, str) else value

    async def _visit(self, step: Step) -> str:
        """Where the step leads."""
        self._visits[step.name] = number = self._visits.get(step.name, 0) + 1
        path = f"{self.shown}{step.name}"
        self.at = f"{self.prefix}{step.name}#{number}"
        index = self.workflow.steps.index(step) + 1
        self.means.changed(path, "started", text=f"{index} of {len(self.workflow.steps)}")
        try:
            result = await self.stepping.visit(step, number)
        except BaseException as error:
            self.latest = self.stepping.partial or self.latest
            if isinstance(error, Halt) and error.state != "waiting":
                self.means.changed(path, "failed", text=error.why, is_told_next=True)
            raise
        self.done.append(result)
        if result.state == "skipped":
            return self._after(step, result)
        self.latest = result
        is_over = True
        try:
            to = self._after(step, result)
            is_over = to == END
        finally:
            self._tell(step, result, is_over=is_over)
        return to

    def _tell(self, step: Step, result: StepResult, *, is_over: bool) -> None:
        if result.state == "failed":
            ends = is_over and step.on_fail.then == STOP
            self.means.changed(result.name, "failed", text=result.why, is_told_next=ends)
        else:
            lines = text_of(result.result).strip().splitlines() or [""]
            state = "kept" if result.is_kept else "done"
            is_result = is_over and self.workflow.report in ("", step.name)
            self.means.changed(result.name, state, text=lines[0][:_TEXT], is_told_next=is_result)

    def _after(self, step: Step, result: StepResult) -> str:
        below = step.next or self._below(step)
        if result.state == "skipped":
            return below
        if result.state == "failed":
            then = step.on_fail.then
            if then == STOP:
                raise Halt("failed", self.at, result.why)
            return below if then == NEXT else then
        if step.until is not None:
            until = step.until
            if not self.stepping.holds(until.when):
                rounds = self._rounds.get(step.name, 0)
                if rounds < until.most:
                    self._rounds[step.name] = rounds + 1
                    return until.goto
                self._rounds.pop(step.name, None)
                if until.then == STOP:
                    why = f"after {until.most} more tries it is still not so that {until.when}"
                    raise Halt("failed", self.at, why)
                if until.then != NEXT:
                    return until.then
            self._rounds.pop(step.name, None)
        return self._routed(step, result) if step.route else below

    def _routed(self, step: Step, result: StepResult) -> str:
        value = at(result.result, (step.route_on,)) if step.route_on else result.result
        to = step.route.get(text_of(value)) or step.route.get("else", "")
        if to == STOP:
            said = f"{step.route_on or 'its result'} is {text_of(value)[:_TEXT]!r}"
            raise Halt("failed", self.at, f"{said}: that ends the workflow")
        return to or step.next or self._below(step)

    def _below(self, step: Step) -> str:
        index = self.workflow.steps.index(step) + 1
        return self.workflow.steps[index].name if index < len(self.workflow.steps) else END

    def _step(self, name: str) -> Step | None:
        """None at the end."""
        if name == END:
            return None
        if name == STOP:
            raise Halt("failed", self.at, "the way from here ends the workflow (stop)")
        step = self.workflow.step(name)
        if step is None:
            raise Halt("failed", self.at, f"there is no step {name!r}")
        return step

    async def _nested(self, step: Step, scope: Scope, prefix: str) -> Answer:
        """Another workflow, from its beginning to its end; with results and visits of its own."""
        other = self.others(step.use)
        if other is None or self.depth >= DEPTH:
            why = f"there is no workflow {step.use!r}" if other is None else f"workflows are nested {DEPTH} deep"
            raise Halt("failed", self.at, why)
        given = {name: told(text, scope) for name, text in step.given.items()}
        arguments = {each.name: each.default for each in other.arguments if each.default is not None} | given
        shown = f"{self.shown}{step.name}/"
        inner = Walk(self.means, other, arguments, self.others, prefix, shown, self.depth + 1)
        asker = self.stepping
        inner.stepping.is_fresh = asker.is_fresh
        try:
            await inner.go()
        except Halt as halt:
            if halt.state != "failed":
                raise
            self.means.failed_inside.append(halt.where)
            return Answer(failed=f"{shown}{_name(halt.where)}: {halt.why}", is_kept=not inner.stepping.is_fresh)
        finally:
            self.done += inner.done
            asker.is_fresh = asker.is_fresh or inner.stepping.is_fresh
        text, value = inner.result()
        return Answer(text=text, value=value, is_kept=not inner.stepping.is_fresh)


def _name(place: str) -> str:
    return place.rpartition("/")[2].partition("#")[0]
