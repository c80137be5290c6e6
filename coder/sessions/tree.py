"""The branch of a transcript that is the conversation: which entries, in which order. Pure; must not know files."""

from __future__ import annotations

from collections.abc import Sequence

from coder.sessions.codec import Entry

_MESSAGES = ("user", "assistant")


def branch(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries from the root to the newest one, by their parents.

    A parent that is missing (its line was damaged) is replaced by the entry before it in the file, so that damage costs
    the damaged entries and no others. Blocks of a reply and answers to its calls are kept although they may hang on a
    side of the tree: parallel calls are stored like that by some programs. Never raises.
    """
    place = {entry.uuid: index for index, entry in enumerate(entries)}
    kept: set[int] = set()
    index: int | None = len(entries) - 1
    while index is not None and index >= 0:
        kept.add(index)
        index = _before(entries[index], index, place)
    if len(kept) < len(entries):
        kept |= _belonging(entries, kept)
    return tuple(entries[index] for index in sorted(kept))


def _before(entry: Entry, index: int, place: dict[str, int]) -> int | None:
    if entry.parent is None:
        return None
    parent = place.get(entry.parent, index)
    return parent if parent < index else index - 1


def _belonging(entries: Sequence[Entry], kept: set[int]) -> set[int]:
    """Other parts of kept replies, then the results that answer kept calls."""
    replies = {_reply_id(entries[index]) for index in kept} - {""}
    parts = {index for index, entry in enumerate(entries) if _reply_id(entry) in replies}
    calls = {name for index in kept | parts for name in _names(entries[index], "tool_use", "id")}
    answered = {name for index in kept for name in _names(entries[index], "tool_result", "tool_use_id")}
    wanted = calls - answered
    results = {
        index for index, entry in enumerate(entries) if wanted.intersection(_names(entry, "tool_result", "tool_use_id"))
    }
    return parts | results


def _reply_id(entry: Entry) -> str:
    """What the parts of a reply share in transcripts of other programs; ours are chained part by part."""
    if entry.type != "assistant" or "coder" in entry.payload:
        return ""
    message = entry.payload.get("message")
    found = message.get("id") if isinstance(message, dict) else None
    return found if isinstance(found, str) else ""


def _names(entry: Entry, kind: str, field: str) -> list[str]:
    message = entry.payload.get("message") if entry.type in _MESSAGES else None
    content = message.get("content") if isinstance(message, dict) else None
    blocks = content if isinstance(content, list) else []
    found = (block.get(field) for block in blocks if isinstance(block, dict) and block.get("type") == kind)
    return [name for name in found if isinstance(name, str)]
