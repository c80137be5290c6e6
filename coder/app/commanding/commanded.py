"""Puts the commands of a session together, when one is first needed: a run without any pays for none.

Must not know what they do.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.executor import Executor
from coder.app.commanding.ours import may_lie, names_of_ours, workflows_of_ours
from coder.app.rulebook import RuleBook
from coder.config.paths import MANAGED
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.core.events import AnyEvent, Notice
from coder.core.lazy import LazyModule
from coder.core.messages import Block, Message, Text, ToolUse
from coder.core.tools import Access, SessionControl
from coder.core.workspace import Workspace
from coder.tools.read import Read

if TYPE_CHECKING:
    from coder.app.commanding import attaching, catalogues, granting, inlining
    from coder.app.commanding import commands as commanding
    from coder.app.commanding import news as skill_news
    from coder.app.commanding.catalogues import LiveCatalogue
    from coder.app.commanding.commands import Commands, Fork, OnExpansion
    from coder.app.commanding.expanded import Expanded, Offered
    from coder.app.commanding.gathering import Fact
    from coder.app.commanding.news import SkillNews
    from coder.commands import listing, places
    from coder.commands.definition import Definition
    from coder.commands.listing import Listing
    from coder.commands.places import Place
    from coder.permissions.decide import Decision
else:
    attaching, catalogues, commanding, granting, inlining, skill_news = (
        LazyModule(f"coder.app.commanding.{name}")
        for name in ("attaching", "catalogues", "commands", "granting", "inlining", "news")
    )
    listing, places = (LazyModule(f"coder.commands.{name}") for name in ("listing", "places"))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Parts:
    """What of a session its commands need. `executor` is given late: it is made after the tools. `facts` has SESSION_ID
    and the like, `gathered` further ones that are found out when a text names them; `window` is the context window of
    the model, in tokens; `is_trusted` tells whether what a file grants counts; `reserved` are names of the session's
    own commands; `plugins` the places of plugins in use; `brings` has the hooks of a head count for the rest of the
    session; `fork` has an agent do what a text says."""

    config: Config
    book: RuleBook
    judge: Callable[[ToolUse, Access], Decision]
    executor: Callable[[], Executor]
    has_shell: Callable[[], bool]
    read: Read
    workspace: Workspace
    control: SessionControl
    spill_dir: Path
    emit: Callable[[AnyEvent], None]
    tell: Callable[[Message], None]
    messages: Callable[[], Sequence[Message]]
    is_trusted: Callable[[Definition], bool]
    window: int
    gathered: Callable[[], Mapping[str, Fact]]
    facts: Mapping[str, str] = field(default_factory=dict)
    reserved: Collection[str] = ()
    plugins: Iterable[Place] = ()
    on_expansion: OnExpansion | None = None
    brings: Callable[[Definition], None] = lambda definition: None
    fork: Fork | None = None


class Commanded:
    """The commands of one session. Everything but `has_skills` loads what it needs."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.warnings: tuple[str, ...] = ()

    async def expand(self, line: str) -> Expanded | None:
        return await self.commands.expand(line)

    async def attach(self, text: str) -> tuple[Block, ...]:
        return await self.commands.attach(text)

    def offered(self) -> tuple[Offered, ...]:
        return self.commands.offered()

    def names(self) -> tuple[tuple[str, str], ...] | None:
        """What can be typed, workflows as well, where no workflow need be read to tell: the name and kind of each."""
        config, reserved = self._parts.config, self._parts.reserved
        if config.guidance.overrides or tuple(self._parts.plugins):
            return None
        if "commands" not in self.__dict__ and (found := names_of_ours(config, reserved)) is not None:
            return found
        workflows = workflows_of_ours(config, reserved)
        if workflows is None or any(name in self.commands.taken for name, _ in workflows):
            return None
        return (*workflows, *((each.name, each.kind) for each in self.offered()))

    def has_skills(self) -> bool:
        """Whether the model may use any: the Skill tool is for such sessions. Looks for folders first."""
        if not self._may_lie():
            return False
        lies = any(place.origin != "built-in" and os.path.lexists(place.folder) for place in self._places())
        return lies and bool(self.commands.all_for_model())

    def listed(self) -> tuple[Text, ...]:
        """What the first message tells the model of skills, if anything. `warnings` then say what is short of it."""
        text, notice = self.commands.listing()
        self.warnings = (notice,) if notice else ()
        return (Text(text),) if text else ()

    def news(self) -> SkillNews:
        """The policy that tells of skills that are found later."""
        news: SkillNews = skill_news.SkillNews(
            self.commands.for_model,
            self._listed,
            self._live.touch,
            lambda notice: self._say(notice[:1].upper() + notice[1:]),
        )
        return news

    def run_ended(self) -> None:
        """To be called when a run has ended, however it did."""
        if "commands" in self.__dict__:
            self.commands.run_ended()

    @cached_property
    def commands(self) -> Commands:
        parts, config = self._parts, self._parts.config
        attach = attaching.Attaching(
            parts.judge, parts.read, parts.workspace, parts.control, parts.spill_dir, self._say
        )
        inline = inlining.Inlining(parts.executor, parts.has_shell) if config.guidance.shell_in_commands else None
        facts = {"PROJECT_DIR": str(config.cwd), "EFFORT": config.model.effort or "", **parts.facts}
        around = commanding.Surroundings(
            lambda: facts,
            attach,
            inline,
            parts.tell,
            self._say,
            parts.messages,
            self._listed,
            parts.on_expansion,
            self._live.is_due,
            parts.brings,
            gathered=cache(parts.gathered),
            fork=parts.fork,
        )
        given = granting.Granting(parts.book, config.cwd, parts.is_trusted)
        made: Commands = commanding.Commands(self._live, given, around)
        return made

    @cached_property
    def _live(self) -> LiveCatalogue:
        parts = self._parts
        guidance = parts.config.guidance
        live: LiveCatalogue = catalogues.LiveCatalogue(
            self._places, parts.config.cwd, parts.reserved, guidance.overrides
        )
        return live

    def _may_lie(self) -> bool:
        """A first look, which loads nothing: False where no place of `_places` can be, but for our own."""
        given = bool(tuple(self._parts.plugins) or self._parts.config.plugins)
        return given or may_lie(self._parts.config, ("skills", "commands"))

    def _places(self) -> tuple[Place, ...]:
        config = self._parts.config
        if not config.guidance.commands:
            return ()
        found: tuple[Place, ...] = places.places_of(config, MANAGED, self._parts.plugins)
        return found

    def _listed(self, found: Sequence[Definition]) -> Listing:
        guidance, env = self._parts.config.guidance, {**os.environ, **self._parts.config.env}
        room = listing.budget(self._parts.window, guidance.listing_share, env)
        made: Listing = listing.listing(found, room, guidance.listing_chars, guidance.overrides)
        return made

    def _say(self, text: str) -> None:
        self._parts.emit(Notice(level="info", text=text))
