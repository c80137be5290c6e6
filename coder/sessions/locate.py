"""Where transcripts lie: one folder per project, one file per session. Of entries it knows only the cwd."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from coder.core.errors import SessionError, UnknownSession
from coder.sessions.lines import decode_line, scrubbed

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_HEAD = 64 * 1024
_GLANCE = 4 * 1024
_LONGEST_KEY = 200
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def project_key(cwd: Path) -> str:
    """The folder name of a project. Different projects may share one: the entries tell which cwd they belong to."""
    real = unicodedata.normalize("NFC", os.path.realpath(cwd))
    key = re.sub(r"[^a-zA-Z0-9]", "-", real)
    return key if len(key) <= _LONGEST_KEY else f"{key[:_LONGEST_KEY]}-{_base36(abs(_hash(real)))}"


def transcript_path(home: Path, cwd: Path, session_id: str) -> Path:
    """Raises SessionError for an id that is no UUID."""
    if not is_session_id(session_id):
        raise SessionError(f"{session_id!r} is not a session id. A session id is a UUID.")
    return home / "projects" / project_key(cwd) / f"{session_id}.jsonl"


def is_session_id(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


def find(home: Path, cwd: Path, session_id: str) -> Path:
    """The transcript of a session, from whatever folder it was started in; this folder's own comes first.

    Raises SessionError when there is none, or several elsewhere.
    """
    here = transcript_path(home, cwd, session_id)
    if _is_file(here):
        return here
    elsewhere = [path for folder in project_folders(home) if _is_file(path := folder / here.name)]
    match elsewhere:
        case [path]:
            return path
        case []:
            raise UnknownSession(f"No conversation found with session ID: {session_id}")
        case _:
            places = ", ".join(map(str, elsewhere))
            raise SessionError(f"Session {session_id} exists more than once: {places}. Start from its own folder.")


def latest(home: Path, cwd: Path) -> Path | None:
    """The transcript of this folder that was written last; None when there is none. Never raises."""
    return next(of_folders(home, [cwd]), None)


def of_folders(home: Path, folders: Iterable[Path]) -> Iterator[Path]:
    """The transcripts of these very folders, the latest first. Never raises."""
    owners: dict[Path, list[Path]] = {}
    for folder in folders:
        for path in _transcripts(home / "projects" / project_key(folder)):
            owners.setdefault(path, []).append(folder)
    for path in newest_first(owners):
        if any(belongs_to(path, folder) for folder in owners[path]):
            yield path


def everywhere(home: Path) -> list[Path]:
    """The transcripts of all folders, the latest first. Never raises."""
    return newest_first(path for folder in project_folders(home) for path in _transcripts(folder))


def newest_first(paths: Iterable[Path]) -> list[Path]:
    """By when they were written last."""
    return [path for _, path in sorted(((_mtime(path), path) for path in paths), reverse=True)]


def belongs_to(path: Path, cwd: Path) -> bool:
    """Whether a transcript was started in `cwd`: `/p/a_b` and `/p/a-b` share a folder but no sessions."""
    written = _first_cwd(path)
    return written is not None and scrubbed(os.path.realpath(cwd)) in {written, scrubbed(os.path.realpath(written))}


def make_private(home: Path, folder: Path) -> None:
    """Makes `folder`, which is `home` or lies below it, and what is missing on the way, for the owner alone.

    Raises OSError, and SessionError when `home` is somebody else's.
    """
    parts = folder.relative_to(home).parts
    for number in range(len(parts) + 1):
        home.joinpath(*parts[:number]).mkdir(mode=0o700, parents=number == 0, exist_ok=True)
        if number == 0 and home.stat().st_uid != os.geteuid():
            raise SessionError(f"{home} belongs to another user")


def _first_cwd(path: Path) -> str | None:
    for size in (_GLANCE, _HEAD):  # nearly always in the first lines
        try:
            with path.open("rb") as file:
                head = file.read(size)
        except OSError:
            return None
        if (found := _cwd_in(head)) is not None or len(head) < size:
            return found
    return None


def _cwd_in(head: bytes) -> str | None:
    for line in head.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        entry = decode_line(line.strip())
        found = entry.get("cwd") if entry else None
        if isinstance(found, str) and found and "\0" not in found:
            return found
    return _scan_cwd(head)


def _scan_cwd(head: bytes) -> str | None:
    """The cwd of a first line that is longer than the head. It comes before the message in the entries we write."""
    found = re.search(rb'"cwd":"((?:[^"\\]|\\.)*)"', head)
    entry = decode_line(b'{"cwd":"%s"}' % found[1]) if found else None
    value = entry.get("cwd") if entry else None
    return value if isinstance(value, str) and "\0" not in value else None


def project_folders(home: Path) -> Iterator[Path]:
    """The folders that transcripts lie in. Never raises."""
    try:
        yield from sorted(path for path in (home / "projects").iterdir() if path.is_dir())
    except OSError:
        return


def _transcripts(folder: Path) -> Iterator[Path]:
    try:
        yield from [path for path in folder.iterdir() if path.suffix == ".jsonl" and is_session_id(path.stem)]
    except OSError:
        return


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _mtime(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _hash(text: str) -> int:
    """The 32-bit string hash that the public readers of transcripts use for long paths."""
    value = 0
    for char in text:
        value = (value * 31 + ord(char)) & 0xFFFFFFFF
    return value - 0x100000000 if value >= 0x80000000 else value


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
