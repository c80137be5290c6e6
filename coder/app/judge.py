"""What the gate asks about each call: puts the rules, the mode and the world of that moment before the policy.

Must not know who is asked, or what runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.control import Control
from coder.app.rulebook import RuleBook
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.events import AnyEvent, Notice
from coder.core.lazy import LazyModule
from coder.core.messages import ToolUse
from coder.core.requests import Allow
from coder.core.tools import Access, Calls
from coder.permissions.rules import Rules
from coder.permissions.world import LocalWorld
from coder.workspace.local import LocalWorkspace

if TYPE_CHECKING:
    from coder.permissions import decide as policy
    from coder.permissions.decide import Decision
else:
    policy = LazyModule("coder.permissions.decide")  # judging loads at the first tool call (docs/adr/0002)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What of the world stays the same all session long. `created` tells what the session itself made, `stashed` what
    it put aside."""

    home: Path
    config_home: Path
    readable: tuple[Path, ...]
    created: Callable[[Path], bool]
    stashed: Callable[[str, str], bool]


class Judge:
    """`reload` gives the settings when they have changed since it was last asked; `holding` makes of the rules what
    they are for whoever is judged."""

    def __init__(
        self,
        book: RuleBook,
        control: Control,
        workspace: LocalWorkspace,
        surroundings: Surroundings,
        emit: Callable[[AnyEvent], None],
        reload: Callable[[], Config | None] | None,
        holding: Callable[[Rules], Rules] = lambda rules: rules,
    ) -> None:
        self._holding = holding
        self._book = book
        self._control = control
        self._workspace = workspace
        self._surroundings = surroundings
        self._emit = emit
        self.reload = reload

    def __call__(self, call: ToolUse, access: Access, given: Allow) -> Decision:
        """The decision, as if `given` had been answered before."""
        self._renew()
        if isinstance(access, Calls) and access.changed and call.name in given.remember:
            access = replace(access, changed="")  # it is this definition that would be allowed
        mode = given.mode or self._control.mode
        rules = self._holding(self._book.with_allowed(given.remember))
        return policy.decide(call, access, rules, mode, self.world())

    def world(self) -> LocalWorld:
        return LocalWorld(
            cwd=self._workspace.cwd,
            roots=self._workspace.roots,
            home=self._surroundings.home,
            config_home=self._surroundings.config_home,
            readable=self._surroundings.readable,
            environment=self._workspace.environment,
            created=self._surroundings.created,
            stashed=self._surroundings.stashed,
        )

    def _renew(self) -> None:
        try:
            fresh = self.reload() if self.reload else None
        except ConfigError as error:
            self._emit(Notice(level="warning", text=f"{error} The rules read before stay in force."))
            return
        for warning in self._book.renew(fresh) if fresh else ():
            self._emit(Notice(level="warning", text=warning))
