"""Asks one agent, unless what it would say is known already. Must not know steps, or what becomes of the answer."""

from __future__ import annotations

from typing import Literal

from coder.core.agents import Brief, Report
from coder.core.choices import Effort
from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.workflows.running.means import Means, digest, is_limit
from coder.workflows.running.outcome import Answer, Halt
from coder.workflows.running.priming import Primer

_LABEL = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """One thing to be asked. `place` is the visit of a step, `mark` tells it from others that are asked there: the
    item, the vote, the try; `label` is what people are shown of that. `generation` counts how often the person
    had the place done anew; `keeps_older`: an answer of an earlier generation will do when it was one."""

    place: str
    step: str
    prompt: str
    mark: str = ""
    label: str = ""
    generation: int = 0
    keeps_older: bool = False
    kind: str = ""
    model: str = ""
    effort: Effort | None = None
    turns: int | None = None
    out: Json | None = None
    isolation: Literal["", "worktree"] = ""

    def key(self, generation: int) -> str:
        said = (self.prompt, self.kind, self.model, self.effort, self.turns, self.out, self.isolation)
        return f"{self.place}/{digest(self.mark, generation, *said)}"


async def ask(means: Means, asked: Asked, primer: Primer | None = None) -> Answer:
    """Raises Halt when the run may ask nobody any more."""
    if (known := _known(means, asked)) is not None:
        means.kept += 1
        means.changed(asked.step, "kept", asked.label, known.failed)
        return known
    primed = await (primer or Primer()).turn((asked.kind, asked.model))
    try:
        key = asked.key(asked.generation)
        await means.begins_one(asked.place, key)
        if asked.label:
            means.changed(asked.step, "started", asked.label)
        report = await means.hands.agents.run(_brief(means, asked, f"{means.name}/{key}"), primed)
    except ToolError as error:
        if is_limit(error):
            raise Halt("budget", asked.place, str(error)) from error
        report = None
        answer = Answer(failed=str(error))
    finally:
        primed()
    if report is not None:
        answer = _answer(report)
        if answer.failed and is_limit(answer.failed):
            raise Halt("budget", asked.place, answer.failed)
        means.kept += report.resumed
    await means.journal.keep(key, _record(answer, report, asked))
    if asked.label:
        means.changed(asked.step, "failed" if answer.failed else "done", asked.label, answer.failed)
    return answer


def _brief(means: Means, asked: Asked, key: str) -> Brief:
    step = asked.step.rpartition("/")[2]
    return Brief(
        prompt=asked.prompt,
        title=visible_line(f"{step}: {asked.label}" if asked.label else step)[:_LABEL],
        kind=asked.kind,
        model=asked.model,
        effort=asked.effort,
        turns=asked.turns,
        background=False,
        isolation=asked.isolation,
        out=asked.out,
        group=means.group,
        key=key,
    )


def _known(means: Means, asked: Asked) -> Answer | None:
    oldest = 0 if asked.keeps_older else asked.generation
    for generation in range(asked.generation, oldest - 1, -1):
        record = means.journal.kept(asked.key(generation))
        if record is not None and not (record.get("failed") and generation != asked.generation):
            return Answer(
                text=str(record.get("text", "")),
                value=record.get("value"),
                failed=str(record.get("failed", "")),
                branch=str(record.get("branch", "")),
                artifact=str(record.get("artifact", "")),
                is_kept=True,
            )
    return None


def _answer(report: Report) -> Answer:
    failed = ""
    if report.state != "completed":
        failed = report.error or ("it was stopped" if report.state == "stopped" else "it failed")
    return Answer(
        text=report.text,
        value=report.value,
        failed=failed,
        branch=report.branch,
        artifact=str(report.artifact) if report.artifact is not None else "",
        is_kept=report.resumed,
    )


def _record(answer: Answer, report: Report | None, asked: Asked) -> Json:
    about: Json = {"step": asked.step, "item": asked.label, "text": answer.text, "value": answer.value}
    more = {"failed": answer.failed, "branch": answer.branch, "artifact": answer.artifact}
    about.update({name: value for name, value in more.items() if value})
    if report is None:
        return about
    return {**about, "agent": report.id, "model": report.model, "usd": report.usd, "tool_uses": report.tool_uses}
