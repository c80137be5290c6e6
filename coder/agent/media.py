"""Fits pictures and documents to what the API takes, one by one and all together. Must not know how one is shrunk.

One that is refused would stay in the conversation and break every later request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from coder.agent.weight import block_tokens, picture_of
from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.edits import Clearing, Replacement
from coder.core.messages import Block, Document, Image, Message, Text, ToolResult

MOST_BASE64 = 5 << 20  # characters of one picture
MOST_EDGE = 8_000  # pixels
MANY = 20  # pictures; with more in a request
MOST_EDGE_OF_MANY = 2_000  # is the longest edge
MOST_DOCUMENT = 28 << 20  # characters
MOST_TOGETHER = 28 << 20  # characters of all media; a request may have 32 MB
_ROOM = 20 << 20  # what is left of them when that was passed, so that it is not passed again at once

Shrink: TypeAlias = Callable[[Image], Image | None]
"""Makes a picture small enough for every request; None when that cannot be done here. May take a while."""
Medium: TypeAlias = Image | Document


@dataclass(frozen=True, slots=True)
class Place:
    """A picture or document in a conversation: in a tool result, or a block of a message."""

    medium: Medium
    message: Message
    block: int
    result: ToolResult | None


def fitted(message: Message, shrink: Shrink) -> Message:
    """The message with what the API would refuse made smaller, or replaced by a text that says what it was."""
    content = tuple(_fitted(block, shrink) for block in message.content)
    same = all(now is was for now, was in zip(content, message.content, strict=True))
    return message if same else replace(message, content=content)


def places(messages: Sequence[Message]) -> Iterator[Place]:
    """All of them, the oldest first."""
    for message in messages:
        if message.role != "user":
            continue
        for index, block in enumerate(message.content):
            if isinstance(block, Image | Document):
                yield Place(block, message, index, None)
            elif isinstance(block, ToolResult):
                yield from (Place(m, message, index, block) for m in block.content if isinstance(m, Image | Document))


def too_much(messages: Sequence[Message]) -> Clearing | None:
    """What must go so that all media of the conversation fit into one request; None when they do."""
    found = list(places(messages))
    if sum(isinstance(place.medium, Image) for place in found) > MANY:
        large = [place for place in found if longest_edge(place.medium) > MOST_EDGE_OF_MANY]
        if large:
            return left_out(large, f"with more than {MANY} pictures, none may be wider or higher than 2,000 pixels.")
    together = sum(len(place.medium.data) for place in found)
    if together <= MOST_TOGETHER:
        return None
    going: list[Place] = []
    for place in found:
        if together <= _ROOM:
            break
        going.append(place)
        together -= len(place.medium.data)
    return left_out(going, "all pictures and documents together were too large for one request.")


def left_out(going: Sequence[Place], why: str) -> Clearing:
    """The edit that puts a text in the place of each. A tool result keeps the texts it has."""
    replacements: dict[tuple[str, str, int], Replacement] = {}
    freed = 0
    for place in going:
        note = placeholder(place.medium, why)
        freed += block_tokens(place.medium)
        if place.result is None:
            made = Replacement(note, message=place.message.meta.uuid, block=place.block)
        else:
            texts = [block.text for block in place.result.content if isinstance(block, Text)]
            made = Replacement("\n".join([*texts, note]), tool_use_id=place.result.tool_use_id)
        replacements[made.tool_use_id, made.message, made.block] = made
    return Clearing(tuple(replacements.values()), "left out media", freed)


def placeholder(medium: Medium, why: str) -> str:
    return prompts.load("reminders/left_out", what=description(medium), why=why)


def description(medium: Medium) -> str:
    """`A picture (image/png, 1170x2532, 3.2 MB)`."""
    size = len(medium.data) * 3 // 4
    shown = f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size:,} bytes"
    if isinstance(medium, Document):
        return f"A document ({shown})"
    picture = picture_of(medium)
    pixels = f"{picture.width}x{picture.height}, " if picture is not None and picture.width else ""
    return f"A picture ({medium.media_type or 'unknown type'}, {pixels}{shown})"


def longest_edge(medium: Medium) -> int:
    """In pixels; 0 for a document, and where it cannot be told."""
    picture = picture_of(medium) if isinstance(medium, Image) else None
    return max(picture.width, picture.height) if picture is not None else 0


def _fitted(block: Block, shrink: Shrink) -> Block:
    match block:
        case Image():
            return _fitted_picture(block, shrink)
        case Document():
            return _fitted_document(block)
        case ToolResult(content=content) if not all(isinstance(part, Text) for part in content):
            parts = tuple(_fitted(part, shrink) for part in content)
            same = all(now is was for now, was in zip(parts, content, strict=True))
            return block if same else replace(block, content=parts)  # type: ignore[arg-type]  # parts stay parts
        case _:
            return block


def _fitted_picture(image: Image, shrink: Shrink) -> Image | Text:
    if not image.data:
        return Text(placeholder(image, "it was empty."))
    picture = picture_of(image)
    if picture is not None and picture.media_type != image.media_type:
        image = replace(image, media_type=picture.media_type)
    edge, size = longest_edge(image), len(image.data)
    if edge <= MOST_EDGE_OF_MANY and size <= MOST_BASE64:
        return image
    smaller = shrink(image)
    if smaller is not None and longest_edge(smaller) <= MOST_EDGE_OF_MANY and len(smaller.data) <= MOST_BASE64:
        return smaller
    if edge > MOST_EDGE or size > MOST_BASE64:
        return Text(placeholder(image, "it was too large to be sent."))
    return image


def _fitted_document(document: Document) -> Document | Text:
    if not document.data:
        return Text(placeholder(document, "it was empty."))
    if len(document.data) > MOST_DOCUMENT:
        return Text(placeholder(document, "it was too large to be sent."))
    return document
