"""Whether each request of a conversation begins with the whole request before it, and where one does not: the reasons
that were given. Judges for itself, whatever the server thinks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from coder.core.messages import Json
from tests.support.fakeapi import RunningApi

SHAPING = ("model", "thinking", "tool_choice", "output_config", "max_tokens")


@dataclass(frozen=True, slots=True)
class Edit:
    """The request with this number, from 0, is not what the one before it led to, and says why."""

    at: int
    why: str


def edits(api: RunningApi) -> list[Edit]:
    """Fails where a request breaks the prefix and does not say so, or says so and does not. Of one conversation only,
    those beside it left out."""
    found: list[Edit] = []
    before: list[str] = []
    number = 0
    for exchange in api.exchanges:
        body = exchange.body
        if body is None or not body.get("tools") or "x-coder-side-request" in exchange.headers:
            continue
        now = list(pieces(body))
        same = next((at for at, (a, b) in enumerate(zip(before, now, strict=False)) if a != b), len(before))
        if exchange.context_edit:
            found.append(Edit(number, exchange.context_edit))
        else:
            was, led_to = ([*each, "nothing"][same][:300] for each in (before, now))
            assert same == len(before), f"request {number} is not what led to it:\n  was {was}\n  now {led_to}"
        before, number = now, number + 1
    return found


def pieces(body: Json) -> Iterator[str]:
    """Everything that the prompt of a request is made of, in order, without the marks of the cache."""
    yield json.dumps({name: body.get(name) for name in SHAPING})
    for part in (*body["tools"], *body["system"]):
        yield _bare(part)
    for message in body["messages"]:
        for block in message["content"]:
            yield message["role"] + _bare(block)


def _bare(block: Json) -> str:
    return json.dumps({name: value for name, value in block.items() if name != "cache_control"}, ensure_ascii=False)
