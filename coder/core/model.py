"""What the loop asks of a model. Must not know HTTP, retries or prices."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import field
from typing import Literal, Protocol, TypeAlias, get_args

from coder.core.choices import Display
from coder.core.choices import Effort as Effort
from coder.core.dataclass import dataclass
from coder.core.errors import ErrorKind
from coder.core.messages import Block, Json, Message, Usage

Purpose: TypeAlias = Literal[
    "main",
    "subagent",
    "compact",
    "title",
    "judge",
    "classifier",
    "search",
    "fetch",
    "sampling",
    "suggestion",
    "progress",
]
ASIDE: frozenset[Purpose] = frozenset(get_args(Purpose)) - {"main", "subagent", "compact"}
"""Of requests that share no prefix with a conversation."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model sees it; `input_schema` is JSON Schema."""

    name: str
    description: str
    input_schema: Json


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One request. `thinking_tokens` bounds the thinking of a model that is told a number, None lets the model decide;
    `task_budget` is what the model is told it has for the whole work. `marks` are (message index, block index) pairs
    that carry a cache breakpoint;
    `mark_system` puts one on the last system block (or the last tool when there is no system text)."""

    model: str
    messages: tuple[Message, ...]
    system: tuple[str, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    max_tokens: int = 32000
    thinking: bool = False
    thinking_tokens: int | None = None
    thinking_display: Display = "summarized"
    effort: Effort | None = None
    task_budget: int | None = None
    marks: tuple[tuple[int, int], ...] = ()
    mark_system: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    purpose: Purpose = "main"  # never sent
    server_tools: tuple[Json, ...] = ()  # tools that the provider runs itself, as the API takes them


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took the request: from here on it may be billed, whatever becomes of the reply."""

    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Streamed:
    """A raw API event as it arrived, for front ends that pass it on."""

    event: Json


@dataclass(frozen=True, slots=True)
class TextPart:
    text: str


@dataclass(frozen=True, slots=True)
class ThinkingPart:
    text: str


@dataclass(frozen=True, slots=True)
class BlockFinished:
    """A content block is complete. It counts once `Completed` arrives; on a cut only text and signed thinking do."""

    block: Block


@dataclass(frozen=True, slots=True)
class Retrying:
    """The attempt failed and another follows after `delay` seconds. All parts since the request began are void.

    `asked` is how long the server asked to wait, if it did.
    """

    attempt: int  # 1-based number of the retry
    max_retries: int
    delay: float
    kind: ErrorKind
    status: int | None
    message: str
    asked: float | None = None


@dataclass(frozen=True, slots=True)
class Switched:
    """The request goes to another model; `message` says why. All parts since it began are void."""

    model: str
    message: str


@dataclass(frozen=True, slots=True)
class Completed:
    """The whole reply; always the last event of a stream that did not raise."""

    message: Message  # role assistant; meta carries api_id, model, stop_reason and usage
    stop_reason: str
    usage: Usage
    notices: tuple[str, ...] = ()


ModelEvent: TypeAlias = Accepted | Streamed | TextPart | ThinkingPart | BlockFinished | Retrying | Switched | Completed


class Model(Protocol):
    """Streams a reply: deltas, then exactly one `Completed`. Raises `ModelError` and nothing else; cancellable."""

    def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]: ...

    async def aclose(self) -> None: ...


class CountingModel(Model, Protocol):
    """A model whose server counts the tokens of a prompt, which costs nothing."""

    async def count_tokens(self, request: ModelRequest) -> int:
        """The prompt's tokens as the server counts them. Raises `ModelError`."""
        ...
