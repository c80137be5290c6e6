"""What may be typed and stands for something else: commands of files, workflows, prompts of servers, and what besides
files is named behind an `@`. Must not know who types, or what becomes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coder.app.commanding.commanded import Commanded
from coder.app.workflowing.late import LateWorkflows
from coder.core.lazy import LazyModule
from coder.core.messages import Block

if TYPE_CHECKING:
    from coder.app.commanding.expanded import Expanded, Offered
    from coder.app.reach.offering import Offering
    from coder.app.subagents import mentioned
else:  # for people in front
    mentioned = LazyModule("coder.app.subagents.mentioned")


class Typable:
    """`offering` is what servers offer, None without any; `has_commands`: a slash is more than a letter; `kinds` are
    the agents that can be asked, none where none may be."""

    def __init__(
        self,
        workflows: LateWorkflows,
        commanded: Commanded,
        offering: Callable[[], Offering | None],
        kinds: Callable[[], tuple[str, ...]],
        *,
        has_commands: bool,
    ) -> None:
        self._workflows = workflows
        self._commanded = commanded
        self._offering = offering
        self._has_commands = has_commands
        self._kinds = kinds

    @property
    def _prompts(self) -> Offering | None:
        return self._offering() if self._has_commands else None

    async def expand(self, line: str) -> Expanded | None:
        if self._workflows.names(line):
            return None
        prompts = self._prompts
        found = await prompts.expand(line) if prompts is not None else None
        return found if found is not None else await self._commanded.expand(line)

    def offered(self) -> tuple[Offered, ...]:
        """A file that is called like the prompt of a server stands behind it."""
        offering = self._prompts
        prompts = offering.commands() if offering is not None else ()
        names = {each.name for each in prompts}
        files = (*self._workflows.offered(), *self._commanded.offered())
        kept = {each.name: each for each in reversed(files) if each.name not in names}
        return (*prompts, *(each for each in files if kept.get(each.name) is each))

    def names(self) -> tuple[tuple[str, str], ...]:
        """The name and the kind of each that is offered; reads no file where it need not."""
        offering = self._prompts
        has_prompts = offering is not None and offering.commands()
        found = None if has_prompts else self._commanded.names()
        return found if found is not None else tuple((each.name, each.kind) for each in self.offered())

    async def mentions(self, text: str) -> tuple[Block, ...]:
        """What else than files a text mentions. Raises CoderError where that is not to be had."""
        agents = mentioned.wanted(text, self._kinds()) if "agent" in text else ()
        offering = self._offering()
        return (*agents, *(await offering.attach(text) if offering is not None else ()))
