"""Path rules in gitignore syntax, with their anchors. Must not know which rule denies and which allows."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from coder.permissions.paths import Place
from coder.permissions.world import World

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_ANY_CHILD = "\x01"  # a name no rule spells out: only a wildcard matches it
Anchor: TypeAlias = Literal["disk", "home", "base", "start"]


@dataclass(frozen=True, slots=True)
class PathPattern:
    """`pattern` is gitignore text below the anchor's folder; `loose` is its wider reading, for deny and ask."""

    anchor: Anchor
    pattern: str
    loose: str
    base: Path

    @property
    def is_hidden(self) -> bool:
        """Whether everything it matches has a name beginning with a dot on its way."""
        return any(part.startswith(".") for part in self.loose.split("/"))

    def allows(self, place: Place, world: World) -> bool:
        """Both spellings match: a link cannot borrow the permission of its name, nor of its target."""
        return all(self._matches(path, self.pattern, world) for path in place.both)

    def blocks(self, place: Place, world: World) -> bool:
        """Either spelling matches, as a file, as a folder, or as a folder whose every content matches."""
        return any(self._matches(path, self.loose, world, folder=True) for path in place.both)

    def _matches(self, path: Path, pattern: str, world: World, folder: bool = False) -> bool:
        anchor = self.folder(world)
        spec = _compiled(pattern.casefold() if world.ignores_case else pattern)
        if spec is None:
            return False
        for start in {anchor, world.resolve(anchor)}:
            name = _below(path, start, world.ignores_case)
            names = (name, f"{name}/", f"{name}/{_ANY_CHILD}") if folder else (name,)
            if name and any(spec.match_file(n) for n in names):
                return True
        return False

    def folder(self, world: World) -> Path:
        """Where the pattern starts."""
        match self.anchor:
            case "disk":
                return Path("/")
            case "home":
                return world.home
            case "base":
                return self.base
            case "start":
                return world.roots[0] if world.roots else world.cwd


def path_pattern(spec: str, base: Path) -> PathPattern | None:
    """The pattern of `Read(spec)`; None when gitignore would not accept it or it would exclude instead of match."""
    text = spec.strip()
    backslashes = len(text) - len(text.rstrip("\\"))
    if not text or text.startswith("!") or backslashes % 2 or any(c in text for c in "\n\r\0"):
        return None
    if text.startswith("//"):
        return _anchored("disk", text[2:], base)
    if text == "~" or text.startswith("~/"):
        return _anchored("home", text[2:], base)
    if text.startswith("/"):
        return _anchored("base", text[1:], base)
    if text.startswith("./"):
        rest = text[2:].lstrip("/") or "**"
        return PathPattern("start", "/" + rest, _anywhere(rest), base)
    if text.startswith("#"):
        text = "\\" + text
    single_folder = text.endswith("/**") and "/" not in text[:-3]
    strict = "/" + text if single_folder else text
    return PathPattern("start", strict, _anywhere(text), base)


def _anchored(anchor: Anchor, rest: str, base: Path) -> PathPattern:
    pattern = "/" + (rest.lstrip("/") or "**")
    return PathPattern(anchor, pattern, pattern, base)


def _anywhere(text: str) -> str:
    if text.endswith("/**") and "/" not in text[:-3]:
        return "**/" + text
    return "\\" + text if text[0] in "#!" else text


def literal(path: Path) -> str:
    """A pattern that matches this path and nothing else."""
    escaped = "".join("\\" + c if c in "\\*?[]!# " else c for c in str(path).lstrip("/"))
    return "//" + escaped


def _below(path: Path, folder: Path, ignores_case: bool) -> str:
    if ignores_case:
        path, folder = Path(str(path).casefold()), Path(str(folder).casefold())
    if not path.is_relative_to(folder):
        return ""
    name = path.relative_to(folder).as_posix()
    return "" if name == "." else name


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> GitIgnoreSpec | None:
    # pathspec costs as much to import as everything else here together, and most runs have no path rule:
    # it is loaded by the first rule that is matched. Imports inside functions are not allowed in this package.
    module = importlib.import_module("pathspec")
    try:
        spec: GitIgnoreSpec = module.GitIgnoreSpec.from_lines([pattern])
    except ValueError:
        return None
    return spec
