"""The files that an `@` can name: those git tracks or does not ignore, and others by their path. Never blocks a key.

Lists are made in threads, after the first `@`, and made again when one is asked for that is old. Must not know keys.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from threading import Thread
from time import monotonic

from coder.config.paths import expand
from coder.core.dataclass import dataclass
from coder.core.nofollow import Folders
from coder.frontends.fuzzy import Ranking
from coder.git.call import Git
from coder.tools.walk import Walk, start_at

_FRESH = 5.0  # seconds
_MOST = 200_000  # files
_MOST_LISTED = 5_000  # entries of one folder outside
_MOST_BYTES = 1 << 26  # of what git prints
_OUTSIDE = ("/", "~/", "./", "../")


@dataclass(frozen=True, slots=True)
class _Index:
    ranking: Ranking
    counts: Mapping[str, int]  # files below a folder, by its path with its slash
    made_at: float


@dataclass(frozen=True, slots=True)
class _Listing:
    entries: tuple[str, ...]  # names; those of folders end in a slash
    made_at: float


class Files:
    """`state` grows whenever there is more to be found; `redraw` is called then, from another thread."""

    def __init__(self, folder: Path, env: Mapping[str, str], redraw: Callable[[], None]) -> None:
        self.state = 0
        self._folder = folder
        self._env = env
        self._redraw = redraw
        self._index: _Index | None = None
        self._listings: dict[str, _Listing] = {}
        self._busy: set[str] = set()
        self._closed = False

    def best(self, query: str, most: int) -> list[tuple[str, str]]:
        if query.startswith(_OUTSIDE) or query in ("~", "..", "."):
            return self._outside(query, most)
        if self._index is None or monotonic() - self._index.made_at > _FRESH:
            self._start("", self._make_index)
        index = self._index
        if index is None:
            return []
        found = (self._told(path, index.counts) for path in index.ranking.best(query, most) if path != query)
        return [each for each in found if each is not None]

    def found(self, query: str, most: int) -> list[str]:
        """The paths that `best` would come to, for who can wait. Blocks."""
        if query.startswith(_OUTSIDE):
            self._make_listing(query.rpartition("/")[0] + "/")
        elif self._index is None or monotonic() - self._index.made_at > _FRESH:
            self._make_index()
        return [path for path, _ in self.best(query, most)]

    def close(self) -> None:
        self._closed = True

    def _told(self, path: str, counts: Mapping[str, int]) -> tuple[str, str] | None:
        if (count := counts.get(path)) is not None:
            return path, f"{count:,} {'file' if count == 1 else 'files'}"
        try:
            facts = (self._folder / path).stat()
        except OSError:
            return None  # deleted since
        return (f"{path}/", "") if stat.S_ISDIR(facts.st_mode) else (path, _size(facts.st_size))

    def _outside(self, query: str, most: int) -> list[tuple[str, str]]:
        """What is in the folder that the query is in."""
        if "/" not in query:
            return [(f"{query}/", "")]
        lead, slash, name = query.rpartition("/")
        lead += slash
        listing = self._listings.get(lead)
        if listing is None or monotonic() - listing.made_at > _FRESH:
            self._start(lead, lambda: self._make_listing(lead))
        if listing is None:
            return []
        name = name.lower()
        if not name:
            fits = [each for each in listing.entries if not each.startswith(".")]
        else:
            fits = [each for each in listing.entries if each.lower().startswith(name)]
            fits += [each for each in listing.entries if name in each.lower() and not name.startswith(".")]
            fits = list(dict.fromkeys(fits))
        fits.sort(key=lambda each: (not each.lower().startswith(name), each.lower()))
        return [(lead + each, "") for each in fits[:most]]

    def _start(self, name: str, make: Callable[[], None]) -> None:
        if name in self._busy or self._closed:
            return
        self._busy.add(name)
        Thread(target=self._run, args=(name, make), daemon=True, name="files for @").start()

    def _run(self, name: str, make: Callable[[], None]) -> None:
        try:
            make()
        finally:
            self._busy.discard(name)
        self.state += 1
        if not self._closed:
            self._redraw()

    def _make_index(self) -> None:
        paths = [path for path in self._paths() if path.isprintable() and '"' not in path]
        counts: Counter[str] = Counter()
        for folder, count in Counter(path[: path.rfind("/") + 1] for path in paths).items():
            while folder:
                counts[folder] += count
                folder = folder[: folder.rfind("/", 0, -1) + 1]
        names = sorted([*paths, *counts], key=lambda path: (path.count("/", 0, -1), path))
        self._index = _Index(Ranking(names), counts, monotonic())

    def _paths(self) -> list[str]:
        listed = Git(self._env, [self._folder]).run(
            self._folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard", most=_MOST_BYTES
        )
        if listed is None:
            return list(islice(self._walked(), _MOST))
        names = dict.fromkeys(os.fsdecode(listed).split("\0")[:-1])
        return [name for name in islice(names, _MOST) if name != ".git" and not name.startswith(".git/")]

    def _walked(self) -> Iterator[str]:
        """Without git."""
        root = Path(os.path.realpath(self._folder))
        try:
            with Folders(str(root)) as top:
                yield from Walk(top).files(start_at(root, [root]))
        except OSError:
            return

    def _make_listing(self, lead: str) -> None:
        entries: list[str] = []
        try:
            with os.scandir(expand(lead, self._env, self._folder)) as found:
                for entry in islice(found, _MOST_LISTED):
                    if entry.name.isprintable() and '"' not in entry.name and entry.name != ".git":
                        entries.append(f"{entry.name}/" if _is_folder(entry) else entry.name)
        except OSError:
            pass  # nothing is found in it
        self._listings[lead] = _Listing(tuple(entries), monotonic())


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} B"
    size = float(count)
    for unit in ("KB", "MB", "GB"):
        size /= 1000
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if size >= 10 else f"{size:.1f} {unit}".replace(".0 ", " ")
    return ""
