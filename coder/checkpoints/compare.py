"""What a whole session changed on disk, file by file, before and after. Must not know who asks or how it is shown."""

from __future__ import annotations

from collections.abc import Iterable

from coder.checkpoints.changelog import Mark, Record
from coder.checkpoints.compose import Net, compose, without_histories
from coder.checkpoints.contents import CheckpointError, Contents
from coder.checkpoints.entries import Entry
from coder.checkpoints.timeline import Timeline, changes_of
from coder.core.dataclass import dataclass

MOST_BYTES = 2_000_000  # of a text that is worth comparing
_BINARY = "not a text"


@dataclass(frozen=True, slots=True)
class Difference:
    """`before` and `after` are its texts, None where it was not there. `note` says why there are none to compare, and
    is empty otherwise. `mixed`: in between somebody else changed it, which cannot be told apart."""

    path: str
    before: str | None
    after: str | None
    note: str = ""
    mixed: bool = False


def differences(records: Iterable[Record], told: Iterable[Mark], contents: Contents) -> list[Difference]:
    """In the order in which the files were first changed; what a rewind took back is not among them. Blocks."""
    nets, _ = without_histories(compose(changes_of(Timeline(records, told).standing())))
    return [_difference(net, contents) for net in nets.values() if not _is_folder(net)]


def _is_folder(net: Net) -> bool:
    return all(entry is None or entry.kind == "folder" for entry in (net.first, net.last))


def _difference(net: Net, contents: Contents) -> Difference:
    if note := _what(net):
        return Difference(net.path, None, None, note, net.broken)
    try:
        before, after = _text(net.first, contents), _text(net.last, contents)
    except CheckpointError:
        return Difference(net.path, None, None, "its content is no longer kept", net.broken)
    except UnicodeDecodeError:
        return Difference(net.path, None, None, _BINARY, net.broken)
    note = "its mode changed" if before == after else ""
    return Difference(net.path, before, after, note, net.broken)


def _what(net: Net) -> str:
    """Why there are no texts to compare; "" when there are."""
    there = [entry for entry in (net.first, net.last) if entry is not None]
    if any(entry.kind == "link" for entry in there):
        return "a link"
    if any(entry.kind not in ("file", "folder") for entry in there):
        return "no file"
    files = [entry for entry in there if entry.kind == "file"]
    if any(not entry.content for entry in files):
        return "its content was not kept"
    return "too large to compare" if any(entry.size > MOST_BYTES for entry in files) else ""


def _text(entry: Entry | None, contents: Contents) -> str | None:
    """Raises CheckpointError, and UnicodeDecodeError for what is no text."""
    if entry is None or entry.kind != "file":
        return None
    data = contents.get(entry.content)
    if b"\0" in data:
        raise UnicodeDecodeError("utf-8", data, 0, 1, _BINARY)
    return data.decode("utf-8")
