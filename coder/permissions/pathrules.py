"""Path rules in gitignore syntax, with their anchors. Must not know which rule denies and which allows."""

from __future__ import annotations

import importlib
import re
import warnings
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.permissions.paths import Place, fold, folded
from coder.permissions.world import World

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_WILD = re.compile(r"(?:\\.|[^*?[\\])*[*?[]")
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

    def allows(self, path: Path, world: World) -> bool:
        """Whether this one spelling matches. `docs/*` is one segment here: what is in the folder, nothing deeper."""
        if not self._matches(path, self.pattern, world):
            return False
        return not (_is_flat(self.pattern) and self._matches(path.parent, self.pattern, world))

    def blocks(self, place: Place, world: World) -> bool:
        """Either spelling matches, as a file, as a folder, or as a folder whose every content matches."""
        return any(self._matches(path, self.loose, world, folder=True) for path in place.both)

    def _matches(self, path: Path, pattern: str, world: World, folder: bool = False) -> bool:
        anchor = self.folder(world)
        starts = {anchor, world.resolve(anchor)}
        if any(_fits(path, start, pattern, folder=folder) for start in starts):
            return True
        if not world.folds(path):
            return False
        return any(_fits(folded(path), folded(start), fold(pattern), folder=folder) for start in starts)

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
    if ".." in text.split("/"):
        return None  # gitignore has no way up
    if text.startswith("//"):
        return _anchored("disk", text[2:], base)
    if text == "~" or text.startswith("~/"):
        return _anchored("home", text[2:], base)
    if text.startswith("/"):
        return _anchored("base", text[1:], base)
    if text == "." or text.startswith("./"):
        rest = _tidy(text[2:]) or "**"
        return PathPattern("start", "/" + rest, _anywhere(rest), base)
    text = _tidy(text)
    if text.startswith("#"):
        text = "\\" + text
    single_folder = text.endswith("/**") and "/" not in text[:-3]
    strict = "/" + text if single_folder else text
    return PathPattern("start", strict, _anywhere(text), base)


def _anchored(anchor: Anchor, rest: str, base: Path) -> PathPattern:
    pattern = "/" + (_tidy(rest) or "**")
    return PathPattern(anchor, pattern, pattern, base)


def _is_flat(pattern: str) -> bool:
    """Whether its last segment is a wildcard that stands for one name."""
    last = pattern.rpartition("/")[2]
    return last != "**" and bool(_WILD.match(last)) and not pattern.endswith("**/*")


def _tidy(path: str) -> str:
    """Without `.` and empty segments, which gitignore would take for names."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return "/".join(parts) + "/" * (bool(parts) and path.endswith("/"))


def _anywhere(text: str) -> str:
    if text.endswith("/**") and "/" not in text[:-3]:
        return "**/" + text
    return "\\" + text if text[0] in "#!" else text


def literal(path: Path) -> str:
    """A pattern that matches this path and nothing else (a line end, which no pattern can hold, as any character)."""
    text = str(path).lstrip("/")
    escaped = "".join("\\" + c if c in "\\*?[]!# " else "?" if c in "\n\r" else c for c in text)
    if text.endswith(" "):  # a blank at the very end of a rule's path would be lost
        escaped = escaped[:-2] + "[ ]"
    return "//" + escaped


def _fits(path: Path, start: Path, pattern: str, *, folder: bool) -> bool:
    """Whether the path is below `start` and matches, or would with what it holds when it is a folder."""
    spec = _compiled(pattern)
    if spec is None or not path.is_relative_to(start):
        return False
    name = path.relative_to(start).as_posix()
    names = (name, f"{name}/", f"{name}/{_ANY_CHILD}") if folder else (name,)
    return name != "." and any(spec.match_file(n) for n in names)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> GitIgnoreSpec | None:
    # pathspec costs as much to import as everything else here together, and most runs have no path rule:
    # it is loaded by the first rule that is matched. Imports inside functions are not allowed in this package.
    module = importlib.import_module("pathspec")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # `[[]` means to git what it means to Python today
            spec: GitIgnoreSpec = module.GitIgnoreSpec.from_lines([pattern])
    except ValueError:
        return None
    return spec
