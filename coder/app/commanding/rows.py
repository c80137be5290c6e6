"""The commands, skills, agents and output styles of a folder as people look at them: whose each is, and why one does
not count. Must not know how they are shown, or what runs them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Literal, TypeAlias

from coder.app.styling import available
from coder.commands.agents import load_agents
from coder.commands.definition import Definition, Mistake, Origin
from coder.commands.listing import budget, listing
from coder.commands.loader import Catalogue, load
from coder.commands.places import Place, files_in, places, places_of
from coder.commands.styles import style_of
from coder.config.paths import MANAGED
from coder.core import prompts
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.frontmatter.found import Search
from coder.models import catalog

Kind: TypeAlias = Literal["command", "skill", "agent", "output style"]
KINDS: tuple[Kind, ...] = ("command", "skill", "agent", "output style")
_OFF = "commands and skills are switched off"


@dataclass(frozen=True, slots=True, eq=False)
class CommandRow:
    """`note` says why it is not used, "" when it is; `told` is the line that the model has of it, if any."""

    kind: Kind
    name: str
    file: Path
    origin: Origin
    about: str = ""
    hint: str = ""
    note: str = ""
    told: str = ""
    mistakes: tuple[Mistake, ...] = ()
    definition: Definition | None = None

    @property
    def words(self) -> str:
        return f"/{self.name} {self.hint} {self.about} {self.kind} {self.origin} {self.file} {self.note}".lower()


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything of a folder, what counts first. `mistakes` are of files that gave nothing at all; `notice` says what
    the model is not told for want of room; `warning` that nothing of it counts."""

    rows: tuple[CommandRow, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    notice: str = ""
    warning: str = ""
    catalogue: Catalogue = field(default_factory=Catalogue, repr=False)

    def with_words(self, words: Iterable[str]) -> tuple[CommandRow, ...]:
        wanted = [word.lower() for word in words]
        return tuple(row for row in self.rows if all(word in row.words for word in wanted))


def shelf_of(config: Config, env: Mapping[str, str], reserved: Collection[str], *, all_kinds: bool = False) -> Shelf:
    """Reads the files. `reserved` are the names of the session's own commands. Never raises."""
    where = places_here(config)
    overrides = config.guidance.overrides
    catalogue = load(where, reserved=reserved, overrides=overrides)
    used = [one for one in catalogue.definitions if one.model_may and one.origin != "built-in" and not one.paths]
    window = catalog.describe(catalog.resolve(config.model.name, config.env)).context_window
    room = budget(window, config.guidance.listing_share, {**env, **config.env})
    made = listing(used, room, config.guidance.listing_chars, overrides)
    told = {line[2:].partition(": ")[0]: line for line in made.text.split("\n") if line}
    rows = [_row(one, told=told.get(one.name, "")) for one in catalogue.definitions]
    rows += [_row(shadowed.definition, note=shadowed.reason) for shadowed in catalogue.shadowed]
    if all_kinds:
        rows += (*_agents(where), *_styles(where), *_our_styles(config))
    known = {row.file for row in rows}
    loose = tuple(mistake for mistake in catalogue.mistakes if mistake.path not in known)
    warning = "" if config.guidance.commands else _OFF
    return Shelf(tuple(sorted(rows, key=_rank)), loose, made.notice, warning, catalogue)


def places_here(config: Config) -> tuple[Place, ...]:
    """Also those of a session that uses none."""
    if config.guidance.commands:
        return places_of(config, MANAGED)
    return places(config.cwd, config.home, managed=MANAGED, add_dirs=config.add_dirs)


def _rank(row: CommandRow) -> tuple[int, bool, str]:
    return KINDS.index(row.kind), bool(row.note), row.name


def _row(one: Definition, *, note: str = "", told: str = "") -> CommandRow:
    return CommandRow(
        one.kind, one.name, one.file, one.origin, one.description, one.hint, note, told, one.mistakes, one
    )


def _agents(where: Iterable[Place]) -> Iterator[CommandRow]:
    found, mistakes = load_agents(where)
    for agent in found:
        own = tuple(mistake for mistake in mistakes if mistake.path == agent.file)
        yield CommandRow("agent", agent.name, agent.file, agent.origin, agent.description, mistakes=own)


def _styles(where: Iterable[Place]) -> Iterator[CommandRow]:
    search, taken = Search(), dict[str, Path]()
    for place in where:
        for file in files_in(place, search) if place.kind == "output-styles" else ():
            if (data := search.read(file.path)) is None:
                continue
            style, wrong = style_of(data, file.path, place)
            by = taken.setdefault(style.name.casefold(), file.path)
            note = "" if by == file.path else f"{by} comes first"
            about = style.description
            yield CommandRow("output style", style.name, file.path, style.origin, about, note=note, mistakes=wrong)


def _our_styles(config: Config) -> Iterator[CommandRow]:
    folder = prompts.folder() / "styles"
    for style in available(config):
        if (file := folder / f"{style.name.lower()}.md").is_file() and style.origin == "built-in":
            yield CommandRow("output style", style.name, file, style.origin, style.description)
