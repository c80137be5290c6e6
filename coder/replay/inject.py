"""How each fault changes an answer. Pure; must not know scripts, or who asked and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from coder.core.messages import Json
from coder.replay.faults import (
    CutStream,
    Drip,
    ErrorEvent,
    Fault,
    GzipGarbage,
    Html,
    HugeEvent,
    MalformedJson,
    NoMessageStop,
    OutOfOrder,
    PingFlood,
    Redirect,
    Stall,
    Status,
    UnfinishedJson,
    UnknownEvents,
)
from coder.replay.http import Answer, Cut, Headers, Send, Step, Wait
from coder.replay.problems import Problem, error_body, json_answer, json_bytes, problem_answer
from coder.replay.sse import PING, encode

BATCH = 16 * 1024
MESSAGES = {
    401: "invalid x-api-key",
    403: "Your API key does not have permission to use the specified resource.",
    404: "model: not found",
    413: "Request exceeds the maximum size",
    429: "This request would exceed your organization's rate limit.",
    500: "Internal server error",
    529: "Overloaded",
}


def instead(fault: Fault | None, request_id: str) -> Answer | None:
    """The answer that takes the whole place of a reply, for the faults that do."""
    match fault:
        case Status():
            return _status(fault, request_id)
        case Html():
            data = fault.body.encode()
            return Answer(fault.status, (("content-type", "text/html; charset=utf-8"),), (Send(data),), len(data))
        case Redirect():
            return Answer(fault.status, (("location", fault.location), ("request-id", request_id)), (), 0)
        case GzipGarbage():
            head = (("content-type", "text/event-stream"), ("content-encoding", "gzip"), ("request-id", request_id))
            return Answer(200, head, (Send(b"\x1f\x8b\x08\x00 this was never compressed\n\n"),))
        case _:
            return None


def streamed(
    events: Sequence[Json], fault: Fault | None, request_id: str, *, wait: float = 0.0, delay: float = 0.0
) -> Answer:
    """Events as a response, `wait` seconds before the first and `delay` between them, with `fault` injected."""
    encoded = [encode(event) for event in change_events(events, fault)]
    head = (
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-cache"),
        ("request-id", request_id),
    )
    return _interrupt(Answer(200, head), encoded, fault, wait, delay)


def whole(body: Json, fault: Fault | None, request_id: str, *, wait: float = 0.0) -> Answer:
    """The same for a request that did not ask for a stream: an error event is an error status instead."""
    if isinstance(fault, ErrorEvent):
        return json_answer(error_body(fault.error, fault.message, request_id), request_id, 529)
    data = json_bytes(body)
    head = (("content-type", "application/json"), ("request-id", request_id))
    return _interrupt(Answer(200, head, length=len(data)), [data], fault, wait, 0.0)


def change_events(events: Sequence[Json], fault: Fault | None) -> list[Json]:
    """The events as `fault` would have them; the same events for a fault that leaves them alone."""
    match fault:
        case ErrorEvent():
            return [*events[: fault.after], error_body(fault.error, fault.message)]
        case MalformedJson():
            return _replace_inputs(events, fault.text)
        case UnfinishedJson():
            return _unfinish(events, fault)
        case UnknownEvents():
            return _sprinkle(events)
        case PingFlood():
            return [*events[: fault.after], *([PING] * fault.count), *events[fault.after :]]
        case HugeEvent():
            return [*events[: fault.after], {"type": "padding", "data": "x" * fault.size}, *events[fault.after :]]
        case OutOfOrder():
            return _shuffle(events)
        case NoMessageStop():
            return [event for event in events if event.get("type") != "message_stop"]
        case _:
            return list(events)


def _interrupt(answer: Answer, parts: list[bytes], fault: Fault | None, wait: float, delay: float) -> Answer:
    before: tuple[Step, ...] = ()
    start: tuple[Step, ...] = (Wait(wait),) if wait else ()
    steps: Iterable[Step] = _paced(parts, delay)
    match fault:
        case CutStream(before_headers=True):
            before = (Cut(fault.reset),)
        case CutStream(at_wire_byte=int(at)):
            answer = replace(answer, wire_limit=at, reset=fault.reset)
        case CutStream(at_byte=int(at)):
            steps = (*_paced([b"".join(parts)[:at]], 0.0), Cut(fault.reset))
        case CutStream():
            steps = (*_paced(parts[: fault.after or 0], delay), Cut(fault.reset))
        case Stall(before_headers=True):
            before = (Wait(fault.seconds),)
        case Stall():
            steps = (*_paced(parts[: fault.after], delay), Wait(fault.seconds), *_paced(parts[fault.after :], delay))
        case Drip():
            body = b"".join(parts)
            steps = _paced([body[at : at + fault.bytes] for at in range(0, len(body), fault.bytes)], fault.delay)
    return replace(answer, before=before, steps=_chain(start, steps))


def _chain(*groups: Iterable[Step]) -> Iterator[Step]:
    for group in groups:
        yield from group


def _paced(parts: Sequence[bytes], delay: float) -> Iterator[Step]:
    """Parts with pauses between them; without pauses, in few large writes."""
    if delay:
        for number, part in enumerate(parts):
            if number:
                yield Wait(delay)
            yield Send(part)
        return
    batch: list[bytes] = []
    size = 0
    for part in parts:
        batch.append(part)
        size += len(part)
        if size >= BATCH:
            yield Send(b"".join(batch))
            batch, size = [], 0
    if batch:
        yield Send(b"".join(batch))


def _status(fault: Status, request_id: str) -> Answer:
    headers: Headers = tuple((str(name).lower(), str(value)) for name, value in fault.headers.items())
    if fault.retry_after is not None:
        headers = (*headers, ("retry-after", f"{fault.retry_after:g}"))
    if fault.body is None:
        message = fault.message or MESSAGES.get(fault.status, "The request failed.")
        return problem_answer(Problem(message, fault.status, fault.error or ""), request_id, headers)
    data = fault.body.encode()
    return Answer(fault.status, (("request-id", request_id), *headers), (Send(data),), len(data))


def _is_input(event: Json) -> bool:
    return event.get("type") == "content_block_delta" and event["delta"]["type"] == "input_json_delta"


def _with_input(event: Json, text: str) -> Json:
    return {**event, "delta": {"type": "input_json_delta", "partial_json": text}}


def _replace_inputs(events: Sequence[Json], text: str) -> list[Json]:
    changed: list[Json] = []
    done: set[int] = set()
    for event in events:
        if not _is_input(event):
            changed.append(event)
        elif event["index"] not in done:
            done.add(event["index"])
            changed.append(_with_input(event, text))
    return changed


def _unfinish(events: Sequence[Json], fault: UnfinishedJson) -> list[Json]:
    inputs = [event for event in events if _is_input(event)]
    last = inputs[-1]["index"] if inputs else None
    text = "".join(event["delta"]["partial_json"] for event in inputs if event["index"] == last)
    rest = [event for event in events if not (_is_input(event) and event["index"] == last)]
    changed: list[Json] = []
    for event in rest:
        if event.get("type") == "message_delta":
            event = {**event, "delta": {**event["delta"], "stop_reason": fault.stop_reason}}
        changed.append(event)
        if event.get("type") == "content_block_start" and event["index"] == last:
            changed.append(_with_input({"type": "content_block_delta", "index": last}, text[: fault.keep]))
    return changed


def _sprinkle(events: Sequence[Json]) -> list[Json]:
    changed: list[Json] = []
    blocks = 1 + max((event["index"] for event in events if event.get("type") == "content_block_start"), default=-1)
    for event in events:
        if event.get("type") == "message_delta":
            block = {"type": "brand_new_block", "payload": {"deep": [1, 2]}}
            changed.append({"type": "content_block_start", "index": blocks, "content_block": block})
            news = {"type": "brand_new_delta", "value": "?"}
            changed.append({"type": "content_block_delta", "index": blocks, "delta": news})
            changed.append({"type": "content_block_stop", "index": blocks})
        changed.append({**event, "brand_new_field": {"of": [1]}})
        changed.append({"type": "brand_new_event", "anything": True})
    return changed


def _shuffle(events: Sequence[Json]) -> list[Json]:
    stray: Json = {"type": "content_block_delta", "index": 97, "delta": {"type": "text_delta", "text": "stray"}}
    starts = [at for at, event in enumerate(events) if event.get("type") == "content_block_start"]
    changed = list(events)
    for at in starts:
        following = next(
            (n for n in range(at + 1, len(changed)) if changed[n].get("type") == "content_block_delta"), at
        )
        changed[at], changed[following] = changed[following], changed[at]
    return [changed[0], stray, *changed[1:]]
