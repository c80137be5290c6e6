"""The person's own status line in this session: when its command is run, and with what. Must not know how it is run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from coder import __version__
from coder.core.config import Config, StatusCommand
from coder.frontends.statusline import StatusLine
from coder.frontends.statusline_facts import StatusFacts
from coder.git.worktrees.trees import worktree_of
from coder.models import catalog

if TYPE_CHECKING:
    from coder.frontends.repl.printer import Printer
    from coder.frontends.repl.talk import Talk


class CustomStatus:
    """`changed` is called when there is something new to show. Close it."""

    def __init__(
        self,
        command: StatusCommand,
        env: Mapping[str, str],
        changed: Callable[[], None],
        size: Callable[[], tuple[int, int]],
        facts: Callable[[], StatusFacts],
        *,
        colours: bool,
    ) -> None:
        self._line = StatusLine(command, env, changed, size, colours=colours)
        self._facts = facts
        self._every = command.refresh
        self._task = asyncio.create_task(self._again()) if command.refresh else None

    @property
    def text(self) -> str | None:
        return self._line.text

    @property
    def problem(self) -> str:
        return self._line.problem

    def update(self) -> None:
        """Something that it may show is different now."""
        self._line.update(self._facts())

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
        await self._line.aclose()

    async def _again(self) -> None:
        while True:
            await asyncio.sleep(max(self._every or 1.0, 1.0))
            self.update()


def facts_of(config: Config, talk: Talk, printer: Printer, began: float, vim: str | None) -> StatusFacts:
    """What is known of the session now. `began` is when coder was started, by the monotonic clock."""
    session = talk.session
    facts, spent = session.facts, session.spent
    model = session.control.model
    added, removed = session.figures.lines
    tree = worktree_of(config.cwd)
    return StatusFacts(
        session_id=facts.session_id,
        cwd=config.cwd,
        project=config.cwd,
        model=model,
        version=__version__,
        transcript=facts.transcript,
        name=session.title,
        added_dirs=config.add_dirs,
        cost=talk.cost,
        seconds=time.monotonic() - began,
        api_seconds=spent.api_seconds,
        lines_added=added,
        lines_removed=removed,
        total=spent.usage,
        last=printer.last_usage,
        used=printer.context or None,
        window=catalog.describe(model).context_window,
        effort=config.model.effort,
        vim=vim,
        git_worktree=tree.admin.name if tree is not None else "",
        worktree=tree.told if tree is not None else None,
    )
