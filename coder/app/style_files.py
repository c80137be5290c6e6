"""Output styles in files: where they lie, and what one says. Anybody's files: bounded, and never waited for. Must not
know which style a session has.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, TypeAlias

from coder.config.paths import user_home
from coder.core import prompts
from coder.core.config import Config
from coder.core.ordinary import read_ordinary
from coder.core.visible import visible_line
from coder.frontmatter.read import split

Origin: TypeAlias = Literal["built-in", "yours", "project"]
MOST = 64 * 1024  # bytes of a style
_MOST_FILES = 200  # of a folder
_FOLDER = "output-styles"
_BUILT_IN = ("proactive", "concise", "explanatory", "learning")
_YES, _NO = frozenset({"true", "yes", "on", "1"}), frozenset({"", "false", "no", "off", "0", "none"})


@dataclass(frozen=True, slots=True)
class Style:
    """`text` goes into the system prompt; `keeps_coding`: beside all of its sections. `mistakes` are for people."""

    name: str
    text: str
    description: str = ""
    keeps_coding: bool = False
    origin: Origin = "built-in"
    file: Path | None = None
    mistakes: tuple[str, ...] = ()


def styles(config: Config) -> Iterator[Style]:
    """Every style there is but the default one, the weakest first: ours, the person's, the project's from the top of
    the repository down to the folder. Blocks. Never raises for anything that stands in somebody's folder."""
    for name in _BUILT_IN:
        yield _style(prompts.load(f"styles/{name}"), name.capitalize(), "built-in", None)
    if "user" in config.guidance.sources:
        for folder in _yours(config):
            yield from _in_folder(folder, "yours", None)
    if "project" in config.guidance.sources:
        top = _top(config.cwd)
        for place in _down(top, config.cwd):
            for name in (".claude", ".coder"):
                yield from _in_folder(place / name / _FOLDER, "project", top)


def _yours(config: Config) -> Iterator[Path]:
    home = user_home(config.env)
    if config.home == home / ".coder":
        yield home / ".claude" / _FOLDER
    yield config.home / _FOLDER


def _top(cwd: Path) -> Path:
    """The repository's first folder; the folder itself where there is no repository."""
    return next((place for place in (cwd, *cwd.parents) if os.path.lexists(place / ".git")), cwd)


def _down(top: Path, cwd: Path) -> list[Path]:
    return [place for place in reversed((cwd, *cwd.parents)) if place.is_relative_to(top)]


def _in_folder(folder: Path, origin: Origin, within: Path | None) -> Iterator[Style]:
    """Files whose links lead out of `within` are none of its own, and are left."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(islice((entry.name for entry in entries if entry.name.endswith(".md")), _MOST_FILES))
    except OSError:
        return
    for name in names:
        path = folder / name
        try:
            if within is not None and not path.resolve().is_relative_to(within.resolve()):
                continue
            data = read_ordinary(path, MOST + 1)
        except (OSError, RuntimeError, ValueError):  # gone, no file, a link in a circle
            continue
        text = data[:MOST].decode("utf-8", "replace")
        style = _style(text, path.stem, origin, path)
        yield style if len(data) <= MOST else _cut(style)


def _style(text: str, name: str, origin: Origin, file: Path | None) -> Style:
    head = split(text)
    where = visible_line(str(file))
    mistakes = [f"{where}, line {problem.line}: {problem.text}." for problem in head.problems]
    keeps = str(head.meta.get("keep-coding-instructions", "")).strip().lower()
    if keeps not in _YES | _NO:
        line = head.lines.get("keep-coding-instructions", 1)
        mistakes.append(f"{where}, line {line}: keep-coding-instructions must be true or false; it counts as false.")
    return Style(
        name=_text(head.meta.get("name")) or visible_line(name),
        text=head.body.strip(),
        description=_text(head.meta.get("description")),
        keeps_coding=keeps in _YES,
        origin=origin,
        file=file,
        mistakes=tuple(mistakes),
    )


def _cut(style: Style) -> Style:
    where = visible_line(str(style.file))
    return Style(
        style.name,
        style.text,
        style.description,
        style.keeps_coding,
        style.origin,
        style.file,
        (*style.mistakes, f"{where} is longer than {MOST // 1024} KiB; the rest of it is not used."),
    )


def _text(value: object) -> str:
    return visible_line(" ".join(value.split())) if isinstance(value, str) else ""
