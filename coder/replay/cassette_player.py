"""Plays a cassette: recorded replies in order, to requests that match the recorded ones. Must not record."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from coder.core.errors import ConfigError
from coder.core.messages import Json
from coder.replay.canonical import Roots, canonical_text, map_strings, plain_request
from coder.replay.cassette import Cassette, Recorded, spread
from coder.replay.conditions import blocks_of
from coder.replay.http import Answer, Cut, Send, Step, Wait
from coder.replay.player import Call, Played
from coder.replay.problems import Problem, Refusal
from coder.replay.signing import is_signed
from coder.replay.sse import encode, gather

DELTA = 32
DIFF_LINES = 40


class CassettePlayer:
    """Plays `cassette` once, in order.

    A request matches when its shape is the recorded one: roles, block types, tool call ids and names, error flags.
    With `strict` its text must match too, but for what varies from run to run. `roots` gives the paths the cassette
    names; `pace` is seconds between events. `notes` collects differences of tools and system, which do not fail.
    Raises ConfigError when the cassette needs a root that was not given.
    """

    def __init__(
        self, cassette: Cassette, *, strict: bool = False, roots: Mapping[str, str] | None = None, pace: float = 0.0
    ) -> None:
        self.notes: list[str] = []
        self._cassette = cassette
        self._strict = strict
        self._pace = pace
        self._roots = Roots(roots or {})
        self._next = 0
        if missing := sorted(set(cassette.roots) - set(roots or {})):
            raise ConfigError(f"{cassette.source}: recorded with a path named {missing[0]}; say where it is this time")
        self._thinking = set(self._known_thinking())

    def play(self, call: Call) -> Played:
        number = self._next + 1
        if self._next >= len(self._cassette.exchanges):
            raise Refusal(Problem(f"{self._cassette.source}: all {self._next} exchanges are played; there is no other"))
        recorded = self._cassette.exchanges[self._next]
        request = plain_request(call.request, self._roots)
        if difference := self._difference(recorded.request, request):
            raise Refusal(Problem(f"{self._cassette.source}: request {number} is not the recorded one: {difference}"))
        self._note(recorded.request, request, number)
        self._next += 1
        return self._played(recorded, call.request_id)

    def is_known_thinking(self, thinking: str, signature: str) -> bool:
        return (thinking, signature) in self._thinking or is_signed(thinking, signature)

    def unfinished(self) -> str:
        """What is left of the cassette, in words; "" when all of it was played."""
        left = len(self._cassette.exchanges) - self._next
        return f"{left} of {len(self._cassette.exchanges)} recorded exchanges were not asked for" if left else ""

    def _difference(self, recorded: Json, request: Json) -> str:
        wanted, got = shape(recorded), shape(request)
        if wanted == got and self._strict:
            wanted, got = _text_lines(recorded), _text_lines(request)
        if wanted == got:
            return ""
        # The first difference comes first and on one line: some clients show no more of an error than that.
        pairs = zip_longest(wanted, got, fillvalue="nothing")
        was, now = next((was, now) for was, now in pairs if was != now)
        lines = [f"recorded was {was}; now it is {now}"]
        lines += difflib.unified_diff(wanted, got, "recorded", "now", lineterm="", n=2)
        cut = [f"… {len(lines) - DIFF_LINES} more lines"] if len(lines) > DIFF_LINES else []
        return "\n".join([*lines[:DIFF_LINES], *cut])

    def _note(self, recorded: Json, request: Json, number: int) -> None:
        for name in ("model", "system", "tools"):
            if recorded.get(name) != request.get(name):
                self.notes.append(f"request {number}: {name} is not as recorded")

    def _played(self, recorded: Recorded, request_id: str) -> Played:
        headers = (*(pair for pair in recorded.headers if pair[0] != "request-id"), ("request-id", request_id))
        if recorded.events is None:
            data = self._roots.show_json(recorded.body).encode()
            return Played(Answer(recorded.status, headers, (Send(data),), len(data)), whole=False)
        events = [self._shown(event) for event in recorded.events]
        answer = Answer(recorded.status, headers, self._steps(events, recorded.cut))
        is_whole = not recorded.cut and any(event.get("type") == "message_stop" for event in events)
        endings = (event["delta"] for event in events if event.get("type") == "message_delta")
        reason = next((ending.get("stop_reason") for ending in endings), "")
        usage = next((event.get("usage") for event in reversed(events) if event.get("usage")), None)
        return Played(answer, tuple(gather(events)), str(reason), usage, is_whole)

    def _shown(self, event: Json) -> Json:
        delta = event.get("delta")
        if isinstance(delta, dict) and isinstance(delta.get("partial_json"), str):
            return {**event, "delta": {**delta, "partial_json": self._roots.show_json(delta["partial_json"])}}
        shown: Json = map_strings(event, self._roots.show)
        return shown

    def _steps(self, events: Sequence[Json], cut: bool) -> Iterator[Step]:
        parts = [encode(event) for event in spread(events, DELTA)]
        if self._pace:
            for part in parts:
                yield Send(part)
                yield Wait(self._pace)
        else:
            yield Send(b"".join(parts))
        if cut:
            yield Cut()

    def _known_thinking(self) -> Iterator[tuple[str, str]]:
        for recorded in self._cassette.exchanges:
            sent = [block for message in recorded.request.get("messages", ()) for block in blocks_of(message)]
            for block in [*sent, *gather(recorded.events or ())]:
                if block.get("type") == "thinking":
                    yield self._roots.show(str(block.get("thinking"))), str(block.get("signature"))


def shape(request: Json) -> list[str]:
    """The shape of a request, one line a block; neighbouring texts of a message count as one."""
    lines: list[str] = []
    for number, message in enumerate(request.get("messages") or ()):
        before = ""
        for block in blocks_of(message):
            line = f"messages.{number} {message.get('role')}: {_block_shape(block)}"
            if not (block.get("type") == "text" and line == before):
                lines.append(line)
            before = line
    return lines


def _block_shape(block: Json) -> str:
    match block.get("type"):
        case "tool_use":
            return f"tool_use {block.get('name')} {block.get('id')}"
        case "tool_result":
            return f"tool_result {block.get('tool_use_id')}{' error' if block.get('is_error') else ''}"
        case kind:
            return str(kind)


def _text_lines(request: Json) -> list[str]:
    canonical = map_strings({key: value for key, value in request.items() if key != "messages"}, canonical_text)
    lines = [f"{key}: {json.dumps(canonical[key], ensure_ascii=False, sort_keys=True)}" for key in sorted(canonical)]
    for number, message in enumerate(request.get("messages") or ()):
        for block in blocks_of(message):
            text = json.dumps(map_strings(block, canonical_text), ensure_ascii=False, sort_keys=True, indent=1)
            lines += [f"messages.{number} {message.get('role')}:", *text.split("\n")]
    return lines
