"""The cassette file: recorded exchanges as JSON lines. Must not know how they were recorded or are matched."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.replay.fields import Fields, expected, fail

VERSION = 1


@dataclass(frozen=True, slots=True)
class Recorded:
    """One exchange. A stream has `events` (each block's deltas as one), any other response its `body`; `cut` says that
    the connection broke after them."""

    request: Json
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    events: tuple[Json, ...] | None = None
    body: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Cassette:
    exchanges: tuple[Recorded, ...]
    roots: tuple[str, ...] = ()
    source: str = "cassette"


class CassetteWriter:
    """Makes the lines of a cassette. A request is written as its difference from the one before."""

    def __init__(self) -> None:
        self._before: Json = {}

    def header(self, roots: Iterable[str]) -> str:
        return _line({"type": "cassette", "version": VERSION, "roots": sorted(roots)})

    def exchange(self, recorded: Recorded) -> str:
        response: Json = {"status": recorded.status, "headers": dict(recorded.headers)}
        if recorded.events is None:
            response["body"] = recorded.body
        else:
            response["events"] = list(recorded.events)
        if recorded.cut:
            response["cut"] = True
        line = _line({"request": _shrink(recorded.request, self._before), "response": response})
        self._before = recorded.request
        return line


def is_cassette(text: str) -> bool:
    """True when the first line is a cassette's header."""
    try:
        header = json.loads(text.split("\n", 1)[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(header, dict) and header.get("type") == "cassette"


def read_cassette(text: str, source: str) -> Cassette:
    """A cassette from its text; a torn last line is dropped. Raises ConfigError naming file, line and the expected."""
    lines = text.split("\n")
    header = Fields(_parsed(lines[0], f"{source} line 1"), f"{source} line 1:")
    header.need("type", str)
    if header.need("version", int) != VERSION:
        expected(header.at("version"), f"{VERSION}, the only one this coder reads", header.raw["version"])
    roots = tuple(str(name) for _, name in header.items("roots"))
    exchanges: list[Recorded] = []
    before: Json = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip() or (number == len(lines) and not _is_json(line)):
            continue
        recorded = _recorded(_parsed(line, f"{source} line {number}"), f"{source} line {number}:", before)
        exchanges.append(recorded)
        before = recorded.request
    return Cassette(tuple(exchanges), roots, source)


def condense(events: Iterable[Json]) -> list[Json]:
    """Events with neighbouring deltas of a block joined into one."""
    joined: list[Json] = []
    for event in events:
        if joined and (together := _join(joined[-1], event)) is not None:
            joined[-1] = together
        else:
            joined.append(event)
    return joined


def spread(events: Iterable[Json], size: int) -> Iterator[Json]:
    """The opposite: deltas cut into pieces of `size` characters."""
    for event in events:
        key = _delta_key(event)
        text = event["delta"][key] if key else ""
        if not key or key == "signature" or len(text) <= size:
            yield event
            continue
        for at in range(0, len(text), size):
            yield {**event, "delta": {**event["delta"], key: text[at : at + size]}}


def _delta_key(event: Json) -> str:
    """The name of the one text a delta carries, "" for any other event."""
    delta = event.get("delta")
    if event.get("type") != "content_block_delta" or not isinstance(delta, dict):
        return ""
    keys = [key for key in delta if key != "type"]
    return keys[0] if len(keys) == 1 and isinstance(delta[keys[0]], str) else ""


def _join(one: Json, other: Json) -> Json | None:
    key = _delta_key(one)
    if not key or key != _delta_key(other) or one.get("index") != other.get("index"):
        return None
    if one["delta"].get("type") != other["delta"].get("type") or {*one} != {*other}:
        return None
    return {**one, "delta": {**one["delta"], key: one["delta"][key] + other["delta"][key]}}


def _shrink(request: Json, before: Json) -> Json:
    same = [key for key in request if key != "messages" and key in before and before[key] == request[key]]
    mine, theirs = request.get("messages") or [], before.get("messages") or []
    kept = 0
    while kept < min(len(mine), len(theirs)) and mine[kept] == theirs[kept]:
        kept += 1
    small = {key: value for key, value in request.items() if key not in same and key != "messages"}
    return {"same": same, "kept": kept, **small, "messages": mine[kept:]}


def _grow(small: Fields, before: Json) -> Json:
    request = {key: value for key, value in small.raw.items() if key not in ("same", "kept", "messages")}
    for _, key in small.items("same"):
        if key not in before:
            fail(small.at("same"), f"names {key!r}, which the request before does not have")
        request[key] = before[key]
    kept = small.get("kept", int, 0)
    if kept > len(before.get("messages") or []):
        fail(small.at("kept"), "is more messages than the request before has")
    return {**request, "messages": [*(before.get("messages") or [])[:kept], *small.get("messages", list, [])]}


def _recorded(raw: object, where: str, before: Json) -> Recorded:
    given = Fields(raw, where)
    request = _grow(Fields(given.need("request", dict), given.at("request")), before)
    response = Fields(given.need("response", dict), given.at("response"))
    headers = tuple((str(name), str(value)) for name, value in response.get("headers", dict, {}).items())
    events = None
    if response.has("events"):
        events = tuple(Fields(item, place).raw for place, item in response.items("events"))
    body = response.get("body", str, "")
    made = Recorded(request, response.need("status", int), headers, events, body, response.get("cut", bool, False))
    response.done()
    given.done()
    return made


def _parsed(line: str, where: str) -> object:
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError) as error:
        fail(where, f"not valid JSON: {error}")
    return value


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _line(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
