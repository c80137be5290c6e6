"""The search worker: reads one query from its input, writes the answer to its output. Must not know tools or the model.

It is a process of its own because a regular expression or a hanging file system can only be stopped by killing it.
"""

from __future__ import annotations

import errno
import heapq
import os
import re
import signal
import stat
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import chain, dropwhile
from pathlib import Path
from types import FrameType

from coder.core.nofollow import Folders, below_top
from coder.tools.ignore import Denied
from coder.tools.matcher import OVERSIZED, Binary, Found, Matcher, confirmed, excerpt, is_binary, show
from coder.tools.query import Findings, Hidden, Hit, Line, Problem, Query, dump, load_query
from coder.tools.ripgrep import Ripgrep, Unusable
from coder.tools.walk import EVERYTHING, GONE, Walk, folders_above, start_at

_PAGE_SECONDS = 3.0
_PAGE_FILES = 200
_PLACES = 3
_PATIENCE = 4  # times as long may be looked for hidden matches when there are no others


class TimeUp(Exception):
    """The time for this part of the work is over."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises TimeUp inside, also out of a running regular expression."""

    def ring(signum: int, frame: FrameType | None) -> None:
        raise TimeUp

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Page:
    """The lines from `offset` on, as many as `limit` and `characters` allow."""

    def __init__(self, query: Query) -> None:
        self._skip = query.offset
        self._limit = query.limit
        self._characters = query.characters
        self.lines: list[Line] = []
        self.has_more = False

    @property
    def needed(self) -> int:
        """How many more lines to look for: one beyond the page tells that there are more."""
        return 0 if self.has_more else self._skip + self._limit - len(self.lines) + 1

    def skips(self, lines: int) -> bool:
        """Whether so many lines, being the next, all come before the page; then they are skipped."""
        if self._skip < lines:
            return False
        self._skip -= lines
        return True

    def add(self, line: Line) -> None:
        if self._skip:
            self._skip -= 1
            return
        self._characters -= len(line.path) + len(line.text) + 10
        if len(self.lines) == self._limit or (self._characters < 0 and self.lines):
            self.has_more = True
        if not self.has_more:
            self.lines.append(line)


class Scan:
    """Answers one query, with the search root as the current folder (for `file`, the folder it is in)."""

    def __init__(self, query: Query, file: str = "") -> None:
        self._query = query
        self._file = file
        self._folder = Path.cwd()
        reserved = (Path(path).resolve() for path in query.reserved)
        below = (path for path in reserved if path.is_relative_to(self._folder) and path != self._folder)
        denied = Denied(query.denied, self._folder)
        self._top = Folders(".")
        self._walk = Walk(self._top, frozenset(str(path.relative_to(self._folder)) for path in below), denied)
        self._include = [re.compile(source, re.DOTALL).fullmatch for source in query.include]
        self._exclude = [re.compile(source, re.DOTALL).fullmatch for source in query.exclude]
        self._matcher = Matcher(query, self._top)
        self._ripgrep: Ripgrep | None = None
        if query.ripgrep:
            self._ripgrep = Ripgrep(query.ripgrep, query.rust, self._top, multiline=query.multiline)
        self._counts: dict[str, int] = {}
        self._unread = 0
        self._oversized = 0
        self._is_partial = False

    def answer(self) -> Findings:
        query = self._query
        problem: Problem = ""
        with self._limited(query.seconds):
            problem = self._count()
        page = Page(query)
        files, has_more = self._listed()
        if query.want in ("lines", "parts"):
            with self._limited(_PAGE_SECONDS):
                self._fill(page)
            files, has_more = [], page.has_more
        findings = Findings(
            problem=problem,
            files=files,
            lines=page.lines,
            total_files=len(self._counts),
            total_count=0 if query.want == "newest" else sum(self._counts.values()),
            has_more=has_more,
            is_partial=self._is_partial,
            unreadable=self._walk.unreadable + self._unread,
            oversized=self._oversized,
            kept_back=self._walk.kept_back,
        )
        return findings if self._is_partial else replace(findings, hidden=self._hidden())

    @contextmanager
    def _limited(self, seconds: float) -> Iterator[None]:
        try:
            with time_limit(seconds):
                yield
        except TimeUp:
            self._is_partial = True

    def _fits(self, path: str) -> bool:
        return all(matches(path) for matches in self._include) and not any(matches(path) for matches in self._exclude)

    def _count(self) -> Problem:
        """Fills `_counts`: matches by path or, for names, when each file was changed."""
        if self._file:
            return self._count_file(self._file)
        start = start_at(Path(self._query.root), [Path(top) for top in self._query.tops])
        fitting = filter(self._fits, self._walk.files(start))
        if self._query.want == "newest":
            for path in fitting:
                with suppress(OSError):
                    self._counts[path] = self._top.status(path).st_mtime_ns
            return ""
        files = sorted(fitting)
        kept = [path for path in files if not self._is_oversized(path)]
        self._oversized = len(files) - len(kept)
        if kept:
            self._match(kept, ["./"])
        return ""

    def _count_file(self, file: str) -> Problem:
        problem = self._trouble(file)
        self._oversized = int(self._is_oversized(file))
        if not problem and not self._oversized:
            self._match([file], [f"./{file}"])
        return problem

    def _trouble(self, path: str) -> Problem:
        """Why a file cannot be searched."""
        try:
            return "binary" if is_binary(path, self._top) else ""
        except OSError:
            return "unreadable"

    def _is_oversized(self, path: str) -> bool:
        with suppress(OSError):
            return self._query.multiline and self._top.status(path).st_size > OVERSIZED
        return False

    def _match(self, files: list[str], places: list[str]) -> None:
        if self._ripgrep is not None:
            counts: dict[str, int] = {}
            pruned = [*self._walk.hidden_folders, *self._walk.hidden_files]
            try:
                read_all = self._ripgrep.count(counts, places, self._query.names, pruned)
                self._unread = 0 if read_all else sum(not os.access(path, os.R_OK) for path in files)
                return
            except Unusable:
                self._ripgrep = None
                counts.clear()
            finally:
                wanted = set(files)
                self._counts.update({path: counts[path] for path in counts if path in wanted and self._is_there(path)})
        for path in files:
            found = self._find(path, 0)
            if found.count:
                self._counts[path] = found.count

    def _is_there(self, path: str) -> bool:
        """Whether the path, with no link in it, still is an ordinary file."""
        try:
            return stat.S_ISREG(self._top.status(path).st_mode)
        except OSError:
            return False

    def _find(self, path: str, keep: int) -> Found:
        """The matches of one file as Python finds them; none when it cannot be read."""
        try:
            return self._matcher.find(path, keep)
        except Binary:
            return Found()
        except OSError as error:
            self._unread += error.errno not in GONE and not keep
            return Found()

    def _listed(self) -> tuple[list[Hit], bool]:
        query = self._query
        if query.want == "newest":
            newest = heapq.nsmallest(query.limit, ((-changed, path) for path, changed in self._counts.items()))
            return [Hit(path) for _, path in newest], len(newest) < len(self._counts)
        hits: list[Hit] = []
        room = query.characters
        for path in sorted(self._counts)[query.offset : query.offset + query.limit]:
            room -= len(path) + 10
            if room < 0 and hits:
                break
            hits.append(Hit(path, self._counts[path]))
        return hits, query.offset + len(hits) < len(self._counts)

    def _fill(self, page: Page) -> None:
        """Puts lines on the page, looking only into as many files as it takes."""
        query = self._query
        is_exact = query.want == "lines" and not (query.multiline or query.before or query.after)
        files = deque(dropwhile(lambda path: is_exact and page.skips(self._counts[path]), sorted(self._counts)))
        while files and page.needed:
            some: list[str] = []
            expected = 0
            while files and expected < page.needed and len(some) < _PAGE_FILES:
                some.append(files.popleft())
                expected += self._counts[some[-1]]
            for path, found in self._places(some, page.needed):
                if page.needed:
                    self._show(page, path, found)

    def _places(self, files: list[str], keep: int) -> Iterator[tuple[str, Found]]:
        if self._ripgrep is not None:
            try:
                yield from self._ripgrep.find(files, keep, parts=self._query.want == "parts").items()
                return
            except Unusable:
                self._ripgrep = None
        for path in files:
            yield path, self._find(path, keep)

    def _show(self, page: Page, path: str, found: Found) -> None:
        try:
            if self._query.want == "parts":
                for number, part in confirmed(path, self._top, found.parts):
                    page.add(Line(path, number, excerpt(part.encode("utf-8", "surrogateescape")), True))
                return
            for line in show(path, self._top, found.places, self._query.before, self._query.after):
                page.add(line)
                if not page.needed:
                    return
        except (OSError, Binary):
            return

    def _hidden(self) -> Hidden:
        """How many files match among those that ignore files hide, as far as there is time to look."""
        counts: dict[str, int] = {}
        is_complete = False
        patience = 1 if self._counts else _PATIENCE
        with suppress(TimeUp), time_limit(self._query.hidden_seconds * patience):
            self._count_hidden(counts)
            is_complete = True
        owners = frozenset(self._walk.hidden_folders)
        counter: Counter[str] = Counter()
        for path in filter(self._fits, counts):
            owner = next((folder for folder in folders_above(path) if folder in owners), None)
            if owner is None or self._walk.reaches(path):
                counter[path if owner is None else f"{owner}/"] += 1
        places = sorted(counter.items(), key=lambda item: (-item[1], item[0]))[:_PLACES]
        return Hidden(counter.total(), is_complete, places)

    def _count_hidden(self, counts: dict[str, int]) -> None:
        query = self._query
        folders = [f"{folder}/" for folder in self._walk.hidden_folders]
        files = [path for path in self._walk.hidden_files if self._fits(path) and not self._is_oversized(path)]
        if self._ripgrep is not None and query.want != "newest":
            with suppress(Unusable):
                self._ripgrep.count(counts, [f"./{path}" for path in [*files, *folders]], query.names, [])
                return
        below = (path for folder in folders for path in self._walk.files(EVERYTHING, folder))
        for path in chain(files, filter(self._fits, below)):
            if query.want == "newest":
                counts[path] = 1
            elif not self._is_oversized(path) and (found := self._find(path, 0)).count:
                counts[path] = found.count


def answer(query: Query) -> Findings:
    """Changes the current folder."""
    try:
        with Folders() as folders:
            mode = folders.status(below_top(Path(query.real))).st_mode
            if stat.S_ISDIR(mode):
                os.fchdir(folders.enter(below_top(Path(query.real)) + "/"))
                return Scan(query).answer()
            if query.want == "newest" or not stat.S_ISREG(mode):
                kinds: list[tuple[Callable[[int], bool], Problem]] = [(stat.S_ISREG, "file"), (stat.S_ISLNK, "moved")]
                return Findings(next((kind for is_kind, kind in kinds if is_kind(mode)), "special"))
            parent, _, name = below_top(Path(query.real)).rpartition("/")
            os.fchdir(folders.enter(f"{parent}/"))
            return _nameless(Scan(query, name).answer())
    except OSError as error:
        if error.errno == errno.ELOOP:
            return Findings("moved")
        return Findings("missing" if error.errno in GONE else "unreadable")


def _nameless(findings: Findings) -> Findings:
    """The root itself is the file: its path relative to itself is empty."""
    files = [replace(hit, path="") for hit in findings.files]
    return replace(findings, files=files, lines=[replace(line, path="") for line in findings.lines])


def main() -> None:
    sys.stdout.buffer.write(dump(answer(load_query(sys.stdin.buffer.read()))))
