"""What a real process was asked and wrote while a host of a test talked to it, for whoever judges lines. Must not know
what is made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coder.hooks.points import POINTS
from tests.support.cli import Place
from tests.support.fakeapi import RunningApi, What, fake_api, fault, turn
from tests.support.wire import Answers, Json, Wire, wired

ASKING = Path(__file__).parent / "mcp_servers" / "asking.py"
STDIO = ("--permission-prompt-tool", "stdio")
ALL = ("--include-partial-messages", "--include-hook-events", "--replay-user-messages", "--forward-subagent-text")
BYPASS = ("--permission-mode", "bypassPermissions")
EVENTS = tuple(POINTS)
DONE = turn("Done.")
STALLS = fault("stall", after=2, times="forever")
SUMMARISES = {"last_user_contains": "This conversation is about to be shortened"}
BEHIND = {"last_tool_result_contains": "works in the background"}


@dataclass(frozen=True, slots=True)
class Played:
    """What a process was asked and what it wrote, in order."""

    asked: list[Json]
    seen: list[Json]


Scene = Callable[[Place], Iterator[Played]]


def allow(request: Json) -> Json:
    given = request["input"]
    if request["tool_name"] == "AskUserQuestion":
        given = {**given, "answers": {each["question"]: "A" for each in given["questions"]}}
    return {"behavior": "allow", "updatedInput": given}


@contextmanager
def playing(
    place: Place, script: What, *flags: str, answers: Answers | None = None, hooks: bool = False, **more: Any
) -> Iterator[tuple[Wire, RunningApi]]:
    """`hooks`: the host is called at every point that there is."""
    every = {name: [{"hookCallbackIds": [f"at_{name}"]}] for name in EVENTS} if hooks else None
    said: Answers = {"can_use_tool": allow, "hook_callback": lambda _: {}, **(answers or {})}
    with (
        fake_api(script, allow_violations=True) as api,
        wired(place, *ALL, *flags, url=api.url, answers=said, **more) as wire,
    ):
        wire.ask("initialize", hooks=every)
        yield wire, api


def played(wire: Wire) -> Played:
    wire.rest()
    return Played(wire.asked, wire.seen)
