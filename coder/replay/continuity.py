"""Prefix continuity: every request of a conversation extends the one before, byte for byte. Must not know the wire."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import field
from itertools import takewhile

from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.replay.pieces import Piece, Prefix

CONTEXT = 40


@dataclass(slots=True)
class Conversation:
    """The latest request of a conversation, and what a whole reply to it said."""

    tip: Prefix
    reply: tuple[Json, ...] = ()
    stop_reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The conversation a request belongs to, or why it breaks one. `edit` is the reason given for a permitted break;
    `paused` says that the conversation's last reply was a paused turn, which may be sent back as it is."""

    conversation: Conversation | None = None
    problem: str = ""
    edit: str = ""
    paused: bool = False


@dataclass(slots=True)
class Continuity:
    """Watches conversations. A request without any reply in it opens one; a side request belongs to none."""

    conversations: list[Conversation] = field(default_factory=list)

    def check(self, prefix: Prefix, *, edit: str = "") -> Verdict:
        """Judges a request and remembers it unless it breaks its conversation. `edit` permits a break once."""
        extended = max(
            (known for known in self.conversations if _extends(prefix, known.tip)),
            key=lambda known: len(known.tip.pieces),
            default=None,
        )
        if extended is not None:
            if (problem := _altered_thinking(prefix, extended)) and not edit:
                return Verdict(problem=problem)
            paused = extended.stop_reason == "pause_turn"
            return Verdict(self._accept(extended, prefix), paused=paused)
        if not any(part.raw["role"] == "assistant" for part in prefix.messages):
            return Verdict(self._open(prefix))
        broken = self._related(prefix)
        if broken is None:
            return Verdict(self._open(prefix))
        if not edit:
            return Verdict(problem=_difference(broken.tip, prefix))
        return Verdict(self._accept(broken, prefix), edit=edit)

    def answered(self, conversation: Conversation, content: tuple[Json, ...], stop_reason: str) -> None:
        """Notes that the client has received a whole reply."""
        conversation.reply = content
        conversation.stop_reason = stop_reason

    def _open(self, prefix: Prefix) -> Conversation:
        conversation = Conversation(prefix)
        self.conversations.append(conversation)
        return conversation

    def _accept(self, conversation: Conversation, prefix: Prefix) -> Conversation:
        starts_over = conversation.reply and len(conversation.tip.messages) == len(prefix.messages)
        if starts_over and not any(part.raw["role"] == "assistant" for part in prefix.messages):
            return self._open(prefix)  # the same first request once more, after it was answered: a second run of it
        conversation.tip, conversation.reply, conversation.stop_reason = prefix, (), ""
        return conversation

    def _related(self, prefix: Prefix) -> Conversation | None:
        """The conversation this request must have meant: it shares tool calls or the first message with it."""
        mine = _evidence(prefix)
        scored = ((len(mine & _evidence(known.tip)), known) for known in reversed(self.conversations))
        score, best = max(scored, key=lambda pair: pair[0], default=(0, None))
        return best if score else None


def _extends(new: Prefix, old: Prefix) -> bool:
    if new.shape != old.shape or new.head_length != old.head_length or len(new.tools) != len(old.tools):
        return False
    count = len(old.pieces)
    if not count:
        return False
    if len(new.pieces) < count or new.pieces[count - 1].digest != old.pieces[count - 1].digest:
        return False
    return all(
        mine is theirs or mine.digest == theirs.digest for mine, theirs in zip(new.pieces, old.pieces, strict=False)
    )


def _evidence(prefix: Prefix) -> set[bytes | str]:
    found: set[bytes | str] = {p.digest for p in prefix.messages[0].pieces}
    found |= {
        str(p.block.get("id")) for part in prefix.messages for p in part.pieces if p.block.get("type") == "tool_use"
    }
    return found


def _altered_thinking(prefix: Prefix, conversation: Conversation) -> str:
    """The API's refusal when the reply to the last request comes back with its thinking changed; else ""."""
    start = len(conversation.tip.pieces)
    back = [p.block for p in takewhile(lambda p: p.role == "assistant", prefix.pieces[start:])]
    if _thoughts(back) == _thoughts(conversation.reply) or not _words(back) & _words(conversation.reply):
        return ""
    return (
        f"{prefix.place(start)}: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be "
        "modified. These blocks must remain as they were in the original response."
    )


def _thoughts(blocks: Iterable[Json]) -> list[tuple[object, ...]]:
    kinds = ("thinking", "redacted_thinking")
    return [(b.get("thinking"), b.get("signature"), b.get("data")) for b in blocks if b.get("type") in kinds]


def _words(blocks: Iterable[Json]) -> set[str]:
    """What identifies a reply but its thinking: its texts and the ids of its calls."""
    return {str(b.get("id") or b.get("text")) for b in blocks if b.get("type") in ("text", "tool_use")}


def _difference(old: Prefix, new: Prefix) -> str:
    """Where and how `new` stops extending `old`, in one line."""
    start = "prefix continuity broken at"
    for name in sorted({*old.shape, *new.shape}):
        if old.shape.get(name) != new.shape.get(name):
            return f"{start} {name}: was {old.shape.get(name)!r}, now {new.shape.get(name)!r}"
    for name, mine, theirs in (("tools", old.tools, new.tools), ("system", old.system, new.system)):
        if len(mine) != len(theirs):
            return f"{start} {name}: was {len(mine)} blocks, now {len(theirs)}{_gone(mine, theirs)}"
    for index, was in enumerate(old.pieces):
        if index >= len(new.pieces):
            return f"{start} {old.place(index)}: was {_shown(was)[:120]!r}, now absent"
        now = new.pieces[index]
        if was.digest != now.digest:
            return f"{start} {new.place(index)}: {_diff(_shown(was), _shown(now))}"
    return f"{start} {old.place(len(old.pieces))}"


def _gone(mine: tuple[object, ...], theirs: tuple[object, ...]) -> str:
    return " (some vanished)" if len(theirs) < len(mine) else " (some are new)"


def _shown(p: Piece) -> str:
    return f"{p.role} {json.dumps(p.block, ensure_ascii=False)}"


def _diff(was: str, now: str) -> str:
    at = next((n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
    begin = max(0, at - CONTEXT)
    lead = "…" if begin else ""
    return f"was {lead}{was[begin : at + CONTEXT]!r}, now {lead}{now[begin : at + CONTEXT]!r}"
