"""What is said of a workflow's run: to people before the first one, to the conversation and people after it. Pure, but
for a long result, which is put into a file. Must not know who asks.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

from coder.app.subagents.reporting import bounded
from coder.config.replace import replace
from coder.core import prompts
from coder.core.events import EndReason, RunEnded
from coder.core.messages import Message, Meta, Text
from coder.core.private import made_private
from coder.core.visible import visible, visible_line
from coder.workflows.library import Library
from coder.workflows.running.outcome import Outcome, State
from coder.workflows.running.past import FOLDER
from coder.workflows.told import step_lines, worst_line
from coder.workflows.workflow import Workflow
from coder.workflows.worst import worst_of

_REASONS: dict[State, EndReason] = {
    "done": "done",
    "failed": "gate_unmet",
    "stopped": "interrupted",
    "budget": "budget",
    "waiting": "gate_unmet",
}
_MARK = re.compile(r"<(?=[\s/]*workflow-result\b)", re.IGNORECASE)
_MOST_LINES = 400


def first_look(workflow: Workflow, new: Sequence[Workflow], library: Library) -> tuple[str, str]:
    """What a workflow that nobody has seen yet would do: the question before it first runs, and its steps, in lines.
    Each command that it would run is there whole."""
    lines: list[str] = []
    for each in new:
        lines += [visible_line(f"{each.name} ({each.file})")] if len(new) > 1 else []
        for step in each.steps:
            lines.append(visible_line(step.name))
            lines += [f"  {visible_line(line)}" for line in step_lines(each, step)]
    cut, rest = lines[:_MOST_LINES], lines[_MOST_LINES:]
    if rest:
        cut += [line for line in rest if line.startswith("  runs ")]
        cut.append(f"… {len(lines) - len(cut)} more lines: coder workflow show {workflow.name}")
    worst = visible_line(worst_line(worst_of(workflow, library.known), workflow))
    return f"Run the workflow {workflow.name} of this folder? It was not run before. In all {worst}.", "\n".join(cut)


def ended_of(outcome: Outcome, go_on: str = "") -> RunEnded:
    """The run as front ends know runs; `go_on` says how it is gone on with. Of what is not done the text is as much as
    there is."""
    error = ""
    if outcome.state != "done":
        at = f" at the step {outcome.where}" if outcome.where else ""
        error = f"The workflow {outcome.workflow} {_ENDS[outcome.state]}{at}"
        error += f": {outcome.why.rstrip('.')}." if outcome.why else "."
        error += f" Go on with: {go_on}" if go_on else ""
    text = outcome.text
    if outcome.unmerged:
        text = f"{text}\n\nNot merged: {', '.join(outcome.unmerged)}.".strip()
    reason = "time_budget" if outcome.is_late else _REASONS[outcome.state]
    return RunEnded(reason=reason, turns=0, text=visible(text), error=visible(error))


def kept_result(outcome: Outcome, folder: Path) -> Path | None:
    """The file that holds a result of several lines, beside the journal of its run; None for a shorter one, for a run
    that is not done, and where it cannot be written. Blocks."""
    text = ended_of(outcome).text
    if outcome.state != "done" or "\n" not in text:
        return None
    path = folder / FOLDER / f"{outcome.run}.md"
    try:
        made_private(path.parent)
        replace(path, f"{text}\n".encode("utf-8", "replace"), 0o600, locked=False)
    except OSError:  # the result itself is shown all the same
        return None
    return path


async def told_of(outcome: Outcome, line: str, folder: Path, kept: Path | None = None) -> Message:
    """What the conversation learns. A long result lies whole in a file; `kept` is the one that holds it in any case."""
    text, _ = await asyncio.to_thread(bounded, ended_of(outcome).text, folder, outcome.run)
    state = ended_of(outcome).error or f"The workflow {outcome.workflow} is done."
    state += f" Its result is kept in {kept}." if kept is not None else ""
    said = prompts.load(
        "reminders/workflow",
        line=_inside(visible_line(line)),
        state=_inside(state),
        result=_inside(text or "(nothing)"),
    )
    return Message("user", (Text(said),), Meta(kind="reminder"))


_ENDS: dict[State, str] = {
    "failed": "failed",
    "stopped": "was stopped",
    "budget": "reached its limit",
    "waiting": "waits for a person",
    "done": "is done",
}


def _inside(text: str) -> str:
    """The text as it may stand between our marks: it cannot end them."""
    return _MARK.sub(r"<\\", text)
