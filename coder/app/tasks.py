"""The commands that run, or ran, in the background of a session, as people see them. Must not know who looks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from coder.app.shell_news import ShellNews
from coder.core.dataclass import dataclass
from coder.core.errors import SessionError, ToolError
from coder.core.events import TaskEnded
from coder.tools.printed import last_line
from coder.tools.shells import Shell, Shells, State
from coder.tools.verdict import exit_code


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """`last` is the last line it printed, `code` its exit code once it has ended; `output` holds all it printed."""

    id: str
    command: str
    state: State
    seconds: float
    last: str
    code: int | None
    output: Path


class Tasks:
    """`news` is what of them the conversation does not know."""

    def __init__(self, shells: Shells, news: ShellNews) -> None:
        self._shells, self._news = shells, news

    @property
    def all(self) -> tuple[Task, ...]:
        """Ended ones too, in the order in which they came there."""
        return tuple(map(_task, self._shells.all))

    async def stop(self, id: str) -> None:
        """Ends one with all it started; nothing happens when it has ended. Raises SessionError for an unknown id."""
        try:
            shell = self._shells.find(id)
        except ToolError as error:
            raise SessionError(str(error)) from error
        await shell.stop()

    def send_back(self, call: str = "") -> bool:
        """Lets the run go on without waiting for the commands it waits for, or for that of one call; False when it
        waits for none."""
        return self._shells.send_back(call)

    def follow(self, heard: Callable[[], None]) -> None:
        """From now on the model is told of those that have ended; `heard` is called with each: for who can say more by
        themselves. Idempotent."""
        self._news.follow(heard)


def ended(shell: Shell) -> TaskEnded:
    """What is announced when it has ended."""
    state = shell.state
    status = shell.process.poll()
    return TaskEnded(
        id=shell.id,
        command=shell.command,
        state="completed" if state == "running" else state,
        code=exit_code(status.code) if status is not None else 0,
        seconds=shell.seconds,
        output=str(shell.output),
    )


def _task(shell: Shell) -> Task:
    status = shell.process.poll()
    return Task(
        id=shell.id,
        command=shell.command,
        state=shell.state,
        seconds=shell.seconds,
        last=last_line(shell.process.output()),
        code=None if status is None else exit_code(status.code),
        output=shell.output,
    )
