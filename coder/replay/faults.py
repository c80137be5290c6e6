"""The faults a script can ask for. Must not know how an answer is made or broken."""

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

from coder.core.dataclass import dataclass
from coder.core.messages import Json

PORTAL = "<!doctype html><html><body><h1>Sign in to the guest network</h1></body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """An error status in the API's shape, or with the raw `body` given. `retry_after` is in seconds."""

    status: int
    retry_after: float | None = None
    error: str | None = None
    message: str | None = None
    body: str | None = None
    headers: Json = field(default_factory=dict)
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEvent:
    """An `error` event after so many events; the stream ends with it."""

    error: str = "overloaded_error"
    message: str = "Overloaded"
    after: int = 3
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CutStream:
    """The connection ends: after so many events, at a byte of the body or of the whole response, or before any."""

    after: int | None = None
    at_byte: int | None = None
    at_wire_byte: int | None = None
    before_headers: bool = False
    reset: bool = False
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """Silence before the headers or after so many events; without `seconds` until the client leaves."""

    seconds: float | None = None
    after: int = 0
    before_headers: bool = False
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MalformedJson:
    """The input of every tool call is text that is no JSON."""

    text: str = '{"file_path": "a", }'
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedJson:
    """The input of the last tool call stops after `keep` characters and the reply ends with `stop_reason`."""

    keep: int = 12
    stop_reason: str = "max_tokens"
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvents:
    """Event, delta and block types of tomorrow, and fields nobody knows, in between."""

    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PingFlood:
    count: int = 1000
    after: int = 1
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Drip:
    """The body leaves in pieces of `bytes` bytes, `delay` seconds apart."""

    bytes: int = 16
    delay: float = 0.001
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HugeEvent:
    """One event of an unknown type with `size` bytes of data."""

    size: int = 10_000_000
    after: int = 1
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Html:
    """A page where the API should be, as a captive portal sends it."""

    status: int = 200
    body: str = PORTAL
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    location: str
    status: int = 307
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GzipGarbage:
    """A body that says gzip and is not."""

    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfOrder:
    """A delta for a block that never started, and a start that comes after its first delta."""

    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMessageStop:
    """The stream ends cleanly, but `message_stop` never came."""

    times: int = 1


Fault: TypeAlias = (
    Status
    | ErrorEvent
    | CutStream
    | Stall
    | MalformedJson
    | UnfinishedJson
    | UnknownEvents
    | PingFlood
    | Drip
    | HugeEvent
    | Html
    | Redirect
    | GzipGarbage
    | OutOfOrder
    | NoMessageStop
)
KINDS: dict[str, type[Fault]] = {
    "status": Status,
    "error_event": ErrorEvent,
    "cut": CutStream,
    "stall": Stall,
    "malformed_json": MalformedJson,
    "unfinished_json": UnfinishedJson,
    "unknown_events": UnknownEvents,
    "ping_flood": PingFlood,
    "drip": Drip,
    "huge_event": HugeEvent,
    "html": Html,
    "redirect": Redirect,
    "gzip_garbage": GzipGarbage,
    "out_of_order": OutOfOrder,
    "no_message_stop": NoMessageStop,
}


def is_fatal(fault: Fault | None) -> bool:
    """True when the client cannot get a whole reply, so that its next try deserves the same turn again."""
    match fault:
        case (
            Status() | ErrorEvent() | CutStream() | Html() | Redirect() | GzipGarbage() | OutOfOrder() | NoMessageStop()
        ):
            return True
        case Stall():
            return fault.seconds is None
        case _:
            return False
