"""Which paths a word on the command line means: a file, a folder with all in it, or a glob. Looks at links alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.frontmatter.globs import Globs

_MAGIC = frozenset("*?[{")


@dataclass(frozen=True, slots=True)
class Files:
    """`fits` tells which paths are meant; whoever has one of them holds one of `texts`. `path` is the one that is
    meant, "" for several or a folder. `place` is a folder all lie in."""

    fits: Callable[[str], bool]
    texts: tuple[str, ...]
    path: str
    place: Path

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def files_of(words: Sequence[str], cwd: Path) -> Files:
    """`cwd` is without links. Raises ConfigError for what can be no path."""
    if any("\0" in word or not word for word in words):
        raise ConfigError("a file has a name. Such as: coder who src/app.py")
    exact = {path: None for word in words if not _is_glob(word, cwd) for path in _places(word, cwd)}
    globs = [_glob(word, cwd) for word in words if _is_glob(word, cwd)]

    def fits(path: str) -> bool:
        if path in exact:
            return True
        if any(_is_below(path, folder) for folder in exact):
            return True
        return any(_is_below(path, folder) and glob.match(path[len(folder.rstrip("/")) :]) for folder, glob in globs)

    texts = (*exact, *(folder for folder, _ in globs))
    one = next(iter(exact)) if len(words) == 1 and exact and not Path(next(iter(exact))).is_dir() else ""
    place = Path(os.path.commonpath(texts))
    return Files(fits, texts, one, place.parent if one else place)


def _places(word: str, cwd: Path) -> list[str]:
    """As journals name it, with no link in its folders; and where it leads when it is one."""
    plain = os.path.normpath(cwd / word)
    own = Path(os.path.realpath(Path(plain).parent), Path(plain).name)
    return [str(own), *([os.path.realpath(own)] if own.is_symlink() else [])]


def _is_glob(word: str, cwd: Path) -> bool:
    return bool(_MAGIC & set(word)) and not os.path.lexists(cwd / word)


def _glob(word: str, cwd: Path) -> tuple[str, Globs]:
    """The folder before the first name that is a pattern, and the rest."""
    parts = word.split("/")
    first = next(index for index, part in enumerate(parts) if _MAGIC & set(part))
    folder = os.path.realpath(cwd / ("/".join(parts[:first]) or ("/" if first else ".")))
    return folder, Globs.of(["/".join(parts[first:])])


def _is_below(path: str, folder: str) -> bool:
    """What is inside a repository's own folder is meant only by who names that."""
    start = folder.rstrip("/") + "/"
    return path.startswith(start) and ("/.git/" not in path or "/.git" in folder)
