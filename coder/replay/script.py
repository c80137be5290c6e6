"""Scripts: hand-written replies, as turns in order and as rules, and their player. Must not read files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.replay.conditions import View, When
from coder.replay.faults import Fault, is_fatal
from coder.replay.inject import change_events, instead, streamed, whole
from coder.replay.pieces import tokens_of
from coder.replay.player import Call, Played
from coder.replay.problems import Problem, Refusal
from coder.replay.signing import is_signed, seal, sign
from coder.replay.sse import gather, message_events

FOREVER = 0
_PLACE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True)
class Turn:
    """One reply. `delta` is characters per delta, `wait` seconds before the first event, `delay` seconds between
    events; `usage` overrides single numbers, and None sends no usage at all. `repeat` 0 means forever."""

    blocks: tuple[Json, ...] = ()
    stop_reason: str = ""
    stop_sequence: str | None = None
    stop_details: Json | None = None
    usage: Json | None = field(default_factory=dict)
    delta: int = 32
    wait: float = 0.0
    delay: float = 0.0
    faults: tuple[Fault, ...] = ()
    repeat: int = 1
    expect: When | None = None

    @property
    def ending(self) -> str:
        """The stop reason: the one given, or the one that fits the blocks."""
        return self.stop_reason or ("tool_use" if any(b.get("type") == "tool_use" for b in self.blocks) else "end_turn")


@dataclass(frozen=True, slots=True)
class Rule:
    """A reply for whenever its conditions hold, at most `times` times (0: always)."""

    when: When
    reply: Turn
    times: int = FOREVER


@dataclass(frozen=True, slots=True)
class Script:
    """Rules are asked first, then the next turn, then `otherwise`."""

    turns: tuple[Turn, ...] = ()
    rules: tuple[Rule, ...] = ()
    otherwise: Turn | None = None
    context_limit: int | None = None
    cache_min_tokens: int | None = None
    source: str = "script"


class ScriptPlayer:
    """Plays a script. A turn whose fault is fatal stays next, so that the retry meets it again."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._next = 0  # index of the next turn
        self._served: dict[int, int] = {}  # uses of a rule or turn, by identity
        self._faulted: dict[tuple[int, int], int] = {}
        self._number = 0

    def play(self, call: Call) -> Played:
        self._number += 1
        view = View(call.request, self._number)
        owner, turn, captures = self._choose(view)
        fault = self._fault(turn)
        if not is_fatal(fault):
            self._count(owner)
        return perform(fill(turn, captures), fault, call)

    def is_known_thinking(self, thinking: str, signature: str) -> bool:
        return is_signed(thinking, signature)

    def unfinished(self) -> str:
        """What is left of the turns, in words; "" when all were played."""
        left = len(self.script.turns) - self._next
        if left <= 0 or self.script.turns[-1].repeat == FOREVER:
            return ""
        return f"{left} of {len(self.script.turns)} turns were not asked for"

    def _choose(self, view: View) -> tuple[Rule | Turn, Turn, dict[str, str]]:
        for rule in self.script.rules:
            used = self._served.get(id(rule), 0)
            if rule.times and used >= rule.times:
                continue
            if (captures := rule.when.match(view)) is not None:
                return rule, rule.reply, captures
        if self._next < len(self.script.turns):
            turn = self.script.turns[self._next]
            return turn, turn, self._expect(turn, view)
        if self.script.otherwise is not None:
            return self.script.otherwise, self.script.otherwise, {}
        played = f"all {len(self.script.turns)} turns are played" if self.script.turns else "it has no turns"
        raise Refusal(
            Problem(f"{self.script.source}: no reply for request {view.number}: {played} and no rule matches")
        )

    def _expect(self, turn: Turn, view: View) -> dict[str, str]:
        if turn.expect is None:
            return {}
        if misses := turn.expect.misses(view):
            seen = view.last_tool_result if view.last_tool_result is not None else view.last_user_text
            where = f"{self.script.source}: turns[{self._next}].expect"
            raise Refusal(Problem(f"{where}: {', '.join(misses)} does not hold; last came: {seen[:400]!r}"))
        return turn.expect.match(view) or {}

    def _fault(self, turn: Turn) -> Fault | None:
        for index, fault in enumerate(turn.faults):
            key = (id(turn), index)
            if fault.times == FOREVER or self._faulted.get(key, 0) < fault.times:
                self._faulted[key] = self._faulted.get(key, 0) + 1
                return fault
        return None

    def _count(self, owner: Rule | Turn) -> None:
        used = self._served[id(owner)] = self._served.get(id(owner), 0) + 1
        upcoming = self.script.turns[self._next] if self._next < len(self.script.turns) else None
        if owner is upcoming and upcoming.repeat != FOREVER and used >= upcoming.repeat:
            self._next += 1


def perform(turn: Turn, fault: Fault | None, call: Call) -> Played:
    """A turn as an answer to `call`, with `fault` injected."""
    if answer := instead(fault, call.request_id):
        return Played(answer, whole=False)
    message = reply_message(turn, call)
    content = tuple(message["content"])
    if call.request.get("stream") is True:
        events = message_events(message, turn.delta)
        answer = streamed(events, fault, call.request_id, wait=turn.wait, delay=turn.delay)
        if fault is not None:
            content = tuple(gather(change_events(events, fault)))
    else:
        answer = whole(message, fault, call.request_id, wait=turn.wait)
    return Played(answer, content, message["stop_reason"], message["usage"], whole=not is_fatal(fault))


def reply_message(turn: Turn, call: Call) -> Json:
    """The message object of a turn: ids, signatures and usage filled in."""
    hides = _dict(call.request.get("thinking")).get("display") == "omitted"
    content = [_finished(block, f"{call.seed[:20]}{index:02d}", hides) for index, block in enumerate(turn.blocks)]
    usage: Json | None = None
    if turn.usage is not None:
        usage = {**call.usage, "output_tokens": max(1, sum(tokens_of(block) for block in content)), **turn.usage}
    message: Json = {
        "id": f"msg_{call.seed[:24]}",
        "type": "message",
        "role": "assistant",
        "model": str(call.request.get("model")),
        "content": content,
        "stop_reason": turn.ending,
        "stop_sequence": turn.stop_sequence,
        "usage": usage,
    }
    return {**message, "stop_details": turn.stop_details} if turn.stop_details else message


def fill(turn: Turn, captures: Mapping[str, str]) -> Turn:
    """The turn with `{{name}}` of a capture replaced in every string; other braces stay."""
    if not captures:
        return turn
    return replace(turn, blocks=tuple(_filled(block, captures) for block in turn.blocks))


def _filled(value: Any, captures: Mapping[str, str]) -> Any:
    match value:
        case str():
            return _PLACE.sub(lambda found: captures.get(found.group(1), found.group(0)), value)
        case list():
            return [_filled(item, captures) for item in value]
        case dict():
            return {key: _filled(item, captures) for key, item in value.items()}
        case _:
            return value


def places(value: object) -> frozenset[str]:
    """The names in `{{name}}` anywhere in a value."""
    return frozenset(_PLACE.findall(json.dumps(value, ensure_ascii=False, default=str)))


def _finished(block: Json, seed: str, hides: bool) -> Json:
    match block.get("type"):
        case "thinking":
            thinking = "" if hides else block["thinking"]
            return {"type": "thinking", "thinking": thinking, "signature": block.get("signature") or sign(thinking)}
        case "redacted_thinking":
            return {"type": "redacted_thinking", "data": block.get("data") or seal(seed)}
        case "tool_use":
            use = {"type": "tool_use", "id": block.get("id") or f"toolu_{seed}", "name": block["name"]}
            return {**use, "input": block["input"]}
        case _:
            return block


def _dict(value: object) -> Json:
    return value if isinstance(value, dict) else {}
