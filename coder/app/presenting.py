"""This session as others see it: that it works, what it is called, which files it changed. Must not know the others.

All of it blocks and never raises. Nothing is written before the session has something to say of itself; where nothing
can be written, that is not tried again.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.other_words import TITLE
from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.core.visible import visible_line
from coder.sessions.titles import first_words

if TYPE_CHECKING:
    from coder.app import naming
    from coder.app.outset import Outset
    from coder.git import repository
    from coder.sessions import presence
    from coder.sessions.presence import Here
else:  # for calls on files
    naming = LazyModule("coder.app.naming")
    repository, presence = LazyModule("coder.git.repository"), LazyModule("coder.sessions.presence")


@dataclass(frozen=True, slots=True, eq=False)
class Who:
    """A session: `folder` keeps the marks of all, `title` is what somebody called it. `may_name` tells whether no rule
    keeps a path out of what is written down."""

    folder: Path
    session_id: str
    cwd: Path
    mode: Callable[[], str]
    title: Callable[[], str]
    may_name: Callable[[Path], bool]


def who_of(outset: Outset) -> Who:
    config = outset.config
    return Who(
        folder=config.home / "presence",
        session_id=outset.journal.session_id,
        cwd=config.cwd,
        mode=lambda: outset.control.mode,
        title=lambda: outset.journal.title,
        may_name=lambda path: naming.may_name(outset.book, outset.judge, path),
    )


class Presenting:
    """`first` gives the first prompt, from which an untitled session has its name; `since` when it began. `is_shown`:
    others see it. Only `changed` may be called while another call is in a thread."""

    def __init__(self, who: Who, first: Callable[[], str], since: float) -> None:
        self._first = first
        self._who = who
        self._since = since
        self._mark: presence.Presence | None = None
        self._is_mute = False
        self._pending: deque[str] = deque()  # what was changed and is not written down yet

    @property
    def is_shown(self) -> bool:
        return self._mark is not None

    def changed(self, paths: Iterable[str]) -> None:
        """To be written down by `write_down`. The only thing here that does not block."""
        self._pending.extend(paths)

    def announce(self) -> None:
        """Others see this session from now on."""
        if self._mark is not None or self._is_mute:
            return
        mark = presence.Presence(self._who.folder, self.here())
        try:
            mark.announce()
            self._mark = mark
        except OSError:
            self._is_mute = True

    def entitle(self) -> None:
        """It may have another name by now."""
        with suppress(OSError):
            if self._mark is not None:
                self._mark.entitle(self._title())

    def write_down(self) -> None:
        pending: dict[str, None] = {}
        while self._pending:
            pending[self._pending.popleft()] = None
        named = [path for path in pending if self._may_name(path)]
        if named:
            self.announce()
            with suppress(OSError):
                if self._mark is not None:
                    self._mark.note(named, time.time())

    def close(self) -> None:
        """It has ended. Idempotent."""
        self.write_down()
        if self._mark is not None:
            self._mark.close()
        self._mark, self._is_mute = None, True

    def here(self) -> Here:
        cwd = os.path.realpath(self._who.cwd)
        place = repository.repository_of(Path(cwd))
        top = str(place.top) if place is not None else ""
        return presence.Here(self._who.session_id, os.getpid(), self._title(), cwd, top, self._who.mode(), self._since)

    def _may_name(self, path: str) -> bool:
        try:
            return self._who.may_name(Path(path))
        except (OSError, ValueError):
            return False

    def _title(self) -> str:
        return visible_line(self._who.title() or first_words(self._first()))[:TITLE]
