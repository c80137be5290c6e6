"""What the lines of a transcript say, one after the other, whatever state they are in. Must not write or repair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from coder.core.errors import SessionError
from coder.core.messages import Json, usage_from_api
from coder.sessions.asides import Labels, clearing_of
from coder.sessions.cleared import Cleared
from coder.sessions.codec import Entry
from coder.sessions.lines import decode_line
from coder.sessions.titles import label_of
from coder.sessions.tree import Tree

_LINE_LIMIT = 128 * 1024 * 1024
_CHAINED = ("user", "assistant", "system", "attachment", "progress")
_PASSED_OVER = ("summary", "file-history-snapshot", "queue-operation")
_STOWED = b'"blob:sha256:'


class Reading:
    """What was found so far. `started` holds the time of each announced tool call, `repeated` the lines whose entry was
    there already, `bad` the numbers of damaged lines. `aside`: it is the transcript of a subagent, whose
    entries count."""

    def __init__(self, *, aside: bool = False) -> None:
        self._aside_too = aside
        self.tree = Tree()
        self.lines = 0
        self.bad: list[int] = []
        self.repeated: list[int] = []
        self.torn = False
        self.unknown: Counter[str] = Counter()
        self.session_id = ""
        self.cwd = ""
        self.labels = Labels()
        self.started: dict[str, str] = {}
        self.clearings: list[Cleared] = []
        self.edited = ""  # why the past is another one than the last reply answered

    def add(self, number: int, line: bytes | None, *, whole: bool) -> None:
        """`line` is None when it was too long to be kept, `whole` is False when no newline ended it."""
        if line is not None and not line:
            return
        self.lines += 1
        raw = decode_line(line) if line is not None else None
        if raw is None or line is None:
            if whole:
                self.bad.append(number)
            else:
                self.torn = True
            return
        kind = raw.get("type")
        if kind in _CHAINED:
            self._chain(number, str(kind), raw, stowed=_STOWED in line)
        elif not self._aside(kind, raw):
            self.unknown[str(kind)[:40]] += 1

    def _chain(self, number: int, kind: str, raw: Json, *, stowed: bool) -> None:
        name, parent = entry_name(raw, number), raw.get("parentUuid")
        if kind in ("user", "assistant") and not _is_readable(raw):
            self.bad.append(number)
            return
        if name != raw.get("uuid") and self.tree.entries:  # a list: the one before is the parent
            parent = parent or self.tree.entries[-1].uuid
        self.session_id = self.session_id or _text(raw.get("sessionId"))
        self.cwd = self.cwd or _text(raw.get("cwd"))
        if (raw.get("isSidechain") is True and not self._aside_too) or raw.get("isApiErrorMessage") is True:
            return
        is_boundary = kind == "system" and raw.get("subtype") == "compact_boundary"
        entry = Entry(
            kind,
            name,
            parent if isinstance(parent, str) else None,
            raw if kind in ("user", "assistant") else {},
            logical=_text(raw.get("logicalParentUuid")) or None,
            boundary=is_boundary,
            stowed=stowed,
        )
        if not self.tree.grow(entry):
            self.repeated.append(number)
        elif is_boundary:
            self.edited = "compaction"
        elif kind == "assistant" and usage_from_api(raw["message"].get("usage")).prompt_tokens:
            self.edited = ""  # the old replies that a compaction keeps bear no usage

    def _aside(self, kind: object, raw: Json) -> bool:
        match kind:
            case "custom-title" | "ai-title" | "tag":
                self.labels = replace(self.labels, **label_of(raw))
            case "last-prompt":
                self.labels = replace(self.labels, prompt=_text(raw.get("lastPrompt")))
            case "content-replacement":
                self.clearings.append(Cleared(clearing_of(raw), _text(raw.get("leafUuid")) or None))
                self.edited = "left out"
            case "tool-start":
                self.started[_text(raw.get("toolUseId"))] = _text(raw.get("timestamp"))
            case "rewind":
                leaf = raw.get("leafUuid", "")
                if (leaf is None or isinstance(leaf, str)) and self.tree.move(leaf):
                    self.edited = _text(raw.get("why")) or "rewind"
            case _:
                return kind in _PASSED_OVER
        return True


def entry_name(raw: Json, number: int) -> str:
    """The uuid of an entry; old versions wrote none, it is then named by its line."""
    return _text(raw.get("uuid")) or f"line-{number}"


def read(path: Path, *, aside: bool = False) -> Reading:
    """Everything a transcript holds. Blocks while it reads.

    Raises SessionError when the file cannot be read at all, never for what is in it.
    """
    reading = Reading(aside=aside)
    try:
        with path.open("rb") as file:
            for number, (line, whole) in enumerate(_lines(file), 1):
                reading.add(number, line, whole=whole)
    except OSError as error:
        raise SessionError(f"The session {path} cannot be read: {error.strerror or error}.") from error
    return reading


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
