"""The tree of a transcript and the branch of it that is the conversation. Pure; must not know files or messages."""

from __future__ import annotations

from collections.abc import Container, Sequence

from coder.sessions.codec import Entry, is_prompt, message_uuid

_MESSAGES = ("user", "assistant")


class Tree:
    """Grows entry by entry. `leaf` is what the next entry hangs on: the newest entry, unless a move said otherwise."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.leaf: str | None = None
        self._place: dict[str, int] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._place

    def grow(self, entry: Entry) -> bool:
        """Adds an entry; False when its name is taken, and nothing has changed then."""
        if entry.uuid in self._place:
            return False
        self._place[entry.uuid] = len(self.entries)
        self.entries.append(entry)
        self.leaf = entry.uuid
        return True

    def move(self, leaf: str | None) -> bool:
        """Makes `leaf` the end of the conversation, None an empty one; False when there is no such entry."""
        if leaf is not None and leaf not in self._place:
            return False
        self.leaf = leaf
        return True

    def branch(self, end: str | None = None, *, whole: bool = False) -> tuple[Entry, ...]:
        """The entries from the root to the entry `end`, by default the leaf, by their parents; with `whole` across
        compactions, from the first.

        A parent that is missing (its line was damaged) is replaced by the entry before it in the file, so that damage
        costs the damaged entries and no others. Blocks of a reply and answers to its calls are kept although they may
        hang on a side of the tree: parallel calls are stored like that by some programs. Never raises.
        """
        kept: set[int] = set()
        last = end if end is not None else self.leaf
        index = self._place[last] if last is not None else None
        while index is not None and index >= 0:
            kept.add(index)
            index = self._before(self.entries[index], index, whole)
        if len(kept) < len(self.entries):
            kept |= _belonging(self.entries, kept)
        return tuple(self.entries[index] for index in sorted(kept))

    def compacted(self) -> Entry | None:
        """The latest compaction the conversation stands on."""
        return next((entry for entry in reversed(self.branch()) if entry.boundary), None)

    def message(self, name: str) -> Entry | None:
        """The first entry of a message, on the conversation's branch before others."""
        for entries in (self.branch(), self.branch(whole=True), self.entries):
            for entry in entries:
                if name in (entry.uuid, message_uuid(entry)):
                    return entry
        return None

    def parent(self, entry: Entry, *, whole: bool = False) -> str | None:
        """What stands before an entry; None for the first one, and with `whole` also what a compaction replaced."""
        index = self._before(entry, self._place[entry.uuid], whole)
        return self.entries[index].uuid if index is not None and index >= 0 else None

    def nearest(self, name: str, among: Container[str]) -> str | None:
        """The entry itself, or the last one before it on its branch, that is `among` some; None when none of them is.
        Compactions are not crossed."""
        index = self._place.get(name)
        while index is not None and index >= 0:
            if self.entries[index].uuid in among:
                return self.entries[index].uuid
            index = self._before(self.entries[index], index, False)
        return None

    def _before(self, entry: Entry, index: int, whole: bool) -> int | None:
        name = entry.logical if whole and entry.boundary else entry.parent
        if name is None:
            return None
        parent = self._place.get(name, index)
        return parent if parent < index else index - 1


def drops_only_turn(branch: Sequence[Entry], at: str, prompt: str) -> bool:
    """Whether everything on the branch behind the entry `at` belongs to the turn of the prompt with that uuid."""
    names = [entry.uuid for entry in branch]
    if at not in names:
        return False
    kept = names.index(at) + 1
    turn = ""
    for number, entry in enumerate(branch):
        if is_prompt(entry):
            turn = message_uuid(entry)
        if number >= kept and turn != prompt:
            return False
    return True


def _belonging(entries: Sequence[Entry], kept: set[int]) -> set[int]:
    """Other parts of kept replies, then the results that answer kept calls."""
    replies = {_reply_id(entries[index]) for index in kept} - {""}
    parts = {index for index, entry in enumerate(entries) if _reply_id(entry) in replies} if replies else set()
    calls = {name for index in kept | parts for name in names_in(entries[index], "tool_use", "id")}
    answered = {name for index in kept for name in names_in(entries[index], "tool_result", "tool_use_id")}
    wanted = calls - answered
    if not wanted:
        return parts
    results = {
        index
        for index, entry in enumerate(entries)
        if wanted.intersection(names_in(entry, "tool_result", "tool_use_id"))
    }
    return parts | results


def _reply_id(entry: Entry) -> str:
    """What the parts of a reply share in transcripts of other programs; ours are chained part by part."""
    if entry.type != "assistant" or "coder" in entry.payload:
        return ""
    message = entry.payload.get("message")
    found = message.get("id") if isinstance(message, dict) else None
    return found if isinstance(found, str) else ""


def names_in(entry: Entry, kind: str, field: str) -> list[str]:
    """The ids that the blocks of one type in an entry carry in `field`."""
    message = entry.payload.get("message") if entry.type in _MESSAGES else None
    content = message.get("content") if isinstance(message, dict) else None
    blocks = content if isinstance(content, list) else []
    found = (block.get(field) for block in blocks if isinstance(block, dict) and block.get("type") == kind)
    return [name for name in found if isinstance(name, str)]
