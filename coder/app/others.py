"""Other sessions at work in the same place, and what of what a call touches they changed. Advisory: nobody is stopped.

Knows the marks that sessions leave, and calls; must not know tools, rules or front ends. Nothing is written before the
first call that may change something, or `begin`; nothing is looked at before the first call on a file. Where marks
cannot be left or read, there are no others.
"""

from __future__ import annotations

import asyncio
import os
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from coder.app.threads import finished
from coder.core.events import AnyEvent, RunEnded, RunStarted
from coder.core.lazy import LazyModule
from coder.core.messages import said
from coder.core.requests import Reason
from coder.core.visible import visible_line

if TYPE_CHECKING:
    from coder.agent.visits import Visit
    from coder.app import other_words as words
    from coder.app import presenting
    from coder.app.presenting import Presenting, Who
    from coder.checkpoints.entries import Change
    from coder.git import repository
    from coder.sessions import neighbours
    from coder.sessions.neighbours import Neighbours, Trace
    from coder.sessions.presence import Here
else:  # for calls on files
    words, presenting = LazyModule("coder.app.other_words"), LazyModule("coder.app.presenting")
    repository, neighbours = LazyModule("coder.git.repository"), LazyModule("coder.sessions.neighbours")

_MEETING = frozenset({"Read", "Edit", "Write", "NotebookEdit"})  # after which the model knows the file
_LEASE = 600.0  # seconds for which a change of a living session is worth a word, however well the file is known
_MOST_MET = 10_000
_MOST_LINES = 3

_Stamp: TypeAlias = tuple[int, int, int]  # inode, size and time of change
_Met: TypeAlias = tuple[_Stamp, float]  # a file as the model saw it, and when


class OtherSessions:
    """Implements the engine's `Others`. `who` says which session this is, and is asked for late; `first` is the first
    prompt of one that goes on. Without `enabled` there are no others, and this session is none to them."""

    def __init__(self, who: Callable[[], Who], first: str = "", *, enabled: bool = True) -> None:
        self._who = who
        self._first = first
        self._since = round(time.time(), 3)
        self._made: Presenting | None = None
        self._enabled = enabled
        self._known: Neighbours | None = None
        self._met: OrderedDict[str, _Met] = OrderedDict()
        self._noted: dict[str, _Stamp | None] = {}  # changes that were written down before a checkpoint told them
        self._inside = 0  # calls under way, each of which writes down what was changed when it ends
        self._lock = threading.RLock()
        self._work: set[asyncio.Future[None]] = set()

    def on(self, event: AnyEvent) -> None:
        """A session without a title is called by its first prompt."""
        if isinstance(event, RunStarted | RunEnded) and event.agent == "main":
            if isinstance(event, RunStarted) and not self._first:
                self._first = said(event.prompt)
            self.entitled()

    def entitled(self) -> None:
        """The session may have another name by now."""
        if self._made is not None and self._made.is_shown:
            self._soon(self._made.entitle)

    def changed(self, changes: tuple[Change, ...]) -> None:
        """This session changed files."""
        if not self._enabled:
            return
        own, kinds = self._own(), ((each.path, each.after or each.before) for each in changes)
        paths = [path for path, entry in kinds if entry is not None and entry.kind != "folder"]
        own.changed(path for path in paths if path not in self._noted or self._noted.pop(path) != _stamp(Path(path)))
        if not self._inside:
            self._soon(own.write_down)

    async def begin(self) -> tuple[Here, ...]:
        """This session is at work from now on, with nothing done yet. Returns who else works in the same place, the
        latest first."""
        return await finished(self._begin, self._own()) if self._enabled else ()

    @asynccontextmanager
    async def around(self, visit: Visit) -> AsyncIterator[str]:
        if not self._enabled or not (visit.files or visit.changes):
            yield ""
            return
        self._inside += 1
        own = self._own()
        met: dict[str, _Met] | None = None
        try:
            note, before = await finished(self._arrive, own, visit)
            yield note
            met = before
        finally:
            self._inside -= 1
            await finished(self._leave, own, visit, met)

    async def objections(self, visit: Visit) -> tuple[Reason, ...]:
        if not self._enabled or not visit.changes:
            return ()
        texts = await finished(self._objections, visit)
        return tuple(Reason("tool", text, "another session") for text in texts)

    async def aclose(self) -> None:
        """Idempotent, never raises."""
        if self._work:
            await asyncio.wait(tuple(self._work))
        if self._enabled and self._made is not None:
            await finished(self._close, self._made)

    def _own(self) -> Presenting:
        """This session as others see it. For the event loop alone: of two threads each could make one."""
        if self._made is None:
            self._made = presenting.Presenting(self._who(), lambda: self._first, self._since)
        return self._made

    def _close(self, own: Presenting) -> None:
        with self._lock:
            own.close()

    def _begin(self, own: Presenting) -> tuple[Here, ...]:
        with self._lock:
            own.announce()
            here = own.here()
            return tuple(each for each in self._looked().live() if _is_beside(here, each))

    def _arrive(self, own: Presenting, visit: Visit) -> tuple[str, dict[str, _Met]]:
        """What is to be said, and the files as they are before the call."""
        with self._lock, suppress(OSError, ValueError):
            if visit.changes:
                own.announce()
            known, now = self._looked(), time.time()
            met: dict[str, _Met] = {}
            if visit.tool in _MEETING:
                met = {str(path): (stamp, now) for path in visit.files if (stamp := _stamp(path)) is not None}
            lines = [self._line(known, visit, str(path), met) for path in visit.files]
            lines += [words.reached(trace, what) for trace, what in self._reached(known, visit)]
            return "\n".join(dict.fromkeys(filter(None, lines))), met
        return "", {}

    def _line(self, known: Neighbours, visit: Visit, path: str, met: dict[str, _Met]) -> str:
        """What is to be said of a file: that it is not what the model saw last, or that somebody is at work on it."""
        last, now = self._met.get(path), met.get(path)
        if last is not None and visit.tool in _MEETING and last[0] != (now and now[0]):
            traces = known.changed(path, last[1])
            if traces:
                return words.changed(traces[0])
        living = _living(known.changed(path, time.time() - _LEASE)) if visit.writes else None
        return words.changed(living) if living is not None else ""

    def _reached(self, known: Neighbours, visit: Visit) -> list[tuple[Trace, str]]:
        """What of that which a command reaches was changed by a living session: just now, or where git may drop it at
        any time this day."""
        recent = time.time() - _LEASE
        found = [(path, recent) for path in visit.touched if self._who().may_name(path)]
        found += [(_top(folder), 0.0) for folder in visit.drops]
        reached: list[tuple[Trace, str]] = []
        for path, since in dict.fromkeys(found):
            living = _living(known.changed_below(os.path.realpath(path), since))
            if living is not None and len(reached) < _MOST_LINES:
                name = visible_line(str(path))
                reached.append((living, f"files in {name}" if path.is_dir() else name))
        return reached

    def _objections(self, visit: Visit) -> list[str]:
        with self._lock, suppress(OSError, ValueError):
            known, recent = self._looked(), time.time() - _LEASE
            files = [_living(known.changed(str(path), recent)) for path in visit.files if visit.writes]
            texts = [words.objection(trace, "it") for trace in files if trace is not None]
            return texts + [words.objection(trace, what) for trace, what in self._reached(known, visit)]
        return []

    def _leave(self, own: Presenting, visit: Visit, met: dict[str, _Met] | None) -> None:
        """Without `met` the call failed: its files are as unknown as before."""
        with self._lock:
            for path in visit.files if met is not None else ():
                self._meet(own, visit, str(path), (met or {}).get(str(path)))
            own.write_down()

    def _meet(self, own: Presenting, visit: Visit, path: str, seen: _Met | None) -> None:
        """Of a file that was read the state before counts, of one that was written the state after."""
        if visit.writes:
            stamp = _stamp(Path(path))
            if stamp != (seen and seen[0]):
                own.changed((path,))
                self._noted[path] = stamp
            seen = (stamp, time.time()) if stamp is not None else None
        if seen is not None:
            self._met[path] = seen
            self._met.move_to_end(path)
            if len(self._met) > _MOST_MET:
                self._met.popitem(last=False)

    def _looked(self) -> Neighbours:
        if self._known is None:
            who = self._who()
            self._known = neighbours.Neighbours(who.folder, who.session_id)
        self._known.look()
        return self._known

    def _soon(self, work: Callable[[], None]) -> None:
        def locked() -> None:
            with self._lock:
                work()

        doing = asyncio.get_running_loop().run_in_executor(None, locked)
        self._work.add(doing)
        doing.add_done_callback(self._work.discard)


def _stamp(path: Path) -> _Stamp | None:
    """What tells one state of a file from another; None for what is no file."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def _living(traces: list[Trace]) -> Trace | None:
    return next((trace for trace in traces if trace.is_live), None)


def _top(folder: Path) -> Path:
    """The work tree that a folder lies in."""
    place = repository.repository_of(folder)
    return place.top if place is not None else folder


def _is_beside(own: Here, other: Here) -> bool:
    """Whether both work in the same place: another work tree of the same repository is another place."""
    if own.top or other.top:
        return own.top == other.top
    here, there = Path(own.cwd), Path(other.cwd)
    return here.is_relative_to(there) or there.is_relative_to(here)
