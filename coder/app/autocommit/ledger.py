"""Which commits coder made by itself in a session, what they hold, and which were taken back: append-only JSONL beside
the session's checkpoints. Must not know git.

A commit is noted before it is on its branch, and once more when it is: so one that was cut off can be told apart.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from coder.checkpoints.contents import private_folder
from coder.checkpoints.entries import path_from_json, path_to_json
from coder.core.dataclass import dataclass
from coder.git.entries import Entry

NAME = "commits.jsonl"
State: TypeAlias = Literal["landed", "dropped", "undone", "reverted", "redone"]
_STATES: dict[str, State] = {name: name for name in get_args(State)}


@dataclass(frozen=True, slots=True)
class OwnCommit:
    """A commit, and what became of it: `dropped` is one that never got onto its branch.

    `sets` are the changes of the run by their ids in the journal of checkpoints, `index` what the index had at the
    paths whose entries were replaced. `branch` and `started_from` are whole names of branches; the latter is where
    HEAD was when the branch began with this commit, "" when it did not. `rewind` is the last undo of its files: the ids
    of its sets, more than one where it was cut off in between."""

    commit: str
    parent: str
    branch: str
    started_from: str
    top: str
    transcript: str
    prompt: str
    subject: str
    when: float
    sets: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    index: Mapping[str, Entry | None] = field(default_factory=dict)
    state: State | Literal["noted"] = "noted"
    rewind: str = ""

    @property
    def short(self) -> str:
        return self.commit[:7]

    @property
    def stands(self) -> bool:
        """Whether its run's changes are, or were about to be, on the branch."""
        return self.state in ("noted", "landed", "redone")


def note(folder: Path, commit: OwnCommit) -> None:
    """Raises OSError."""
    raw = asdict(commit)
    for key in ("state", "rewind"):
        del raw[key]
    raw["paths"] = [path_to_json(path) for path in commit.paths]
    raw["index"] = [
        [path_to_json(path), [entry.mode, entry.blob] if entry else None] for path, entry in commit.index.items()
    ]
    for key in ("top", "transcript", "subject", "branch", "started_from"):
        raw[key] = path_to_json(raw[key])
    _append(folder, raw)


def note_state(folder: Path, commit: str, state: State, rewind: str = "") -> None:
    """Raises OSError."""
    _append(folder, {"commit": commit, "state": state, "rewind": rewind})


def commits(folder: Path) -> list[OwnCommit]:
    """Every one that was noted, the oldest first; one that was taken back or brought again counts as new. What cannot
    be read is left out. Never raises."""
    found: dict[str, OwnCommit] = {}
    for raw in _lines(folder / NAME):
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            if "state" not in raw:
                made = _from_json(raw)
                found[made.commit] = made
            elif raw["commit"] in found:
                known = found.pop(raw["commit"]) if raw["state"] in ("redone", "undone") else found[raw["commit"]]
                found[known.commit] = replace(known, state=_STATES[raw["state"]], rewind=str(raw["rewind"]))
    return list(found.values())


def sessions(base: Path) -> list[Path]:
    """The folders of the sessions that have any, the latest first."""
    found: list[tuple[float, Path]] = []
    with suppress(OSError):
        for file in base.glob(f"*/{NAME}"):
            with suppress(OSError):
                found.append((file.stat().st_mtime, file.parent))
    return [folder for _, folder in sorted(found, reverse=True)]


def _from_json(raw: Any) -> OwnCommit:
    names = ("top", "transcript", "subject", "branch", "started_from")
    top, transcript, subject, branch, started_from = (path_from_json(str(raw[name])) for name in names)
    index = {
        path_from_json(path): Entry(str(entry[0]), str(entry[1])) if entry else None for path, entry in raw["index"]
    }
    return OwnCommit(
        commit=str(raw["commit"]),
        parent=str(raw["parent"]),
        prompt=str(raw["prompt"]),
        when=float(raw["when"]),
        sets=tuple(map(str, raw["sets"])),
        paths=tuple(map(path_from_json, raw["paths"])),
        index=index,
        top=top,
        transcript=transcript,
        subject=subject,
        branch=branch,
        started_from=started_from,
    )


def _append(folder: Path, raw: Mapping[str, Any]) -> None:
    private_folder(folder)
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(folder / NAME, flags, 0o600)
    try:
        end = os.fstat(descriptor).st_size
        torn = b"\n" if end and os.pread(descriptor, 1, end - 1) != b"\n" else b""
        view = memoryview(torn + json.dumps(raw, separators=(",", ":")).encode("ascii") + b"\n")
        try:
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        except OSError:
            with suppress(OSError):
                os.ftruncate(descriptor, end)
            raise
    finally:
        os.close(descriptor)


def _lines(file: Path) -> Iterator[Any]:
    try:
        with file.open("rb") as stream:
            for line in stream:
                with suppress(ValueError, RecursionError):
                    yield json.loads(line)
    except OSError:
        return
