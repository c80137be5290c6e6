"""Commands in the background on the wire: each that was told to have begun is told to have ended. Must not know how
lines are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from coder.core.events import TaskEnded
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.frontends.stream_json import convert

if TYPE_CHECKING:
    from coder.app.tasks import Task


def row(task: Task) -> Json:
    """As the list of all that runs in the background has it."""
    return {"task_id": task.id, "task_type": "local_bash", "description": visible_line(task.command)}


class ShellsOut:
    def __init__(self) -> None:
        self._told: dict[str, str] = {}  # the call that began each, by its id; without those that have ended

    def begun(self, session_id: str, tasks: Sequence[Task], call_id: str) -> Iterator[Json]:
        """What is to be told of those that a call has left running."""
        for task in tasks:
            if task.state == "running" and task.id not in self._told:
                self._told[task.id] = call_id
                yield convert.system(
                    session_id,
                    "task_started",
                    task_id=task.id,
                    tool_use_id=call_id,
                    description=visible_line(task.command),
                    task_type="local_bash",
                    is_backgrounded=True,
                )

    def rest(self, session_id: str) -> Iterator[Json]:
        """The ends of those of which no end was heard."""
        for id, call in tuple(self._told.items()):
            del self._told[id]
            about = {"task_id": id, "tool_use_id": call}
            yield convert.system(session_id, "task_updated", task_id=id, patch={"status": "killed"})
            words = {"status": "stopped", "output_file": "", "summary": "stopped: the session ended"}
            yield convert.system(session_id, "task_notification", **about, **words)

    def ended(self, session_id: str, event: TaskEnded) -> Iterator[Json]:
        call = self._told.pop(event.id, "")
        about = {"task_id": event.id, **({"tool_use_id": call} if call else {})}
        if call:
            yield convert.system(session_id, "task_updated", task_id=event.id, patch={"status": event.state})
        yield convert.task_ended(session_id, event) | about
