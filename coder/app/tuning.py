"""What of a session is changed while it is open: the mode, the model and how it thinks, what is allowed. Must not know
who changes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from coder.agent.control import Control
from coder.app.requests import Requests, Tuned
from coder.app.session_facts import SessionFacts
from coder.core.errors import SessionError
from coder.core.tools import Mode

if TYPE_CHECKING:
    from coder.app.permitting import Permitting
    from coder.core.permits import Change


class Tuning:
    """`permits` is given who sets the mode."""

    def __init__(
        self,
        facts: SessionFacts,
        control: Control,
        requests: Requests,
        permits: Callable[[Callable[[Mode], None]], Permitting],
    ) -> None:
        self._facts = facts
        self._control = control
        self._requests = requests
        self._permits = permits
        self.tuned: dict[Tuned, object] = {}  # what of how the model thinks was changed

    def set_mode(self, mode: Mode) -> None:
        """From the next call on. Raises SessionError for a mode that is only to be had from the start."""
        if mode == "bypassPermissions" and self._facts.mode != mode and not self._facts.may_bypass:
            raise SessionError(
                "bypassPermissions can only be chosen at the start: coder --permission-mode bypassPermissions"
            )
        self._control.set_mode(mode)

    def set_model(self, model: str) -> None:
        """From the next request on; "" is the model that the session began with. Raises ConfigError for one that cannot
        be asked."""
        self._requests.switch(model)

    def tune(self, what: Tuned, value: object) -> None:
        """How the model thinks, from the next request on; None is as the session began."""
        self._requests.tune(what, value)
        self.tuned[what] = value

    async def permit(self, changes: Sequence[Change]) -> tuple[str, ...]:
        """Takes in what whoever answers for the person changes about what is allowed; in force when it returns. Returns
        what went wrong, a line for people each."""
        return await self._permitting().apply(changes)

    def allow_as(self, other: Tuning) -> None:
        """The rules and folders that somebody has set in the other session hold in this one too."""
        self._permitting().hold(other._permitting().held())

    def _permitting(self) -> Permitting:
        return self._permits(self.set_mode)
