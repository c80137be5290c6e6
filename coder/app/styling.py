"""Which output styles there are in a session, and which it has. Must not know how a file says one, or where it goes.

A style stands in the system prompt. The files of a folder that is not trusted take nobody's place, and are used only
when the person names one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path

from coder.commands.definition import Mistake, Origin
from coder.commands.places import Kind, Place, files_in, places_of
from coder.commands.styles import style_of
from coder.config.paths import MANAGED
from coder.config.trust import judge
from coder.core import prompts
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.core.visible import visible_line
from coder.frontmatter.found import Search

MOST = 64 * 1024  # characters of a style: they go into every request
_KIND: Kind = "output-styles"
_BUILT_IN = ("proactive", "concise", "explanatory", "learning")
_NAMED = 12  # names in a warning


@dataclass(frozen=True, slots=True)
class Style:
    """`text` goes into the system prompt; `keeps_coding`: beside all of its sections. `forced`: its plugin wants it
    where nobody chose one. `mistakes` are for people, `digest` is the SHA-256 of the file of one that is forced."""

    name: str
    description: str = ""
    text: str = ""
    keeps_coding: bool = False
    origin: Origin = "built-in"
    mistakes: tuple[str, ...] = ()
    forced: bool = False
    digest: str = ""


DEFAULT = Style("Default", "Finishes the task and says briefly what it did", keeps_coding=True)


def available(config: Config) -> tuple[Style, ...]:
    """Each style once, as it counts, those by a name of ours first. Blocks. Never raises for what stands in anybody's
    folder."""
    ours = [DEFAULT.name.casefold(), *_BUILT_IN]
    found = {DEFAULT.name.casefold(): DEFAULT}
    for style in _styles(config):
        if (key := style.name.casefold()) != DEFAULT.name.casefold():
            found[key] = style
    return tuple(found[key] for key in sorted(found, key=lambda key: ours.index(key) if key in ours else len(ours)))


def chosen(config: Config, warnings: list[str]) -> Style | None:
    """The style that is set; None for the default one, and with a warning where there is none of that name."""
    every = available(config)
    wanted = " ".join(config.guidance.style.split())
    found = next((style for style in every if style.name.casefold() == wanted.casefold()), None)
    if found is None:
        warnings.append(_unknown(wanted, [style.name for style in every]))
        return None
    if found.origin == "project" and config.guidance.style_is_theirs:
        warnings.append(
            f'outputStyle: the style "{found.name[:60]}" of this folder is not used, because the folder is not trusted.'
            " If you know what is in it: coder trust add"
        )
        return None
    warnings += found.mistakes
    return found if found.text else None


def forced(config: Config) -> Style | None:
    """The one that a plugin of this session brings for all of it. That of a plugin that lies in the repository takes
    the approval of that very text: that the folder is trusted says nothing of its plugins."""
    styles = (style for style in available(config) if style.forced and style.text)
    plugins = config.plugins.loaded if config.plugins is not None else ()
    approved = {digest for plugin in plugins for digest in plugin.styles}
    return next((style for style in styles if style.origin != "project" or style.digest in approved), None)


def _styles(config: Config) -> Iterator[Style]:
    """The weakest first: the strongest of one name counts."""
    found = [_whose(place, config) for place in reversed(places_of(config, MANAGED))]
    theirs = [place for place in found if place.origin == "project" and not _is_trusted(config)]
    search = Search()
    yield from _in(theirs, search)
    yield from _own()
    yield from _in([place for place in found if place not in theirs], search)


def _whose(place: Place, config: Config) -> Place:
    """What a plugin that lies in the repository says is the repository's word."""
    is_theirs = config.plugins is not None and place.plugin is not None and config.plugins.needs_trust(place.folder)
    return replace(place, origin="project") if is_theirs else place


def _own() -> Iterator[Style]:
    folder = prompts.folder() / "styles"
    for name in _BUILT_IN:
        yield _style(prompts.load(f"styles/{name}").encode(), folder / f"{name}.md", Place(folder, _KIND, "built-in"))


def _in(places: Iterable[Place], search: Search) -> Iterator[Style]:
    for place in places:
        for file in files_in(place, search) if place.kind == _KIND else ():
            if (data := search.read(file.path)) is not None:
                yield _style(data, file.path, place)


def _style(data: bytes, file: Path, place: Place) -> Style:
    written, mistakes = style_of(data, file, place)
    told = [_told(mistake) for mistake in mistakes if mistake.level == "error"]
    if len(written.text) > MOST:
        written = replace(written, text=written.text[:MOST])
        told.append(f"{visible_line(str(file))} is longer than {MOST:,} characters: the rest of it is not used.")
    return Style(
        name=visible_line(" ".join(written.name.split())),
        description=visible_line(written.description),
        text=written.text,
        keeps_coding=written.keeps_coding,
        origin=written.origin,
        mistakes=tuple(told),
        forced=written.forced,
        digest=sha256(data).hexdigest() if written.forced else "",
    )


def _is_trusted(config: Config) -> bool:
    """Whether the person has approved the folder; one without settings may have been approved all the same."""
    return (config.trust or judge({}, config.home, config.cwd)).is_trusted


def _told(mistake: Mistake) -> str:
    return f"{visible_line(str(mistake.path))}, line {mistake.line}: {visible_line(mistake.text)}."


def _unknown(wanted: str, names: list[str]) -> str:
    by_lower = {name.casefold(): name for name in names}
    near = get_close_matches(wanted.casefold(), by_lower, n=1)
    hint = f"Did you mean {by_lower[near[0]]}?" if near else f"There are {', '.join(names[:_NAMED])}."
    return f'outputStyle: there is no style "{visible_line(wanted)[:60]}". {hint}'
