"""The workflows of a session as the rest of it sees them: nothing of them is loaded before a line may name one.

Must not know how they run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.commanding.expanded import Offered
from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.core.messages import Message

if TYPE_CHECKING:
    from coder.app.workflowing import places
    from coder.app.workflowing.session import SessionWorkflows
    from coder.app.workflowing.shelf import Shelf
    from coder.core.config import Config
    from coder.core.events import RunEnded
    from coder.workflows.running.outcome import Outcome
else:
    places = LazyModule("coder.app.workflowing.places")

_NAME = re.compile(r"/([\w][\w.:-]*)(?=\s|\Z)")


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A workflow that the command line names: `line` is how it stands in the conversation. `file` where it is named by
    its file; `arguments` None: those of the run that it goes on with. `approved` are steps that may begin unasked."""

    line: str
    name: str
    file: Path | None = None
    arguments: Mapping[str, str] | None = field(default_factory=dict)
    approved: tuple[str, ...] = ()


class LateWorkflows:
    """`shelf` is what there is, `make` what runs one of it; `given` is the one that the command line names, which every
    line then stands for."""

    def __init__(
        self,
        config: Config,
        shelf: Callable[[], Shelf],
        make: Callable[[Shelf], SessionWorkflows],
        given: Given | None = None,
    ) -> None:
        self._config = config
        self._shelve = shelf
        self._shelved: Shelf | None = None
        self._make = make
        self._made: SessionWorkflows | None = None
        self.given = given

    @property
    def latest(self) -> Outcome | None:
        """How the latest run of one ended."""
        return self._made.latest if self._made is not None else None

    @property
    def go_on(self) -> str:
        """How that one is gone on with, "" for not at all."""
        return self._made.go_on if self._made is not None else ""

    def names(self, line: str) -> bool:
        """Whether a line is for a workflow and for nothing else."""
        if self.given is not None and line == self.given.line:
            return True
        found = _NAME.match(line.strip())
        return found is not None and self._may_be(found[1]) and self._shelf.has(found[1])

    def offered(self) -> tuple[Offered, ...]:
        """What a person may type."""
        return self._shelf.offered() if self._config.guidance.commands else ()

    async def run(self, message: Message, line: str) -> RunEnded:
        return await self._session.run(message, line, self.given)

    @property
    def _shelf(self) -> Shelf:
        if self._shelved is None:
            self._shelved = self._shelve()
        return self._shelved

    @property
    def _session(self) -> SessionWorkflows:
        if self._made is None:
            self._made = self._make(self._shelf)
        return self._made

    def _may_be(self, name: str) -> bool:
        """Whether a file by that name is there. Costs a look for each folder, and loads nothing that reads files."""
        parts = f"{name.replace(':', '/')}.md"
        return any(os.path.lexists(folder.path / parts) for folder in places.workflow_folders(self._config))
