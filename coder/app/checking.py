"""The command that has to succeed before a run ends: runs it, and says so to the model until it does.

It is the person's own, like one they typed: nobody is asked, and what it changes can be undone. Knows no front end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from coder.agent.history import History
from coder.agent.policies import Inject, Stop, Verdict
from coder.agent.replies import reminder
from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.errors import SessionError
from coder.core.events import AnyEvent, Notice
from coder.core.evidence import Checked
from coder.core.messages import Message
from coder.core.visible import visible_line

if TYPE_CHECKING:
    from coder.app.shell_line import ShellDone, ShellLine

TIMEOUT = "CODER_CHECK_TIMEOUT_MS"
_SECONDS = 600.0
_LATE = 124  # as `timeout` ends
_NOT_STARTED = 127
_TAIL = 4_000  # characters of its output that the model is told
_LONG = 200


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """`command` runs in `folder`, up to `tries` times that fail. With `always` also where nothing changed."""

    command: str
    folder: Path
    tries: int
    always: bool
    seconds: float = _SECONDS


class Checking:
    """An end policy. `is_due`: whether anything changed since it ran; `saw` is told how it went and what it printed."""

    def __init__(
        self,
        check: Check,
        line: Callable[[], ShellLine],
        emit: Callable[[AnyEvent], None],
        is_due: Callable[[], bool],
        saw: Callable[[Checked, str], None],
    ) -> None:
        self._check = check
        self._line = line
        self._emit = emit
        self._is_due = is_due
        self._saw = saw
        self._runs = self._failed = 0
        self._is_green = False

    def begin(self) -> None:
        """A run begins."""
        self._runs = self._failed = 0
        self._is_green = False

    async def before_end(self, text: str, history: History) -> Verdict:
        if not self._runs and not self._check.always and not self._is_due():
            return None
        if self._is_green and not self._is_due():
            return None
        checked = await self._run()
        self._is_green = checked.code == 0
        if self._is_green:
            return None
        self._failed += 1
        how = _how(checked, self._check.seconds)
        if self._failed < self._check.tries:
            self._say("warning", f"Check failed: {self._name} {how} (try {self._failed} of {self._check.tries})")
            return Inject(self._reminder(checked, how))
        tries = f"{self._runs} {'try' if self._runs == 1 else 'tries'}"
        more = f"Go on with: coder -c, or allow more tries with --check-tries {2 * self._check.tries}"
        return Stop("gate_unmet", f"The check failed: {self._name} {how} after {tries}. {more}.")

    @property
    def _name(self) -> str:
        line = visible_line(self._check.command)
        return line if len(line) <= _LONG else f"{line[: _LONG - 1]}…"

    async def _run(self) -> Checked:
        self._runs += 1
        self._say("info", f"Checking: {self._name}")
        line = self._line()
        workspace, came_from = line.workspace, line.workspace.cwd
        done: list[ShellDone] = []
        is_late = False
        if self._check.folder.is_dir():  # else it runs where the model is, and says what became of the folder
            workspace.chdir(self._check.folder)
        try:
            async with asyncio.timeout(self._check.seconds):
                await line.run(self._check.command, _nobody, done.append, is_alone=True)
        except TimeoutError:
            is_late = True
        except SessionError as error:
            return self._told(Checked(self._check.command, _NOT_STARTED, self._runs, str(error)), "")
        finally:
            workspace.chdir(came_from)
        code = _LATE if is_late else done[-1].code
        output = done[-1].output if done else ""
        return self._told(Checked(self._check.command, code, self._runs, output[-_TAIL:], is_late), output)

    def _told(self, checked: Checked, output: str) -> Checked:
        self._saw(checked, output)
        return checked

    def _reminder(self, checked: Checked, how: str) -> Message:
        return reminder(
            prompts.load(
                "reminders/check_failed",
                command=self._check.command,
                how=how,
                tries=str(self._failed),
                most=str(self._check.tries),
                tail=checked.tail.replace("</output>", "<\\/output>") or "(it printed nothing)",
            )
        )

    def _say(self, level: Literal["info", "warning"], text: str) -> None:
        self._emit(Notice(level=level, text=text))


def seconds_of(env: Mapping[str, str]) -> float:
    """How long a check may take. What is no positive whole number counts as not set."""
    text = env.get(TIMEOUT, "").strip()
    return int(text) / 1000 if text.isascii() and text.isdigit() and int(text) > 0 else _SECONDS


def _how(checked: Checked, seconds: float) -> str:
    if checked.is_late:
        return f"was not done within {seconds:g} seconds ({TIMEOUT}) and was killed"
    return f"ended with exit code {checked.code}"


def _nobody(text: str) -> None:
    """What it prints is not shown as it comes."""
