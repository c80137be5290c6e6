"""Hooks that are callbacks of the program which embeds us: how they are named, called, and what their answer means.
Must not know how the program is reached.

A callback of a call or a prompt is a guard. One that does not answer in time has let nothing through.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any

from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.hooks.entry import Malformed, seconds_of
from coder.hooks.handler import Handler
from coder.hooks.outcome import NOTHING, Ended, Outcome
from coder.hooks.points import Point
from coder.hooks.reading import Unreadable, from_json
from coder.hooks.surroundings import CallHost, HostError

_LONGEST_ID = 200
_GUARDS = ("call", "prompt")  # what a callback that was not heard holds up
_ENDS = ("end",)  # where a failure never holds anything up: a run would not end any more


def handlers_of(group: Mapping[str, Any], point: Point, origin: str, place: str, matcher: str) -> Iterator[Handler]:
    """Those of one matcher, as the program names them. Raises Malformed."""
    ids = group.get("hookCallbackIds")
    if not isinstance(ids, list) or not all(isinstance(id, str) and 0 < len(id) <= _LONGEST_ID for id in ids):
        raise Malformed("needs `hookCallbackIds`, a list of ids")
    for id in ids:
        yield Handler(
            kind="callback",
            what=id,
            origin=origin,
            place=place,
            point=point.name,
            matcher=matcher,
            timeout=seconds_of(group),
            blocks=group.get("onFailure") not in (None, "continue"),
        )


async def call(handler: Handler, given: str, call_host: CallHost | None, timeout: float) -> Ended:
    """Its answer as JSON is its stdout. Raises nothing but CancelledError."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    if call_host is None:
        return Ended(None, problem="was not answered: no program that has it started coder", timed_out=True)
    try:
        async with asyncio.timeout(timeout):
            said = await call_host(handler.what, json.loads(given))
    except TimeoutError:
        problem = f"took longer than {timeout:g} s and was given up"
        return Ended(None, seconds=loop.time() - began, problem=problem, timed_out=True)
    except HostError as error:
        why = visible_line(str(error))
        problem = f"was not answered: {why}" if error.gone else why
        return Ended(None, seconds=loop.time() - began, problem=problem, timed_out=error.gone)
    return Ended(None, json.dumps(said, ensure_ascii=False), seconds=loop.time() - began)


def outcome_of(handler: Handler, point: Point, ended: Ended) -> Outcome:
    problem = ended.problem
    if not problem:
        said: Json = json.loads(ended.stdout)
        if said.get("async") is True:  # it goes on by itself, and has nothing to say
            return NOTHING
        try:
            return from_json(point, said)
        except Unreadable as error:
            problem = str(error)
    is_guard = ended.timed_out and point.blocks in _GUARDS
    if not is_guard and (not handler.blocks or point.blocks in _ENDS):
        return Outcome(problem=problem)
    reason = f"the callback {handler.what} {problem}" if ended.timed_out else f"the callback failed: {problem}"
    return _held_up(point, reason, problem)


def _held_up(point: Point, reason: str, problem: str) -> Outcome:
    match point.blocks:
        case "call":
            return Outcome(blocked=True, reason=reason, verdict="deny", verdict_reason=reason, problem=problem)
        case "":
            return _refused(point, reason, problem)
        case _:
            return Outcome(blocked=True, reason=reason, problem=problem)


def _refused(point: Point, reason: str, problem: str) -> Outcome:
    """A question of the gate is answered with no; of the rest nothing can be held up."""
    if point.name != "PermissionRequest":
        return Outcome(problem=problem)
    said: Json = {"hookSpecificOutput": {"decision": {"behavior": "deny", "message": reason}}}
    return from_json(point, said)
