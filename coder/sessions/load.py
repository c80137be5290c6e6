"""Reads a transcript, whatever state it is in. Must not write, lock or repair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from coder.core.errors import SessionError
from coder.core.messages import Json, Message
from coder.sessions.codec import Entry, messages_of
from coder.sessions.lines import decode_line
from coder.sessions.tree import branch

_LINE_LIMIT = 128 * 1024 * 1024
_SHOWN = 5
_CHAINED = ("user", "assistant", "system", "attachment", "progress")
_ASIDE = (  # lines about the session that are no part of the conversation
    "summary",
    "custom-title",
    "ai-title",
    "tag",
    "last-prompt",
    "content-replacement",
    "file-history-snapshot",
    "queue-operation",
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a transcript holds.

    `lines` counts all that are not blank, `bad` holds the numbers of damaged ones, `leaf` is the uuid the next entry
    hangs on, `elsewhere` counts entries of other branches.
    """

    messages: tuple[Message, ...]
    session_id: str = ""
    cwd: str = ""
    leaf: str | None = None
    lines: int = 0
    bad: tuple[int, ...] = ()
    torn: bool = False
    unknown: tuple[tuple[str, int], ...] = ()
    elsewhere: int = 0

    @property
    def skipped(self) -> str:
        """What could not be read, for people; empty when everything was."""
        parts: list[str] = []
        if self.bad:
            shown = ", ".join(map(str, self.bad[:_SHOWN])) + (", …" if len(self.bad) > _SHOWN else "")
            parts.append(f"{_counted(len(self.bad), 'damaged line')} ({shown})")
        if self.torn:
            parts.append("a last line that was cut off while being written")
        parts += [f"{_counted(count, 'entry', 'entries')} of unknown type {kind!r}" for kind, count in self.unknown]
        if not parts:
            return ""
        good = self.lines - len(self.bad) - self.torn - sum(count for _, count in self.unknown)
        return f"loaded {good} of {self.lines} lines; skipped " + ", ".join(parts)


class _Reader:
    """What is found while the lines go by."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.lines = 0
        self.bad: list[int] = []
        self.torn = False
        self.unknown: Counter[str] = Counter()
        self.session_id = ""
        self.cwd = ""
        self._uuids: set[str] = set()

    def add(self, number: int, line: bytes | None, *, whole: bool) -> None:
        """`line` is None when it was too long to be kept, `whole` is False when no newline ended it."""
        if line is not None and not line:
            return
        self.lines += 1
        raw = decode_line(line) if line is not None else None
        if raw is None:
            if whole:
                self.bad.append(number)
            else:
                self.torn = True
            return
        kind = raw.get("type")
        if kind in _CHAINED:
            self._chain(number, str(kind), raw)
        elif kind not in _ASIDE:
            self.unknown[str(kind)[:40]] += 1

    def _chain(self, number: int, kind: str, raw: Json) -> None:
        name, parent = raw.get("uuid"), raw.get("parentUuid")
        if kind in ("user", "assistant") and not _is_readable(raw):
            self.bad.append(number)
            return
        if not isinstance(name, str) or not name:  # old versions wrote none: a list, so the one before is the parent
            name = f"line-{number}"
            parent = parent or (self.entries[-1].uuid if self.entries else None)
        self.session_id = self.session_id or _text(raw.get("sessionId"))
        self.cwd = self.cwd or _text(raw.get("cwd"))
        if name in self._uuids or raw.get("isSidechain") is True or raw.get("isApiErrorMessage") is True:
            return
        self._uuids.add(name)
        payload = raw if kind in ("user", "assistant") else {}
        self.entries.append(Entry(kind, name, parent if isinstance(parent, str) else None, payload))


def load(path: Path) -> Loaded:
    """The conversation of a transcript, and what was skipped. Blocks while it reads.

    Raises SessionError when the file cannot be read at all, never for what is in it.
    """
    reader = _Reader()
    try:
        with path.open("rb") as file:
            for number, (line, whole) in enumerate(_lines(file), 1):
                reader.add(number, line, whole=whole)
    except OSError as error:
        raise SessionError(f"The session {path} cannot be read: {error.strerror or error}.") from error
    found = branch(reader.entries)
    return Loaded(
        messages=messages_of(entry for entry in found if entry.payload),
        session_id=reader.session_id,
        cwd=reader.cwd,
        leaf=found[-1].uuid if found else None,
        lines=reader.lines,
        bad=tuple(reader.bad),
        torn=reader.torn,
        unknown=tuple(sorted(reader.unknown.items())),
        elsewhere=len(reader.entries) - len(found),
    )


def _lines(file: BinaryIO) -> Iterator[tuple[bytes | None, bool]]:
    """Lines without padding, and whether a newline ended them. One that is too long to hold comes as None."""
    first = True
    while line := file.readline(_LINE_LIMIT):
        whole = line.endswith(b"\n")
        if len(line) >= _LINE_LIMIT and not whole:
            while (rest := file.readline(_LINE_LIMIT)) and not rest.endswith(b"\n"):
                pass
            yield None, rest.endswith(b"\n")
            continue
        if first:
            line = line.removeprefix(b"\xef\xbb\xbf")
            first = False
        yield line.strip(b" \t\r\n\0"), whole


def _is_readable(raw: Json) -> bool:
    message = raw.get("message")
    return isinstance(message, dict) and isinstance(message.get("content"), str | list)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"
