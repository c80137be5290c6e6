"""The prompts that were sent, by folder, over all sessions: history.jsonl in the config home. Blocks on the disk.

One line each, in the form of Claude Code's file: `display` with `[Pasted text #1 +84 lines]`, the pastes, the time in
milliseconds, the folder and the session. Several sessions write to it at once. Must not know the prompt's keys.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import time

from coder.core.dataclass import dataclass
from coder.core.ordinary import open_ordinary
from coder.core.private import made_private
from coder.frontends.repl.tokens import Paste, Picture, Tokens, count_lines, typed

LARGEST = 4_000_000  # bytes of the file before its older half goes
_MOST_PASTED = 200_000  # bytes of the pastes of one prompt
_BLOCK = 1 << 16
_LONGEST = 1 << 21  # bytes of a line
_REFERENCE = re.compile(r"\[Pasted text #(\d+)(?: \+\d+ lines)?\]")


@dataclass(frozen=True, slots=True)
class Sent:
    """A prompt as it is kept: pastes by number, named in `display`."""

    display: str
    pasted: dict[str, str]


def freeze(draft: str, tokens: Tokens) -> Sent:
    """The draft as it is kept. A picture is kept as its path, one from the clipboard is not."""
    pasted: dict[str, str] = {}

    def reference(held: Paste | Picture) -> str:
        if isinstance(held, Picture):
            return str(held.source) if isinstance(held.source, Path) else ""
        pasted[str(len(pasted) + 1)] = held.text
        return f"[Pasted text #{len(pasted)} +{count_lines(held.text)} lines]"

    return Sent(tokens.replaced(draft, reference), pasted)


def thaw(sent: Sent, tokens: Tokens) -> str:
    """The draft again."""

    def restored(match: re.Match[str]) -> str:
        text = sent.pasted.get(match[1])
        return match[0] if text is None else tokens.paste(typed(text))

    return _REFERENCE.sub(restored, typed(sent.display))


class History:
    """What was sent in `folder`. Nothing here raises: a history that cannot be kept is done without."""

    def __init__(self, home: Path, folder: Path, session_id: str = "") -> None:
        self._path = home / "history.jsonl"
        self._folder = str(folder)
        self._session_id = session_id

    def add(self, sent: Sent) -> None:
        """Keeps it, unless it begins with a blank or may hold a key."""
        if not is_kept(sent.display):
            return
        if sum(map(len, sent.pasted.values())) > _MOST_PASTED:
            return
        line = {
            "display": sent.display,
            "pastedContents": {
                number: {"id": int(number), "type": "text", "content": text} for number, text in sent.pasted.items()
            },
            "timestamp": int(time() * 1000),
            "project": self._folder,
            "sessionId": self._session_id,
        }
        data = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
        with suppress(OSError):
            made_private(self._path.parent)
            _append(self._path, data)

    def earlier(self) -> Iterator[Sent]:
        """Newest first; read as far as it is asked for."""
        last = ""
        with suppress(OSError):
            for line in _backwards(self._path):
                sent = self._read(line)
                if sent is not None and (sent.display != last or sent.pasted):
                    last = sent.display
                    yield sent

    def _read(self, line: bytes) -> Sent | None:
        if self._folder.isascii() and b'"display"' in line and self._folder.encode() not in line:
            return None  # of another folder
        try:
            entry = json.loads(line)
            if entry["project"] != self._folder or not isinstance(entry["display"], str):
                return None
            pasted = {
                str(number): str(each["content"])
                for number, each in (entry.get("pastedContents") or {}).items()
                if each.get("type") == "text" and "content" in each
            }
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return Sent(entry["display"], pasted)


def is_kept(display: str) -> bool:
    return bool(display.strip()) and not display.startswith(" ") and not is_secret(display)


def is_secret(display: str) -> bool:
    """Whether it may hold a key."""
    return next(iter(display.split(maxsplit=1)), "").lower() == "/login"


def _append(path: Path, data: bytes) -> None:
    """One write, to the file that has the name: another session may be replacing it by a shorter one."""
    for _ in range(10):
        fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return
            fcntl.flock(fd, fcntl.LOCK_EX)
            facts = os.fstat(fd)
            if not _is_at(path, facts):
                continue
            os.fchmod(fd, 0o600)
            if facts.st_size > LARGEST:
                _shorten(path, fd, facts.st_size, data)
            else:
                lead = b"\n" if facts.st_size and os.pread(fd, 1, facts.st_size - 1) != b"\n" else b""
                os.write(fd, lead + data)
            return
        finally:
            os.close(fd)


def _shorten(path: Path, fd: int, size: int, data: bytes) -> None:
    kept = os.pread(fd, LARGEST // 2, size - LARGEST // 2)
    temporary = path.with_name(f".{path.name}-{os.getpid()}.tmp")
    new = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(new, "wb") as file:
            file.write(kept.partition(b"\n")[2] + data)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise


def _is_at(path: Path, facts: os.stat_result) -> bool:
    try:
        return os.path.samestat(facts, path.lstat())
    except OSError:
        return False


def _backwards(path: Path) -> Iterator[bytes]:
    """The lines of a file, the last first; of a huge one those of its end, for whoever presses a key waits."""
    with open_ordinary(path) as file:
        at = file.seek(0, os.SEEK_END)
        first_byte = max(at - 2 * LARGEST, 0)
        rest = b""
        while at > first_byte:
            size = min(_BLOCK, at - first_byte)
            at -= size
            file.seek(at)
            first, *lines = (file.read(size) + rest).split(b"\n")
            yield from (line for line in reversed(lines) if line)
            rest = first if len(first) <= _LONGEST else b""  # a line that long is none of ours
        if rest and not at:
            yield rest
