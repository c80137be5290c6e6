"""Messages and content blocks, and their Messages API shape. Must not know the network, the disk or the loop."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import field, replace
from typing import Any, Literal, TypeAlias
from uuid import NAMESPACE_OID, uuid5

from coder.core.dataclass import dataclass

Json: TypeAlias = dict[str, Any]
DISPATCH = "UseTool"  # the tool whose calls stand for calls of others
INLINE = "inline_"  # how the id of a call begins that the text of a command made, not the model
ATTACHED = "<attached-"  # how the text of a file begins that a prompt mentions


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    type: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class Thinking:
    """A thinking block. Replayed unmodified, with its signature, to the model that wrote it only."""

    thinking: str
    signature: str = ""
    type: Literal["thinking"] = "thinking"


@dataclass(frozen=True, slots=True)
class Image:
    """Base64 image data."""

    media_type: str
    data: str
    type: Literal["image"] = "image"


@dataclass(frozen=True, slots=True)
class Document:
    """Base64 document data (PDF)."""

    media_type: str
    data: str
    type: Literal["document"] = "document"


OF_A_HOST = "toolu_host_"
"""What the id of a call begins with that no model made, but whoever holds the session."""


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool call. `error` is set when its input was not valid JSON: such a call is answered, never run."""

    id: str
    name: str
    input: Json
    error: str = ""
    type: Literal["tool_use"] = "tool_use"


ResultContent: TypeAlias = "tuple[Text | Image | Document, ...]"


@dataclass(frozen=True, slots=True)
class ToolResult:
    tool_use_id: str
    content: ResultContent
    is_error: bool = False
    type: Literal["tool_result"] = "tool_result"


@dataclass(frozen=True, slots=True)
class Opaque:
    """A block of a type we do not know (redacted thinking, server tools): survives a round trip as it came."""

    raw: Json
    type: Literal["opaque"] = "opaque"


Block: TypeAlias = Text | Thinking | Image | Document | ToolUse | ToolResult | Opaque
Role: TypeAlias = Literal["user", "assistant"]
Kind: TypeAlias = Literal["", "context", "prompt", "reply", "results", "steer", "shell", "reminder", "summary"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one reply as the API reported them; cumulative within the reply."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    ephemeral_5m_input_tokens: int = 0
    ephemeral_1h_input_tokens: int = 0
    web_search_requests: int = 0  # searches of the provider, which are paid for by the piece

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(getattr(self, f) + getattr(other, f) for f in self.__slots__))

    @property
    def prompt_tokens(self) -> int:
        """Everything that was sent: uncached, written to and read from the cache."""
        return self.input_tokens + self.cache_creation_input_tokens + self.cache_read_input_tokens


@dataclass(frozen=True, slots=True)
class Meta:
    """Facts about a message that never reach the API."""

    uuid: str = ""
    kind: Kind = ""
    timestamp: str = ""
    api_id: str = ""
    model: str = ""
    stop_reason: str = ""
    usage: Usage = field(default_factory=Usage)
    tool_data: tuple[Json | None, ...] = ()
    head: str = ""  # of a reply: what its request began with, as agent/heads.py marks it


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: tuple[Block, ...]
    meta: Meta = field(default_factory=Meta)

    @property
    def tool_uses(self) -> tuple[ToolUse, ...]:
        return tuple(b for b in self.content if isinstance(b, ToolUse))

    @property
    def text(self) -> str:
        """The visible text, blocks joined by nothing as the model meant them."""
        return "".join(b.text for b in self.content if isinstance(b, Text))


def meant(call: ToolUse) -> ToolUse:
    """A call for people: the one that a dispatch stands for, any other as it is."""
    name, given = call.input.get("name"), call.input.get("input")
    if call.name != DISPATCH or not isinstance(name, str):
        return call
    return replace(call, name=name, input=given if isinstance(given, dict) else {})


def said(message: Message) -> str:
    """What a person typed to have this message sent: the line of a command instead of what the command says, and a
    prompt without the files that were attached to it."""
    texts = [block.text for block in message.content if isinstance(block, Text)]
    if message.meta.kind not in ("prompt", "steer") or not texts:
        return message.text
    return said_in(texts)


def is_typed_command(text: str) -> bool:
    """Whether a text is how coder itself tells the model which command was typed."""
    return text.startswith("<command-name>/") and "</command-name>\n<command-args>" in text


def said_in(texts: Sequence[str]) -> str:
    """The same of the texts of a message, of which there is at least one."""
    first = texts[0].lstrip()
    if not first.startswith(("<command-name>", "<command-message>")):
        return texts[0] + "".join(text for text in texts[1:] if not text.startswith(ATTACHED))
    name = re.search(r"<command-name>/?([^<\n]*)</command-name>", first)
    arguments = re.search(r"<command-args>(.*?)</command-args>", first, re.DOTALL)
    words = arguments[1].replace("<\\/command-", "</command-").strip() if arguments is not None else ""
    return f"/{name[1].strip()} {words}".strip() if name is not None else texts[0]


def block_to_api(block: Block) -> Json:
    """One block in Messages API shape. Never fails."""
    match block:
        case Text():
            return {"type": "text", "text": block.text}
        case Thinking():
            return {"type": "thinking", "thinking": block.thinking, "signature": block.signature}
        case Image() | Document():
            source = {"type": "base64", "media_type": block.media_type, "data": block.data}
            return {"type": block.type, "source": source}
        case ToolUse():
            return {"type": "tool_use", "id": block.id, "name": block.name, "input": block.input}
        case ToolResult():
            content = [block_to_api(b) for b in block.content]
            raw: Json = {"type": "tool_result", "tool_use_id": block.tool_use_id, "content": content}
            return {**raw, "is_error": True} if block.is_error else raw
        case Opaque():
            return block.raw


def block_from_api(raw: Json) -> Block:
    """The block of a Messages API object; a shape we do not fully know becomes `Opaque`. Never raises."""
    kind = raw.get("type")
    if kind == "text" and isinstance(raw.get("text"), str):
        return Text(raw["text"])
    if kind == "thinking" and isinstance(raw.get("thinking"), str):
        return Thinking(raw["thinking"], str(raw.get("signature") or ""))
    if kind in ("image", "document"):
        source = raw.get("source")
        if isinstance(source, dict) and source.get("type") == "base64" and set(raw) <= {"type", "source"}:
            make = Image if kind == "image" else Document
            return make(str(source.get("media_type", "")), str(source.get("data", "")))
    if kind == "tool_use" and isinstance(raw.get("id"), str) and isinstance(raw.get("input"), dict):
        return ToolUse(raw["id"], str(raw.get("name", "")), raw["input"])
    if kind == "tool_result" and isinstance(raw.get("tool_use_id"), str):
        return ToolResult(raw["tool_use_id"], _result_content(raw.get("content")), bool(raw.get("is_error")))
    return Opaque(raw)


def _result_content(raw: object) -> ResultContent:
    if isinstance(raw, str):
        return (Text(raw),) if raw else ()
    if not isinstance(raw, list):
        return ()
    blocks = (block_from_api(b) for b in raw if isinstance(b, dict))
    return tuple(b for b in blocks if isinstance(b, Text | Image | Document))


def message_to_api(message: Message) -> Json:
    return {"role": message.role, "content": [block_to_api(b) for b in message.content]}


def usage_from_api(raw: object) -> Usage:
    """Usage of an API object. Absent, negative or non-integer numbers count as 0; never raises."""
    if not isinstance(raw, dict):
        return Usage()
    detail = raw.get("cache_creation")
    detail = detail if isinstance(detail, dict) else {}
    served = raw.get("server_tool_use")
    served = served if isinstance(served, dict) else {}
    return Usage(
        _count(raw.get("input_tokens")),
        _count(raw.get("output_tokens")),
        _count(raw.get("cache_creation_input_tokens")),
        _count(raw.get("cache_read_input_tokens")),
        _count(detail.get("ephemeral_5m_input_tokens")),
        _count(detail.get("ephemeral_1h_input_tokens")),
        _count(served.get("web_search_requests")),
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def entry_uuids(message: Message) -> tuple[str, ...]:
    """The ids of a message's entries, on disk and on the wire: a reply has one entry per block, a user message one per
    tool result and one for all its text. The last entry carries the message's own id, which must be set."""
    own = message.meta.uuid
    results = sum(isinstance(b, ToolResult) for b in message.content)
    parts = len(message.content) if message.role == "assistant" else results + (results < len(message.content))
    parts = max(parts, 1)
    return tuple(entry_uuid(own, index, parts) for index in range(parts))


def entry_uuid(own: str, index: int, parts: int) -> str:
    """The id of entry `index` of the `parts` of the message `own`."""
    return own if index == parts - 1 else str(uuid5(NAMESPACE_OID, f"{own}/{index}"))
