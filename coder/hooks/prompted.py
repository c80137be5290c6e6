"""Runs a hook that is a question to the model or to an agent, and reads its yes or no. Must not know which model it is,
or how an agent looks things up.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from coder.core import prompts
from coder.core.errors import CoderError
from coder.core.visible import visible_line
from coder.hooks.handler import Handler
from coder.hooks.outcome import NOTHING, Decision, Ended, Outcome
from coder.hooks.points import Point
from coder.hooks.surroundings import AskModel

_ARGUMENTS = "$ARGUMENTS"


async def judge(
    handler: Handler, given: str, ask: AskModel | None, timeout: float, prompt: str = "hooks/judge"
) -> Ended:
    """The reply is its stdout. Raises nothing but CancelledError."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    is_agents = handler.kind == "agent"
    if ask is None:
        why = "no agent is asked here, as about what an agent does" if is_agents else "there is no model to ask here"
        return Ended(None, problem=why)
    try:
        async with asyncio.timeout(timeout):
            reply = await ask(question(handler, given, prompt), handler.model, timeout)
    except TimeoutError:
        problem = f"took longer than {timeout:g} s and was ended"
        return Ended(None, seconds=loop.time() - began, problem=problem, timed_out=True)
    except CoderError as error:
        whom = "agent" if is_agents else "model"
        return Ended(None, seconds=loop.time() - began, problem=f"the {whom} could not be asked: {error}")
    return Ended(None, reply, seconds=loop.time() - began)


def question(handler: Handler, given: str, prompt: str = "hooks/judge") -> str:
    text = handler.what
    if _ARGUMENTS not in text:
        text = f"{text}\n\n{_ARGUMENTS}"
    return prompts.load(prompt, condition=text.replace(_ARGUMENTS, given))


def judged(handler: Handler, point: Point, ended: Ended) -> Outcome:
    """Total. A yes says nothing: it allows nothing that would else be asked about."""
    if ended.problem:
        return Outcome(problem=ended.problem)
    reply = _object(ended.stdout)
    if reply is None or not isinstance(reply.get("ok"), bool):
        shown = visible_line(ended.stdout.strip())[:200]
        return Outcome(problem=f"the model gave no verdict: {shown or 'it said nothing'}")
    why = reply.get("reason")
    reason = why.strip() if isinstance(why, str) else ""
    if reply["ok"]:
        return NOTHING
    if point.blocks == "end" and reply.get("impossible") is True:
        return Outcome(messages=(reason,) if reason else ())
    return _refused(handler, point, reason)


def _refused(handler: Handler, point: Point, reason: str) -> Outcome:
    if point.name == "PermissionRequest":
        return Outcome(decision=Decision(False, message=reason))
    match point.blocks:
        case "":
            return Outcome(lines=(reason,) if reason else ())
        case "call":
            return Outcome(blocked=True, reason=reason, verdict="deny", verdict_reason=reason)
        case "result" | "batch" if handler.goes_on:
            return Outcome(notes=(reason,) if reason else ())
        case "result":
            return Outcome(stop=reason)
        case _:
            return Outcome(blocked=True, reason=reason)


def _object(reply: str) -> Mapping[str, object] | None:
    """The object in a reply, which may stand in a fence or between sentences."""
    start, end = reply.find("{"), reply.rfind("}")
    if start < 0 or end < start:
        return None
    try:
        raw = json.loads(reply[start : end + 1])
    except (ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) else None
