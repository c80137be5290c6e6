"""A reply as the Messages API streams it: blocks to events, events to bytes. Must not know scripts or faults."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from coder.core.messages import Json

PING: Json = {"type": "ping"}


def encode(event: Json) -> bytes:
    """One server-sent event."""
    data = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event.get('type', '')}\ndata: {data}\n\n".encode("utf-8", "surrogatepass")


def message_events(message: Json, delta: int) -> list[Json]:
    """The events of a whole message; deltas carry `delta` characters each. Usage of None is left out."""
    usage = message.get("usage")
    start = {**message, "content": [], "stop_reason": None, "stop_sequence": None}
    start.pop("stop_details", None)
    if isinstance(usage, dict):
        start["usage"] = {**usage, "output_tokens": 1} if "output_tokens" in usage else usage
    events: list[Json] = [{"type": "message_start", "message": start}]
    for index, block in enumerate(message["content"]):
        events += block_events(index, block, delta)
        if index == 0:
            events.insert(2, PING)
    ending = {key: message.get(key) for key in ("stop_reason", "stop_sequence", "stop_details") if key in message}
    final: Json = {"type": "message_delta", "delta": ending}
    events.append(final if usage is None else {**final, "usage": usage})
    events.append({"type": "message_stop"})
    return events


def block_events(index: int, block: Json, delta: int) -> Iterator[Json]:
    """Start, deltas and stop of one content block. A type we do not stream arrives whole in its start."""
    match block.get("type"):
        case "text":
            yield _start(index, {**block, "text": ""})
            yield from _deltas(index, "text_delta", "text", block["text"], delta)
        case "thinking":
            yield _start(index, {"type": "thinking", "thinking": "", "signature": ""})
            yield from _deltas(index, "thinking_delta", "thinking", block["thinking"], delta)
            yield _delta(index, {"type": "signature_delta", "signature": block["signature"]})
        case "tool_use":
            yield _start(index, {**block, "input": {}})
            yield _delta(index, {"type": "input_json_delta", "partial_json": ""})
            text = json.dumps(block["input"], ensure_ascii=False)
            yield from _deltas(index, "input_json_delta", "partial_json", text if block["input"] else "", delta)
        case _:
            yield _start(index, block)
    yield {"type": "content_block_stop", "index": index}


def gather(events: Iterable[Json]) -> list[Json]:
    """The content blocks that were finished by `events`; a block that never stopped is left out. Never raises."""
    blocks: dict[int, Json] = {}
    texts: dict[int, dict[str, str]] = {}
    finished: list[Json] = []
    for event in events:
        index = event.get("index")
        match event.get("type"):
            case "content_block_start" if isinstance(index, int) and isinstance(event.get("content_block"), dict):
                blocks[index], texts[index] = dict(event["content_block"]), {}
            case "content_block_delta" if isinstance(index, int) and index in blocks:
                for key, value in _dict(event.get("delta")).items():
                    if key != "type" and isinstance(value, str):
                        texts[index][key] = texts[index].get(key, "") + value
            case "content_block_stop" if isinstance(index, int) and index in blocks:
                finished.append(_finish(blocks.pop(index), texts[index]))
    return finished


def _finish(block: Json, texts: dict[str, str]) -> Json:
    partial = texts.pop("partial_json", "")
    if partial:
        try:
            block["input"] = json.loads(partial)
        except ValueError:
            block["input"] = {}
    for key, text in texts.items():
        block[key] = str(block.get(key) or "") + text
    return block


def _dict(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _start(index: int, block: Json) -> Json:
    return {"type": "content_block_start", "index": index, "content_block": block}


def _delta(index: int, delta: Json) -> Json:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def _deltas(index: int, kind: str, key: str, text: str, size: int) -> Iterator[Json]:
    for at in range(0, len(text), size):
        yield _delta(index, {"type": kind, key: text[at : at + size]})
