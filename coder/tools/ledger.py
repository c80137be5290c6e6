"""What the model has seen of which file this session. Must not know how files are read or written."""

from __future__ import annotations

import hashlib
import os
import sys
from collections import OrderedDict
from pathlib import Path

from coder.core.dataclass import dataclass

_KEPT_FILE = 256 << 10  # bytes of one file worth keeping to show a later difference
_KEPT_ALL = 8 << 20
_KEPT_EDITS = 500


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as the model last saw it. `content` is its bytes while they are worth keeping."""

    digest: str
    whole: bool
    lines: tuple[tuple[int, int], ...] = ()  # ranges seen, first and last, when not whole
    content: bytes | None = None


class FileLedger:
    """Files by canonical path. One per session, shared by its tools."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, Seen] = OrderedDict()
        self._kept = 0
        self._edits: OrderedDict[tuple[str, str, str], None] = OrderedDict()

    def mark_read(
        self,
        path: Path,
        digest: str,
        *,
        content: bytes | None = None,
        lines: tuple[int, int] | None = None,
        total: int | None = None,
    ) -> None:
        """Notes that the model saw `lines` (first, last) of `total`; `lines` None means all of the file.

        Views of the same content add up: a file read page by page to its end is read whole.
        """
        before = self.known(path)
        ranges: tuple[tuple[int, int], ...] = () if lines is None else (lines,)
        if before is not None and before.digest == digest:
            ranges = _merged((*before.lines, *ranges))
            lines = None if before.whole else lines
        whole = lines is None or (total is not None and ranges == ((1, total),))
        self._put(path, Seen(digest, whole, () if whole else ranges, content))

    def mark_written(self, path: Path, content: bytes, *, whole: bool) -> None:
        """Notes that the model's own change made the file what it is now."""
        self._put(path, Seen(digest_of(content), whole, (), content))

    def known(self, path: Path) -> Seen | None:
        return self._files.get(_key(path))

    def mark_edit(self, path: Path, old: str, new: str) -> None:
        edit = (_key(path), digest_of(old.encode("utf-8", "replace")), digest_of(new.encode("utf-8", "replace")))
        self._edits[edit] = None
        if len(self._edits) > _KEPT_EDITS:
            self._edits.popitem(last=False)

    def has_edit(self, path: Path, old: str, new: str) -> bool:
        """Whether this very edit was made this session."""
        edit = (_key(path), digest_of(old.encode("utf-8", "replace")), digest_of(new.encode("utf-8", "replace")))
        return edit in self._edits

    def _put(self, path: Path, seen: Seen) -> None:
        if seen.content is not None and len(seen.content) > _KEPT_FILE:
            seen = Seen(seen.digest, seen.whole, seen.lines)
        key = _key(path)
        gone = self._files.pop(key, None)
        self._files[key] = seen
        self._kept += len(seen.content or b"") - len((gone and gone.content) or b"")
        for other, old in self._files.items():
            if self._kept <= _KEPT_ALL:
                break
            self._kept -= len(old.content or b"")
            self._files[other] = Seen(old.digest, old.whole, old.lines)


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _merged(ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    made: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if made and first <= made[-1][1] + 1:
            made[-1] = (made[-1][0], max(last, made[-1][1]))
        else:
            made.append((first, last))
    return tuple(made)


def _key(path: Path) -> str:
    real = os.path.realpath(path)
    return real.casefold() if sys.platform == "darwin" else real
