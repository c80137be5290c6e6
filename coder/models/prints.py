"""Takes the fingerprint of each request and compares it with the one before. Must not know transports or ledgers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import field
from hashlib import blake2b
from itertools import islice

from coder.core.dataclass import dataclass
from coder.core.messages import Block, Document, Image, Json, Message, ToolResult, block_to_api
from coder.core.model import ASIDE, ModelRequest
from coder.core.prints import (
    Difference,
    Print,
    PromptPrint,
    Role,
    byte_difference,
    extends,
    offset,
    place,
    shared,
)

_MOST_IMAGE = 5_000  # tokens: what the largest image of any model counts, whatever its file's size
_MOST_DOCUMENT = 700_000  # tokens: a hundred dense pages


@dataclass(slots=True, eq=False)
class _Known:
    """The last request of a conversation with the print of each part, so that the next costs what is new in it."""

    request: ModelRequest
    print: PromptPrint
    head: tuple[tuple[Print, int], ...]
    messages: list[tuple[tuple[Print, int], ...]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A print, and how it compares with the request before of the same conversation: how many pieces they share, and
    where it stops extending it (None: it does not stop). `before` is None for a conversation's first request; `lane`
    tells the conversation from requests beside it."""

    lane: str
    print: PromptPrint
    before: PromptPrint | None
    shared: int
    difference: Difference | None


class Fingerprints:
    """Of one agent. The cost of a call is that of hashing what the request before did not hold."""

    def __init__(self) -> None:
        self._latest: dict[str, _Known] = {}  # what parts need not be hashed again
        self._kept: dict[str, _Known] = {}  # what the server may have cached

    def keep(self, taken: Taken) -> None:
        """Compares the requests to come with this one: it was not refused."""
        latest = self._latest[taken.lane]
        if latest.print is taken.print:
            self._kept[taken.lane] = latest

    def take(self, request: ModelRequest) -> Taken:
        lane = request.purpose if request.purpose in ASIDE else "main"
        latest, known = self._latest.get(lane), self._kept.get(lane)
        head = latest.head if latest and _same_head(latest.request, request) else tuple(_head(request))
        messages = _messages(request, latest)
        entries = [*head, *(entry for message in messages for entry in message)]
        taken = PromptPrint(
            request.model, _shape(request), tuple(p for p, _ in entries), tuple(most for _, most in entries)
        )
        self._latest[lane] = _Known(request, taken, head, messages)
        if known is None:
            return Taken(lane, taken, None, 0, None)
        common = shared(known.print.pieces, taken.pieces)
        difference = None if extends(known.print, taken) else _difference(known, request, taken, common)
        return Taken(lane, taken, known.print, common, difference)


def head_pieces(request: ModelRequest) -> list[str]:
    """The tools and system texts of a request as the JSON their prints are of."""
    return [data.decode() for _, data in _head_data(request)]


def _difference(known: _Known, request: ModelRequest, now: PromptPrint, common: int) -> Difference:
    was, length = known.print, sum(role in ("t", "s") for role, _, _ in now.pieces)
    if was.model != now.model:
        return Difference("model", 0, was.model, now.model, exact=True)
    if common < len(was.pieces):
        at = offset(was.pieces, common)
        heads = common < len(known.head), common < length
        # A text that was added to the head, or is gone from it, stands for nothing on the other side.
        old = b"" if heads == (False, True) else _data(known.request, common)
        new = b"" if heads == (True, False) else _data(request, common)
        where = place(now.pieces if common < len(now.pieces) else was.pieces, common)
        inner, said, says = byte_difference(old, new)
        return Difference(where, at + inner, said, says, exact=True)
    return Difference("thinking and effort", offset(now.pieces, length), was.shape, now.shape, exact=True)


def _data(request: ModelRequest, index: int) -> bytes:
    """The JSON of one piece; nothing past the end."""
    return next(islice((data for _, data in _all_data(request)), index, None), b"")


def _all_data(request: ModelRequest) -> Iterator[tuple[Role, bytes]]:
    yield from _head_data(request)
    for message in request.messages:
        for block in message.content:
            yield ("u" if message.role == "user" else "a"), _dump(block_to_api(block))


def _head_data(request: ModelRequest) -> Iterator[tuple[Role, bytes]]:
    for tool in request.tools:
        yield (
            "t",
            _dump({"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}),
        )
    for served in request.server_tools:
        yield "t", _dump(served)
    for text in request.system:
        if text:
            yield "s", _dump({"type": "text", "text": text})


def _head(request: ModelRequest) -> Iterator[tuple[Print, int]]:
    for role, data in _head_data(request):
        yield _print(role, data), len(data)


def _same_head(old: ModelRequest, new: ModelRequest) -> bool:
    return (old.tools, old.server_tools, old.system) == (new.tools, new.server_tools, new.system)


def _messages(request: ModelRequest, known: _Known | None) -> list[tuple[tuple[Print, int], ...]]:
    kept = 0
    if known is not None:
        pairs = zip(known.request.messages, request.messages, strict=False)
        kept = next((n for n, (a, b) in enumerate(pairs) if a is not b), len(known.messages))
        kept = min(kept, len(request.messages))
    old = known.messages[:kept] if known else []
    return [*old, *(_of_message(message) for message in request.messages[kept:])]


def _of_message(message: Message) -> tuple[tuple[Print, int], ...]:
    role: Role = "u" if message.role == "user" else "a"
    found = []
    for block in message.content:
        data = _dump(block_to_api(block))
        found.append((_print(role, data), max(1, len(data) + _surplus(block))))
    return tuple(found)


def _surplus(block: Block) -> int:
    """What a block may count beyond its bytes (negative: what it counts less), for data that is no text."""
    match block:
        case Image(data=data):
            return _MOST_IMAGE - len(data)
        case Document():
            return _MOST_DOCUMENT
        case ToolResult(content=content):
            return sum(map(_surplus, content))
        case _:
            return 0


def _print(role: Role, data: bytes) -> Print:
    return role, len(data), blake2b(role.encode() + data, digest_size=6).hexdigest()


def _shape(request: ModelRequest) -> str:
    words = ["thinking"] if request.thinking else []
    words += [f"thinking={request.thinking_tokens}"] if request.thinking and request.thinking_tokens else []
    words += [f"effort={request.effort}"] if request.effort else []
    return ",".join([*words, *([f"task={request.task_budget}"] if request.task_budget else [])])


def _dump(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
