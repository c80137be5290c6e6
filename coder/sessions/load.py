"""The conversation of a transcript, as it goes on. Must not write, lock or repair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.dataclass import dataclass
from coder.core.errors import SessionError
from coder.core.lazy import LazyModule
from coder.core.messages import Message
from coder.core.visible import visible_line
from coder.sessions.asides import Labels
from coder.sessions.blobs import Blobs
from coder.sessions.codec import Entry, announced_calls, asked_model, placed_messages

if TYPE_CHECKING:
    from coder.sessions import cleared, reading
    from coder.sessions.reading import Reading
else:  # a new session loads nothing
    cleared, reading = LazyModule("coder.sessions.cleared"), LazyModule("coder.sessions.reading")

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a transcript holds.

    `lines` counts all that are not blank, `bad` holds the numbers of damaged ones, `leaf` is the uuid the next entry
    hangs on, `elsewhere` counts entries of other branches. `calls` are those whose start would have been noted, with
    the time it was; "" for one that was never started. `model` is what the last reply was asked of, `edited`
    why the past has changed since that reply; "" when it has not.
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
    labels: Labels = field(default_factory=Labels)
    calls: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    edited: str = ""

    @property
    def skipped(self) -> str:
        """What could not be read, for people; empty when everything was."""
        parts: list[str] = []
        if self.bad:
            shown = ", ".join(map(str, self.bad[:_SHOWN])) + (", …" if len(self.bad) > _SHOWN else "")
            parts.append(f"{counted(len(self.bad), 'damaged line')} ({shown})")
        if self.torn:
            parts.append("a last line that was cut off while being written")
        parts += [f"{counted(count, 'entry', 'entries')} of unknown type {kind!r}" for kind, count in self.unknown]
        if not parts:
            return ""
        good = self.lines - len(self.bad) - self.torn - sum(count for _, count in self.unknown)
        return f"loaded {good} of {self.lines} lines; skipped " + ", ".join(parts)


def load(path: Path, at: str | None = None, *, whole: bool = False, aside: bool = False) -> Loaded:
    """The conversation of a transcript, and what was skipped. Blocks while it reads.

    `at` is the last entry to be kept. With `whole`, what was compacted stands before its summary. `aside`: it is that
    of a subagent.
    Raises SessionError when the file cannot be read at all or has no entry `at`, never for what is in it.
    """
    found = reading.read(path, aside=aside)
    if at is not None:
        cut(found, path, at)
    return assembled(found, path, whole=whole)


def cut(source: Reading, path: Path, at: str) -> None:
    """Leaves out what came after the entry `at`. Raises SessionError when there is none."""
    if not source.tree.move(at):
        raise SessionError(f"Session {path.stem} has no entry {visible_line(at)}.")
    source.edited = "cut"


def assembled(source: Reading, path: Path, *, whole: bool = False) -> Loaded:
    """The conversation of what was read from `path`, beside which its pictures lie. Never raises."""
    found = source.tree.branch(whole=whole)
    place = {entry.uuid: number for number, entry in enumerate(found)}

    def reach(leaf: str) -> int:
        nearest = source.tree.nearest(leaf, place)
        return place[nearest] if nearest is not None else -1

    messages = cleared.without_cleared(placed_messages(unstowed(found, path)), source.clearings, reach)
    models = (asked_model(entry) for entry in reversed(found))
    return Loaded(
        messages=messages,
        session_id=source.session_id,
        cwd=source.cwd,
        leaf=source.tree.leaf,
        lines=source.lines,
        bad=tuple(source.bad),
        torn=source.torn,
        unknown=tuple(sorted(source.unknown.items())),
        elsewhere=len(source.tree.entries) - len(found),
        labels=source.labels,
        calls={name: source.started.get(name, "") for entry in found for name in announced_calls(entry)},
        model=next(filter(None, models), ""),
        edited=source.edited,
    )


def side_folder(path: Path) -> Path:
    """Where whatever belongs to a session but is not in its transcript lies."""
    return path.with_suffix("")


def blob_folder(path: Path) -> Path:
    """Where the pictures and documents of a transcript lie."""
    return side_folder(path) / "blobs"


def unstowed(entries: Iterable[Entry], path: Path) -> Iterator[Entry]:
    """The entries with their pictures and documents, which lie beside the transcript `path`. Never raises."""
    blobs = Blobs(path.parent, blob_folder(path))
    for entry in entries:
        yield replace(entry, payload=blobs.restore(entry.payload)) if entry.stowed and entry.payload else entry


def counted(count: int, one: str, many: str = "") -> str:
    """`1 line`, `2 lines`."""
    return f"{count} {one if count == 1 else many or one + 's'}"
