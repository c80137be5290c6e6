"""A request as the sequence of pieces its prompt is made of, each hashed. Must not know what is valid."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import field
from typing import Any

from coder.core.dataclass import dataclass
from coder.core.messages import Json

BYTES_PER_TOKEN = 3.5
SHAPING = ("model", "thinking", "tool_choice", "output_config")


@dataclass(frozen=True, slots=True)
class Piece:
    """One tool, system block or content block, without its cache marks. Equal digests mean equal content, and the same
    order of keys inside: a client that shuffles them breaks the real cache too."""

    role: str
    block: Json
    digest: bytes
    tokens: int


@dataclass(frozen=True, slots=True)
class Part:
    """One tool, system block or message as it was sent, its pieces, the marks on them (piece index, time to live), and
    the inputs of its calls as JSON."""

    raw: Any
    pieces: tuple[Piece, ...]
    marks: tuple[tuple[int, str], ...]
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prefix:
    """A whole request in prompt order: tools, system, messages. For every piece there are the hash of everything up to
    it, and the tokens up to it."""

    shape: Json
    tools: tuple[Part, ...]
    system: tuple[Part, ...]
    messages: tuple[Part, ...]
    automatic: str | None
    pieces: tuple[Piece, ...]
    hashes: tuple[bytes, ...] = field(repr=False)
    totals: tuple[int, ...] = field(repr=False)

    @property
    def head_length(self) -> int:
        return len(self.tools) + len(self.system)

    @property
    def tokens(self) -> int:
        return self.totals[-1] if self.totals else 0

    def place(self, index: int) -> str:
        """The path of a piece in the request, such as `messages.3.content.0`."""
        if index < len(self.tools):
            return f"tools.{index}"
        index -= len(self.tools)
        if index < len(self.system):
            return f"system.{index}"
        index -= len(self.system)
        for number, part in enumerate(self.messages):
            if index < len(part.pieces):
                return f"messages.{number}.content.{index}"
            index -= len(part.pieces)
        return f"messages.{len(self.messages)}"

    def marks(self) -> list[tuple[int, str]]:
        """(index of a piece, time to live) of every cache breakpoint, in order."""
        found: dict[int, str] = {}
        base = 0
        for part in (*self.tools, *self.system, *self.messages):
            if part.marks:
                found.update((base + index, ttl) for index, ttl in part.marks)
            base += len(part.pieces)
        if self.automatic and base:
            found.setdefault(base - 1, self.automatic)
        return sorted(found.items())


def make_prefix(
    request: Json,
    tools: tuple[Part, ...],
    system: tuple[Part, ...],
    messages: tuple[Part, ...],
    before: Prefix | None,
) -> Prefix:
    """The prefix of these parts; hashes of what it shares with `before` are taken from there."""
    shape = {name: request[name] for name in SHAPING if name in request}
    pieces = tuple(piece for part in (*tools, *system, *messages) for piece in part.pieces)
    head = len(tools) + len(system)
    shared = 0
    if before is not None and before.shape == shape and before.head_length == head:
        pairs = enumerate(zip(pieces, before.pieces, strict=False))
        shared = next((n for n, (mine, theirs) in pairs if mine is not theirs), min(len(pieces), len(before.pieces)))
    hashes = list(before.hashes[:shared]) if before else []
    totals = list(before.totals[:shared]) if before else []
    link = hashes[-1] if hashes else _digest(str(shape.get("model")).encode("utf-8", "surrogatepass"))
    total = totals[-1] if totals else 0
    for index in range(shared, len(pieces)):
        # These parameters change what the messages mean, but neither tools nor system.
        extra = canonical(shape) if index == head else b""
        link = _digest(link + extra + pieces[index].digest)
        total += pieces[index].tokens
        hashes.append(link)
        totals.append(total)
    return Prefix(shape, tools, system, messages, ttl_of(request), pieces, tuple(hashes), tuple(totals))


def make_part(raw: Json, role: str, blocks: Iterable[Json], known: Part | None = None) -> Part:
    """The part of a tool, system block or message; pieces equal to those of `known` are the same objects."""
    pieces: list[Piece] = []
    marks: list[tuple[int, str]] = []
    earlier = {piece.digest: piece for piece in known.pieces} if known else {}
    for index, block in enumerate(blocks):
        piece = _piece(role, block)
        pieces.append(earlier.get(piece.digest, piece))
        if ttl := _nested_ttl(block):
            marks.append((index, ttl))
    return Part(raw, tuple(pieces), tuple(marks), inputs_of(raw))


def inputs_of(message: Any) -> tuple[str, ...]:
    """The inputs of the calls in a message as JSON: unlike equality, it tells 1 from true and one order from another.
    Takes any JSON."""
    content = message.get("content") if isinstance(message, dict) and message.get("role") == "assistant" else None
    if not isinstance(content, list):
        return ()
    return tuple([json.dumps(block["input"]) for block in content if isinstance(block, dict) and "input" in block])


def tokens_of(value: object) -> int:
    """An estimate of the tokens of any JSON value."""
    return _estimate(canonical(value))


def canonical(value: object) -> bytes:
    """JSON with the order of keys kept."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def blocks_of(content: Any) -> list[Json]:
    """String content as one text block, block content as it is."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def unmarked(block: Json) -> Json:
    """A block without its cache marks."""
    plain = (
        {key: value for key, value in block.items() if key != "cache_control"} if "cache_control" in block else block
    )
    inner = plain.get("content")
    if plain.get("type") != "tool_result" or not isinstance(inner, list):
        return plain
    return {**plain, "content": [unmarked(item) for item in inner]} if any(map(ttl_of, inner)) else plain


def ttl_of(block: Json) -> str | None:
    """The time to live of a block's own cache mark."""
    mark = block.get("cache_control")
    return str(mark.get("ttl", "5m")) if isinstance(mark, dict) else None


def _piece(role: str, block: Json) -> Piece:
    plain = unmarked(block)
    data = canonical({key: plain[key] for key in sorted(plain)})
    return Piece(role, plain, _digest(role.encode() + b"\0" + data), _estimate(data))


def _nested_ttl(block: Json) -> str | None:
    inner = block.get("content") if block.get("type") == "tool_result" else None
    nested = [ttl_of(item) for item in inner] if isinstance(inner, list) else []
    return ttl_of(block) or next((ttl for ttl in nested if ttl), None)


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def _estimate(data: bytes) -> int:
    return math.ceil(len(data) / BYTES_PER_TOKEN)
