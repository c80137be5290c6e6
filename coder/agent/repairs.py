"""What to leave out when the API refuses a conversation for a block in it. Pure: reads the refusal, names the blocks.

A refusal that is about no block (a wrong parameter, no permission) is none of its business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from coder.agent.history import History
from coder.agent.media import Place, left_out, places
from coder.agent.projection import is_thinking
from coder.agent.weight import block_tokens
from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.edits import Clearing, Replacement
from coder.core.errors import ModelError
from coder.core.messages import Block, Document, Image, Message, Text, ToolResult, ToolUse

WHY = "leave out what the API refused"
_PATH = re.compile(r"\bmessages\.(\d+)(?:\.content\.(\d+))?")
_COUNTS = re.compile(r"(\d[\d,]*) tokens? > (\d[\d,]*)")
_REFUSED = "the API refused it."
_MEDIA = re.compile(r"\b(image|picture|media|document|pdf)", re.IGNORECASE)
_SIGNATURE = re.compile(r"signature|thinking", re.IGNORECASE)
_MISPLACED = re.compile(r"Expected `(redacted_)?thinking`")
_NOT_ABOUT_A_BLOCK = re.compile(r"cache_control|must alternate")


@dataclass(frozen=True, slots=True)
class Repair:
    """`edit` leaves out `what`, in words for people."""

    edit: Clearing
    what: str


def is_too_many_tokens(error: ModelError) -> bool:
    """Whether the prompt as a whole is too long for the model, whatever its blocks."""
    return error.kind == "too_long" and not is_too_many_bytes(error)


def is_too_many_bytes(error: ModelError) -> bool:
    """Whether the request as a whole is larger than the server takes."""
    return error.status == 413 and not _COUNTS.search(str(error)) and "prompt is too long" not in str(error)


def counted(error: ModelError) -> tuple[int, int]:
    """The tokens that were sent and the most that are taken, as the refusal says; zeros when it does not."""
    found = _COUNTS.search(str(error))
    return (int(found[1].replace(",", "")), int(found[2].replace(",", ""))) if found else (0, 0)


def repair(error: ModelError, history: History) -> Repair | None:
    """What to leave out so that the same request may pass; None when the refusal gives no hint."""
    said = str(error)
    if is_too_many_bytes(error):
        return _largest(list(places(history.messages)))
    if error.kind != "invalid" or error.status not in (400, 413, None) or _NOT_ABOUT_A_BLOCK.search(said):
        return None
    found = _PATH.search(said)
    if _MISPLACED.search(said):
        return _thinking_of(int(found[1]), history) if found else None
    if found is not None:
        named = history.locate(int(found[1]), int(found[2] or 0))
        if named is not None and (found[2] or _MEDIA.search(said) or _SIGNATURE.search(said)):
            made = _named(*named, history.messages)
            if made is not None:
                return made
    if _SIGNATURE.search(said):
        return _all_thinking(history.messages)
    if _MEDIA.search(said):
        return _latest(list(places(history.messages)), said)
    return None


def _named(message: Message, index: int, messages: Sequence[Message]) -> Repair | None:
    block = message.content[index]
    match block:
        case Image() | Document():
            return _media([Place(block, message, index, None)])
        case ToolResult(content=content) if media := [part for part in content if not isinstance(part, Text)]:
            return _media([Place(part, message, index, block) for part in media])
        case ToolUse():
            return _call(block, message, index, messages)
        case _ if is_thinking(block):
            return _thinking([message])
        case _:
            return _plain(block, message, index)


def _media(going: Sequence[Place]) -> Repair:
    edit = left_out(going, _REFUSED)
    pictures = sum(isinstance(place.medium, Image) for place in going)
    documents = len(going) - pictures
    named = [_count(pictures, "picture"), _count(documents, "document")]
    return Repair(Clearing(edit.replacements, WHY, edit.freed), " and ".join(part for part in named if part))


def _largest(found: list[Place]) -> Repair | None:
    """Half of all bytes, the largest first: a few tries find what has to go."""
    if not found:
        return None
    found.sort(key=lambda place: -len(place.medium.data))
    left = sum(len(place.medium.data) for place in found) // 2
    going: list[Place] = []
    for place in found:
        if going and left <= 0:
            break
        going.append(place)
        left -= len(place.medium.data)
    return _media(going)


def _latest(found: list[Place], said: str) -> Repair | None:
    """The newest of the kind the refusal speaks of: older ones were accepted before."""
    wants = Document if re.search(r"\b(document|pdf)", said, re.IGNORECASE) else Image
    kind = [place for place in found if isinstance(place.medium, wants)] or found
    return _media([place for place in kind if place.message is kind[-1].message]) if kind else None


def _thinking_of(number: int, history: History) -> Repair | None:
    """All thinking of one message of the view: a paused turn may have begun without any, and go on with some."""
    view = history.view
    blocks = range(len(view[number].content)) if number < len(view) else range(0)
    found = (history.locate(number, block) for block in blocks)
    stored = {place[0].meta.uuid: place[0] for place in found if place is not None}
    return _all_thinking(list(stored.values()))


def _all_thinking(messages: Sequence[Message]) -> Repair | None:
    having = [message for message in messages if any(map(is_thinking, message.content))]
    return _thinking(having) if having else None


def _thinking(messages: Sequence[Message]) -> Repair:
    going = [(message, index) for message in messages for index, b in enumerate(message.content) if is_thinking(b)]
    freed = sum(block_tokens(message.content[index]) for message, index in going)
    made = tuple(Replacement("", message=message.meta.uuid, block=index) for message, index in going)
    return Repair(Clearing(made, WHY, freed), "thinking that this model does not take back")


def _call(call: ToolUse, message: Message, index: int, messages: Sequence[Message]) -> Repair | None:
    """A call goes with its result, or neither could stay."""
    made = [Replacement(_note(f"A {call.name} call"), message=message.meta.uuid, block=index)]
    for other in messages:
        for at, block in enumerate(other.content):
            if isinstance(block, ToolResult) and block.tool_use_id == call.id:
                made.append(Replacement(_note("Its result"), message=other.meta.uuid, block=at))
    return Repair(Clearing(tuple(made), WHY, block_tokens(call)), f"a {call.name} call") if len(made) == 2 else None


def _plain(block: Block, message: Message, index: int) -> Repair | None:
    """None for a block that was left out before: what the API refuses is not that."""
    words = block.content if isinstance(block, ToolResult) else (block,)
    if words in ((Text(_note("The output")),), (Text(_note("A part of this message")),)):
        return None
    if isinstance(block, ToolResult):
        made = Replacement(_note("The output"), tool_use_id=block.tool_use_id)
        return Repair(Clearing((made,), WHY, block_tokens(block)), "a tool result")
    made = Replacement(_note("A part of this message"), message=message.meta.uuid, block=index)
    return Repair(Clearing((made,), WHY, block_tokens(block)), f"a block of type {block.type}")


def _note(what: str) -> str:
    return prompts.load("reminders/left_out", what=what, why=_REFUSED)


def _count(number: int, noun: str) -> str:
    return "" if not number else f"a {noun}" if number == 1 else f"{number} {noun}s"
