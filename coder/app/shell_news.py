"""What commands in the background came to and the conversation does not know yet: a `TurnPolicy`, which tells nothing
before somebody wants it told. Must not know how commands are run, or who waits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coder.agent.history import History
from coder.agent.policies import Inject, Verdict
from coder.core import prompts
from coder.core.lazy import LazyModule
from coder.core.messages import Message, Meta, Text
from coder.core.visible import visible_line
from coder.tools.shells import Shell, Shells

if TYPE_CHECKING:
    from coder.tools import verdict
else:  # for commands that were in the background
    verdict = LazyModule("coder.tools.verdict")

_LONGEST = 500  # characters of a command


class ShellNews:
    """What was stopped, by the model or by a person, is no news: whoever did it knows. Neither is an end that the model
    has read with TaskOutput."""

    def __init__(self, shells: Shells) -> None:
        self._shells = shells
        self._heard: Callable[[], None] | None = None

    def follow(self, heard: Callable[[], None]) -> None:
        """From now on ends are told; `heard` is called with each."""
        self._heard = heard

    def ended(self) -> None:
        if self._heard is not None and self.are_due:
            self._heard()

    @property
    def are_due(self) -> bool:
        return self._heard is not None and any(map(_is_due, self._shells.all))

    def take(self) -> tuple[Text, ...]:
        """All that is to be told, which counts as told then."""
        due = [each for each in self._shells.all if _is_due(each)] if self._heard is not None else []
        for each in due:
            each.told = True
        return tuple(Text(_notice(each)) for each in due)

    def before_turn(self, turn: int, history: History) -> Verdict:
        texts = self.take()
        return Inject(Message("user", texts, Meta(kind="reminder"))) if texts else None


def _is_due(shell: Shell) -> bool:
    # Not before its end was announced: whoever reads along hears of that first.
    return shell.ended is not None and not shell.told and shell.state in ("completed", "failed")


def _notice(shell: Shell) -> str:
    status = shell.process.poll()
    return prompts.load(
        "reminders/shell_ended",
        id=shell.id,
        state=shell.state,
        code=str(verdict.exit_code(status.code)) if status is not None else "unknown",
        command=visible_line(shell.command[:_LONGEST]).replace("<", "<\\"),
        output=str(shell.output),
    )
