"""How many tokens a conversation weighs: what the API counted last, and an estimate of the rest. Pure; must not know
models, limits or prices."""

from __future__ import annotations

import base64
import json
from binascii import Error as NotBase64
from typing import TYPE_CHECKING

from coder.core.lazy import LazyModule
from coder.core.messages import Block, Document, Image, Message, Opaque, Text, Thinking, ToolResult, ToolUse
from coder.core.model import ModelRequest

if TYPE_CHECKING:
    from coder.core import pictures
else:
    pictures = LazyModule("coder.core.pictures")

BYTES_PER_TOKEN = 3.5
_AROUND_BLOCK = 8  # tokens of its type, ids and separators
_PIXELS_PER_TOKEN = 750
_MOST_PICTURE = 4_800  # tokens; larger pictures are scaled down by the API
_UNREADABLE_PICTURE = 1_600
_HEAD = 256 << 10  # base64 characters that surely hold a picture's size
_BYTES_PER_PAGE_TOKEN = 25  # of a document: 2,000 tokens for a page of 50 kB


def block_tokens(block: Block) -> int:
    """An estimate; never 0, so that many small blocks weigh something."""
    match block:
        case Text(text=text):
            return _AROUND_BLOCK + text_tokens(text)
        case Thinking(thinking=text, signature=signature):
            return _AROUND_BLOCK + text_tokens(text) + text_tokens(signature)
        case Image():
            return _picture_tokens(block)
        case Document(data=data):
            return _AROUND_BLOCK + len(data) * 3 // 4 // _BYTES_PER_PAGE_TOKEN
        case ToolUse(name=name, input=raw):
            return 4 * _AROUND_BLOCK + text_tokens(name) + _json_tokens(raw)
        case ToolResult(content=content):
            return 4 * _AROUND_BLOCK + sum(map(block_tokens, content))
        case Opaque(raw=raw):
            return _AROUND_BLOCK + _json_tokens(raw)


def message_tokens(message: Message) -> int:
    return sum(map(block_tokens, message.content))


def head_tokens(request: ModelRequest) -> int:
    """System texts and tools, the part of a request before its messages."""
    system = sum(_AROUND_BLOCK + text_tokens(text) for text in request.system)
    tools = (text_tokens(tool.name) + text_tokens(tool.description) for tool in request.tools)
    return system + sum(tools) + sum(_AROUND_BLOCK + _json_tokens(tool.input_schema) for tool in request.tools)


def text_tokens(text: str) -> int:
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return int(size / BYTES_PER_TOKEN)


def picture_of(image: Image) -> pictures.Picture | None:
    """What the picture is by its bytes; None when that cannot be told. Size 0 when it lies too far inside."""
    try:
        return pictures.identify(base64.b64decode(image.data[:_HEAD]))
    except (NotBase64, ValueError):
        return None


def _picture_tokens(image: Image) -> int:
    picture = picture_of(image)
    if picture is None or not (picture.width and picture.height):
        return _UNREADABLE_PICTURE
    return min(_MOST_PICTURE, _AROUND_BLOCK + picture.width * picture.height // _PIXELS_PER_TOKEN)


def _json_tokens(value: object) -> int:
    return text_tokens(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))


class Weight:
    """Of one conversation. `head` is what stands before its messages; all but what was counted is estimated."""

    def __init__(self, head: int) -> None:
        self._head = head
        self._counted = 0
        self._estimate = 0

    def learn(self, counted: int, messages: int) -> None:
        """The API counted `counted` tokens where we had estimated `messages` after the head. 0 teaches nothing."""
        if counted > 0:
            self._counted, self._estimate = counted, self._head + messages

    def of(self, messages: int) -> int:
        """What is new is added as estimated; what went away takes its share of what was counted."""
        estimate = self._head + messages
        if not self._counted:
            return estimate
        if estimate >= self._estimate:
            return self._counted + estimate - self._estimate
        return self._counted * estimate // self._estimate
