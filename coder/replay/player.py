"""What the fake server asks of whoever knows the answers. Must not know scripts or cassettes."""

from __future__ import annotations

from typing import Protocol

from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.replay.http import Answer


@dataclass(frozen=True, slots=True)
class Call:
    """A valid model request. `seed` differs between different requests; `usage` is what the cache simulation says."""

    request: Json
    request_id: str
    seed: str
    usage: Json


@dataclass(frozen=True, slots=True)
class Played:
    """An answer, with the content a client that got all of it now has. `whole` is False when it is made to break."""

    answer: Answer
    content: tuple[Json, ...] = ()
    stop_reason: str = ""
    usage: Json | None = None
    whole: bool = True


class Player(Protocol):
    """Answers model requests in the order they come. `play` raises Refusal when it has no answer; it never blocks."""

    def play(self, call: Call) -> Played: ...

    def is_known_thinking(self, thinking: str, signature: str) -> bool: ...

    def unfinished(self) -> str: ...
