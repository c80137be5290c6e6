"""Checks a transcript and writes a repaired copy of it. The original is kept. Must not know how findings are shown."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.errors import SessionError
from coder.core.messages import Json, ToolResult
from coder.sessions.blobs import Blobs, names_in
from coder.sessions.lines import decode_line, encode_line
from coder.sessions.load import assembled, blob_folder, counted
from coder.sessions.lock import held
from coder.sessions.reading import Reading, entry_name, read

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """`mends` says what a repair would do about it; "" when there is nothing to do, or nothing to be done."""

    text: str
    mends: str = ""
    harmless: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in one session. `messages` counts those that can be read."""

    path: Path
    messages: int
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        return all(finding.harmless for finding in self.findings)

    @property
    def can_be_mended(self) -> bool:
        return any(finding.mends for finding in self.findings)


def examine(path: Path) -> Report:
    """Reads a transcript and says what is wrong with it. Blocks while it reads. Raises SessionError."""
    reading = read(path)
    loaded = assembled(reading, path)
    findings = [*_lines(reading), *_links(reading), *_calls(reading, path), *_pictures(path), *_rights(path)]
    if not loaded.messages and reading.lines:
        findings.append(Finding("nothing of a conversation can be read"))
    return Report(path, len(loaded.messages), tuple(findings))


def mend(path: Path) -> Path | None:
    """Puts a repaired copy in the transcript's place and returns where the original is kept; None when only its rights
    had to be set. The conversation is the same before and after.

    Raises SessionError when the session is open, or the copy cannot be written or would say something else.
    """
    try:
        with held(path):
            reading = read(path)
            _make_private(path)
            is_linked = next(_missing_parents(reading), None) is None
            if is_linked and not reading.bad and not reading.torn and not reading.repeated:
                return None
            return _replace(path, reading)
    except OSError as error:
        raise SessionError(f"Session {path.stem} cannot be repaired: {error.strerror or error}.") from error


def sound_lines(path: Path, reading: Reading) -> Iterator[tuple[bytes, Json]]:
    """The lines of a transcript that can be read, once each, every entry named and hanging on one that is there."""
    parents = dict(_missing_parents(reading))
    parents |= {entry.uuid: entry.parent for entry in reading.tree.entries if entry.uuid.startswith("line-")}
    bad, seen = {*reading.bad, *reading.repeated}, set[str]()
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            text = line.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n\0")
            raw = decode_line(text) if text and number not in bad else None
            if raw is None:
                continue
            name = entry_name(raw, number)
            if name in parents and name not in seen:
                seen.add(name)
                raw = {**raw, "uuid": name, "parentUuid": parents[name]}
                text = encode_line(raw).rstrip(b"\n")
            yield text + b"\n", raw


def _replace(path: Path, reading: Reading) -> Path:
    made, kept = path.with_name(f".{path.name}.tmp"), _spare(path)
    with contextlib.suppress(FileNotFoundError):
        made.unlink()
    fd = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.writelines(line for line, _ in sound_lines(path, reading))
            file.flush()
            os.fsync(file.fileno())
        before = assembled(reading, path)
        after = assembled(read(made), path)
        if after.messages != before.messages or after.leaf != before.leaf:
            raise SessionError(f"Session {path.stem} is left as it is: a repair would change what it says.")
        now = path.stat()
        os.utime(made, ns=(now.st_atime_ns, now.st_mtime_ns))
        os.link(path, kept)
        made.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            made.unlink()
    return kept


def _lines(reading: Reading) -> Iterator[Finding]:
    if reading.bad:
        shown = ", ".join(map(str, reading.bad[:_SHOWN])) + (", …" if len(reading.bad) > _SHOWN else "")
        yield Finding(f"{counted(len(reading.bad), 'damaged line')} ({shown})", "left out")
    if reading.torn:
        yield Finding("the last line was cut off while being written", "left out")
    if reading.repeated:
        yield Finding(f"{counted(len(reading.repeated), 'entry', 'entries')} stored twice", "kept once")
    for kind, count in sorted(reading.unknown.items()):
        yield Finding(f"{counted(count, 'entry', 'entries')} of unknown type {kind!r}", harmless=True)


def _links(reading: Reading) -> Iterator[Finding]:
    if missing := len(list(_missing_parents(reading))):
        text = f"{counted(missing, 'entry hangs', 'entries hang')} on one that is not there"
        yield Finding(text, "joined to the entry before")


def _missing_parents(reading: Reading) -> Iterator[tuple[str, str | None]]:
    """Entries whose parent is not there, or comes later, with the parent they are read with."""
    seen: set[str] = set()
    for entry in reading.tree.entries:
        if entry.parent is not None and entry.parent not in seen:
            yield entry.uuid, reading.tree.parent(entry)
        seen.add(entry.uuid)


def _calls(reading: Reading, path: Path) -> Iterator[Finding]:
    messages = assembled(reading, path).messages
    called = {call.id for message in messages for call in message.tool_uses}
    answered = {block.tool_use_id for message in messages for block in message.content if isinstance(block, ToolResult)}
    if open_calls := len(called - answered):
        text = f"{counted(open_calls, 'tool call')} without a result: answered as interrupted when it is resumed"
        yield Finding(text, harmless=True)
    if strays := len(answered - called):
        yield Finding(f"{counted(strays, 'tool result')} without a call: not sent", harmless=True)


def _pictures(path: Path) -> Iterator[Finding]:
    blobs = Blobs(path.parent, blob_folder(path))
    named: set[str] = set()
    with contextlib.suppress(OSError), path.open("rb") as file:
        for line in file:
            named.update(names_in(line))
    if lost := sum(blobs.read(name) is None for name in named):
        yield Finding(f"{counted(lost, 'picture or document', 'pictures or documents')} missing or damaged")


def _rights(path: Path) -> Iterator[Finding]:
    if any(_is_readable_by_others(each) for each in (path, path.parent)):
        yield Finding("others on this machine may read it", "made private")


def _is_readable_by_others(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _make_private(path: Path) -> None:
    if _is_readable_by_others(path):
        path.chmod(0o600)
    if _is_readable_by_others(path.parent):
        path.parent.chmod(0o700)


def _spare(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.bak{number or ''}") for number in range(1000))
    return next(name for name in names if not os.path.lexists(name))
