"""Whether the person trusts what a folder brings: by the folder and by the content they saw when they said yes.

Must not know what trust is needed for, nor read any file of the folder: what was parsed for use is what is judged.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from coder.config.approvals import read_folders, update_folders
from coder.config.brought import MCP_FILE, brought_by, content_of
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.messages import Json
from coder.core.trust import Brought, Trust

FILES = (
    ".coder/settings.local.json",
    ".claude/settings.local.json",
    ".coder/settings.json",
    ".claude/settings.json",
    MCP_FILE,
)


@dataclass(frozen=True, slots=True)
class Change:
    """How a file differs from what was approved. `text` is empty for what is gone: only its name was kept."""

    how: Literal["new", "changed", "gone"]
    file: str
    what: str
    text: str = ""


def judge(contents: Mapping[str, Json], home: Path, here: Path, *, once: bool = False) -> Trust:
    """`contents` are the parsed files of the folder `here`, by name; `once` trusts them all for this run.

    A trust file that cannot be read trusts nothing, and the note says so. Never raises for anything that stands in it.
    """
    real = Path(os.path.realpath(here))
    brought = tuple(item for name, value in contents.items() for item in brought_by(name, value))
    folders: Json = {}
    try:
        folder, entry, note = _standing(folders := read_folders(home), real)
    except ConfigError as error:
        folder, entry, note = real, None, f"{error} It trusts nothing until then."
    approved = None if entry is None else _files(entry, folder, real, contents)
    for name in filter(_is_of_main, contents):  # it is judged as it is there
        approved = {**(approved or {}), name: _of_main(folders, Path(name), (approved or {}).get(name, {}))}
    return Trust(folder, real, _identity(folder), brought, approved, entry is not None, once, note)


def covers(trust: Trust | None, file: Path, digest: str) -> bool:
    """Whether what the head of a command or skill of this folder grants counts: `digest` is the SHA-256 of the file as
    it is used, which must be the one that was judged, and approved. What grants nothing (`digest` is empty) may.
    """
    if not digest:
        return True
    if trust is None:
        return False
    name = os.path.relpath(os.path.realpath(file), trust.here)
    names = {name, os.path.relpath(file, trust.here)}
    found = [item for item in trust.brought if item.file in names and content_of(item) == digest]
    return any(trust.counts(item.file) for item in found)


def changes(trust: Trust) -> tuple[Change, ...]:
    """How the folder differs from what was approved; what is gone needs no new approval. Empty when it never was."""
    here = {(item.file, item.digest) for item in trust.brought}
    gone = [
        (file, label)
        for file, parts in (trust.approved or {}).items()
        for digest, label in parts.items()
        if (file, digest) not in here
    ]
    found: list[Change] = []
    for item in trust.unapproved if trust.known else ():
        was = (item.file, item.label)
        found.append(Change("changed" if was in gone else "new", *was, item.text))
        if was in gone:
            gone.remove(was)
    return (*found, *(Change("gone", *was) for was in gone))


def approve(home: Path, trust: Trust) -> None:
    """Stores that the person has seen and wants all that `trust` holds, not what may stand there by now.

    Raises ConfigError.
    """

    def put(folders: Json) -> None:
        kept = _kept(folders, trust.folder, trust.identity)
        every: dict[str, list[Brought]] = {name: [] for name in FILES}
        for item in trust.brought:
            every.setdefault(item.file, []).append(item)
        for name, brought in every.items():
            key, seen = _key(name, trust.folder, trust.here), (trust.approved or {}).get(name, {})
            since = {digest: label for digest, label in kept.get(key, {}).items() if digest not in seen}
            kept[key] = since | _parts(brought, name)  # what was approved since `trust` was read stays
        folders[str(trust.folder)] = _entry(*trust.identity, kept)

    update_folders(home, put)


def carry(home: Path, source: Path, target: Path) -> None:
    """What is approved of the folder `source` is approved of `target` too, content by content: what differs there is
    asked about. For a copy that coder itself has just made. Raises ConfigError."""
    real, there = Path(os.path.realpath(source)), Path(os.path.realpath(target))
    if _standing(read_folders(home), real)[1] is None:
        return

    def put(folders: Json) -> None:
        folder, entry, _ = _standing(folders, real)
        if entry is None:
            return
        above = real.relative_to(folder).as_posix()
        every = _all_files(entry)
        own = {os.path.relpath(name, above): parts for name, parts in every.items()}
        files = {name: parts for name, parts in own.items() if not name.startswith("..")}
        folders[str(there)] = _entry(*_identity(there), {**files, **_kept(folders, there, _identity(there))})

    update_folders(home, put)


def approve_rule(home: Path, here: Path, file: str, rule: str, write: Callable[[], bool]) -> bool:
    """Keeps trust as it was when coder itself writes an allow rule into `file` of the folder `here` because the person
    asked for it: that rule counts as approved there, and nothing that stands beside it.

    `write` writes it, and is called once it is approved; where it raises ConfigError the approval is taken back. Gives
    what `write` gives. Raises ConfigError.
    """
    return approve_part(home, here, file, {"permissions": {"allow": [rule]}}, write)


def approve_part(home: Path, here: Path, file: str, content: Json, write: Callable[[], bool]) -> bool:
    """The same for anything else that the person has coder write: what `content` brings counts as approved."""
    real = Path(os.path.realpath(here))
    added = _parts(brought_by(file, content), file)

    def put(folders: Json) -> None:
        folder, _, _ = _standing(folders, real)
        identity, key = _identity(folder), _key(file, folder, real)
        kept = _kept(folders, folder, identity)
        kept[key] = {**kept.get(key, {}), **added}
        folders[str(folder)] = _entry(*identity, kept)

    return update_folders(home, put, write)


def forget(home: Path, here: Path) -> Path | None:
    """Takes back the approval that covers `here`. Returns its folder, None when there was none. Raises ConfigError."""
    taken: list[Path] = []

    def remove(folders: Json) -> None:
        for folder in _reach(Path(os.path.realpath(here))):
            if str(folder) in folders:
                del folders[str(folder)]
                taken.append(folder)
                return

    if any(str(folder) in read_folders(home) for folder in _reach(Path(os.path.realpath(here)))):
        update_folders(home, remove)
    return taken[0] if taken else None


def forget_file(home: Path, here: Path, file: str) -> bool:
    """Takes back what of one file of the folder is approved. Whether there was something. Raises ConfigError."""
    real = Path(os.path.realpath(here))
    taken: list[str] = []

    def remove(folders: Json) -> None:
        folder, entry, _ = _standing(folders, real)
        if entry is None:
            return
        kept = dict(_all_files(entry))
        taken.extend(kept.pop(_key(file, folder, real), {}))
        folders[str(folder)] = _entry(*_identity(folder), kept)

    if _standing(read_folders(home), real)[1] is not None:
        update_folders(home, remove)
    return bool(taken)


def _is_of_main(name: str) -> bool:
    """Whether a file is the local settings of the main checkout of this work tree."""
    return name.startswith("/") and name.endswith("/settings.local.json")


def _of_main(folders: Json, file: Path, more: Mapping[str, str]) -> Mapping[str, str]:
    """What is approved of a settings file where it lies."""
    base = file.parent.parent
    folder, entry, _ = _standing(folders, base)
    name = str(file.relative_to(base))
    return {**more, **({} if entry is None else _files(entry, folder, base, ()).get(name, {}))}


def _kept(folders: Json, folder: Path, identity: tuple[int, int]) -> dict[str, Mapping[str, str]]:
    """What of the folder is approved by now, by file; nothing when the entry is of another folder."""
    entry = folders.get(str(folder))
    return _all_files(entry) if isinstance(entry, dict) and _is_of(entry, identity) else {}


def _entry(device: int, inode: int, files: Mapping[str, Mapping[str, str]]) -> Json:
    return {"device": device, "inode": inode, "files": {name: dict(parts) for name, parts in files.items() if parts}}


def _standing(folders: Json, real: Path) -> tuple[Path, Json | None, str]:
    """The folder whose approval covers `real`, its entry, and why that does not count."""
    for folder in _reach(real):
        entry = folders.get(str(folder))
        if not isinstance(entry, dict):
            continue
        if "files" not in entry:
            return folder, None, "It was approved without its content being kept, so look at it once more."
        if not _is_of(entry, _identity(folder)):
            return folder, None, "Another folder has taken the place of the one that was approved."
        return folder, entry, ""
    return real, None, ""


def _reach(real: Path) -> Iterator[Path]:
    """The folder and those above it, up to the edge of its repository: what is nested in one is somebody else's."""
    for folder in (real, *real.parents):
        yield folder
        if os.path.lexists(folder / ".git"):
            return


def _identity(folder: Path) -> tuple[int, int]:
    try:
        found = folder.stat()
    except OSError:
        return (0, 0)
    return (found.st_dev, found.st_ino)


def _is_of(entry: Json, identity: tuple[int, int]) -> bool:
    return (entry.get("device"), entry.get("inode")) == identity


def _all_files(entry: Json) -> dict[str, Mapping[str, str]]:
    files = entry.get("files")
    return {
        name: {digest: str(label) for digest, label in parts.items()}
        for name, parts in (files.items() if isinstance(files, dict) else ())
        if isinstance(parts, dict)
    }


def _files(entry: Json, folder: Path, real: Path, more: Iterable[str]) -> dict[str, Mapping[str, str]]:
    files = _all_files(entry)
    return {name: files[key] for name in (*FILES, *more) if (key := _key(name, folder, real)) in files}


def _key(name: str, folder: Path, real: Path) -> str:
    """What lies above the folder that is trusted, or beside it, keeps its dots."""
    return os.path.normpath((real.relative_to(folder) / name).as_posix())


def _parts(brought: Iterable[Brought], file: str) -> dict[str, str]:
    return {item.digest: item.label for item in brought if item.file == file and item.digest and not item.never}
