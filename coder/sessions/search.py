"""Finds sessions by what was said in them: through the index where there can be one, else by reading. Writes nothing
else. Must not know how hits are shown."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.errors import SessionError
from coder.sessions.digest import digest
from coder.sessions.glimpse import Glimpse, glimpse
from coder.sessions.index import Facts, Found, Index, discard_index, open_index

_PLACES = 400  # looked at for each search
_ROUND = 60  # characters on both sides of a word found by reading


@dataclass(frozen=True, slots=True)
class Hit:
    """A session with its best places, the best first."""

    session: Glimpse
    places: tuple[Found, ...]


class Library:
    """All transcripts of a home: what was said in them, and what they used. Close it."""

    def __init__(self, home: Path, patience: float = 5.0) -> None:
        self._home = home
        self._index: Index | None = open_index(home, patience)

    def close(self) -> None:
        if self._index is not None:
            self._index.close()

    @property
    def is_indexed(self) -> bool:
        return self._index is not None

    def search(self, words: str, paths: Sequence[Path], limit: int, *, whole: bool = False) -> list[Hit]:
        """The sessions among `paths` that hold the words, the best first. `whole`: these are all there are.

        Raises SessionError when there is nothing to look for.
        """
        if not words.strip():
            raise SessionError("Search for what? Say a word.")
        found = self._indexed(words, paths, whole=whole)
        return _by_session(_scanned(words, paths) if found is None else found, set(paths), limit)

    def facts(self, paths: Sequence[Path]) -> list[Facts | None]:
        """What each session used; None for one that cannot be read."""
        if self._index is not None:
            try:
                self._index.refresh(paths)
                return [self._index.facts(path) for path in paths]
            except sqlite3.Error as error:
                self._drop(error)
        return [_facts(path) for path in paths]

    def recall(self, words: str, paths: Sequence[Path], limit: int) -> list[Hit]:
        """As `search`, in what the index knows by now: nothing is read for it. For somebody who is typing."""
        if self._index is None or not words.strip():
            return []
        try:
            return _by_session(self._index.search(words, _PLACES), set(paths), limit)
        except sqlite3.Error:
            return []

    def known(self, paths: Sequence[Path]) -> list[Facts | None]:
        """What each session used as far as the index knows by now; None for one it has not read."""
        try:
            return [self._index.facts(path) if self._index is not None else None for path in paths]
        except sqlite3.Error:
            return [None] * len(paths)

    def _indexed(self, words: str, paths: Sequence[Path], *, whole: bool) -> list[Found] | None:
        if self._index is None:
            return None
        try:
            self._index.refresh(paths, whole=whole)
            return self._index.search(words, _PLACES if whole else _PLACES * 20)
        except sqlite3.Error as error:
            self._drop(error)
            return None

    def _drop(self, error: sqlite3.Error) -> None:
        self.close()
        self._index = None
        discard_index(self._home, error)


def _facts(path: Path) -> Facts | None:
    try:
        found = digest(path)
    except OSError:
        return None
    return Facts(found.prompts, tuple(found.replies.values()))


def _by_session(found: Iterable[Found], wanted: set[Path], limit: int) -> list[Hit]:
    places: dict[Path, list[Found]] = {}
    for each in found:
        if each.path in wanted and (each.path in places or len(places) < limit):
            places.setdefault(each.path, []).append(each)
    seen = ((glimpse(path), tuple(each)) for path, each in places.items())
    return [Hit(session, each) for session, each in seen if session is not None]


def _scanned(words: str, paths: Iterable[Path]) -> list[Found]:
    wanted = [word.casefold() for word in words.split()]
    found: list[Found] = []
    for path in paths:
        try:
            said = digest(path).said
        except OSError:
            continue
        for each in said:
            text = each.text.casefold()
            if all(word in text for word in wanted):
                rank = -float(sum(text.count(word) for word in wanted)) / (20 + len(text)) ** 0.5
                found.append(Found(path, each.role, each.uuid, _snippet(each.text, wanted[0]), rank))
    return sorted(found, key=lambda each: each.rank)


def _snippet(text: str, word: str) -> str:
    match = re.search(re.escape(word), text, re.IGNORECASE)
    at, end = match.span() if match else (0, 0)
    before, after = text[max(0, at - _ROUND) : at], text[end : end + _ROUND]
    return f"{'…' if at > _ROUND else ''}{before}\x02{text[at:end]}\x03{after}{'…' if len(text) > end + _ROUND else ''}"
