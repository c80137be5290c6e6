"""Copies transcripts of other programs, or of another machine, into our own folder. The source is only read."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.errors import SessionError
from coder.core.messages import Json
from coder.sessions.blobs import Blobs
from coder.sessions.doctor import sound_lines
from coder.sessions.lines import encode_line
from coder.sessions.load import assembled, blob_folder, side_folder
from coder.sessions.locate import is_session_id, make_private, project_key
from coder.sessions.reading import Reading, read

_MOST_SIDE = 200_000_000  # bytes of a session's other files


@dataclass(frozen=True, slots=True)
class Brought:
    """`target` is None when nothing was copied; `note` says why, or what was left out."""

    source: Path
    target: Path | None
    messages: int
    note: str = ""


def transcripts_in(place: Path) -> list[Path]:
    """The transcripts a person may mean by a file or a folder: that file, or all sessions below the folder.

    Raises SessionError when there is none.
    """
    if place.is_file():
        return [place]
    found = sorted(path for path in place.rglob("*.jsonl") if is_session_id(path.stem) and path.is_file())
    if not found:
        raise SessionError(f"There are no sessions in {place}.")
    return found


def bring(home: Path, sources: Iterable[Path], *, dry_run: bool = False) -> Iterator[Brought]:
    """Copies each transcript with its side files; with `dry_run` it only says what it would do. Ids stay, unless one
    is taken by another session. Raises SessionError when nothing can be written."""
    for source in sources:
        try:
            reading = read(source)
        except SessionError as error:
            yield Brought(source, None, 0, str(error))
            continue
        loaded = assembled(reading, source)
        if not loaded.messages:
            yield Brought(source, None, 0, "nothing of a conversation can be read")
            continue
        target = _target(home, source, loaded.cwd)
        if _is_copied(reading, target):
            yield Brought(source, None, len(loaded.messages), "is here already")
            continue
        note = loaded.skipped
        if target.exists():
            target = target.with_name(f"{uuid.uuid4()}.jsonl")
            note = "; ".join(filter(None, ("its id is taken: it got a new one", note)))
        if not dry_run:
            _copy(home, source, reading, target)
        yield Brought(source, target, len(loaded.messages), note)


def _target(home: Path, source: Path, cwd: str) -> Path:
    name = source.stem.lower() if is_session_id(source.stem) else str(uuid.uuid5(uuid.NAMESPACE_URL, str(source)))
    folder = project_key(Path(cwd)) if cwd and "\0" not in cwd else source.parent.name or "imported"
    return home / "projects" / folder / f"{name}.jsonl"


def _is_copied(reading: Reading, target: Path) -> bool:
    """Whether the session is here: everything the source says is in it."""
    if not target.exists():
        return False
    here = read(target).tree
    return all(entry.uuid in here for entry in reading.tree.entries)


def _copy(home: Path, source: Path, reading: Reading, target: Path) -> None:
    made = target.with_name(f".{target.name}.tmp")
    blobs = Blobs(home, blob_folder(target))
    try:
        make_private(home, target.parent)
        _copy_side(source, target, home)
        with contextlib.suppress(FileNotFoundError):
            made.unlink()
        fd = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            for line, raw in sound_lines(source, reading):
                file.write(_own(line, raw, blobs, target.stem))
            file.flush()
            os.fsync(file.fileno())
        blobs.sync()
        now = source.stat()
        os.utime(made, ns=(now.st_atime_ns, now.st_mtime_ns))
        os.link(made, target)  # never over a session that has come in the meantime
    except OSError as error:
        raise SessionError(f"{source} cannot be copied to {target}: {error.strerror or error}.") from error
    finally:
        with contextlib.suppress(OSError):
            made.unlink()


def _own(line: bytes, raw: Json, blobs: Blobs, session_id: str) -> bytes:
    """The line as it stands, unless it has to say another id or its pictures go into files."""
    changed = blobs.stow(raw)
    if changed.get("sessionId") not in (None, session_id):
        changed["sessionId"] = session_id
    return line if changed == raw else encode_line(changed)


def _copy_side(source: Path, target: Path, home: Path) -> None:
    """Subagents, whole outputs and pictures; plain files only."""
    left, top = _MOST_SIDE, side_folder(source)
    if not is_session_id(source.stem) or not top.is_dir() or top.is_symlink():
        return
    for path in sorted(top.rglob("*")):
        size = path.lstat().st_size
        if path.is_symlink() or not path.is_file() or size > left:
            continue
        left -= size
        copy = side_folder(target) / path.relative_to(top)
        make_private(home, copy.parent)
        shutil.copyfile(path, copy)
        copy.chmod(0o600)
