"""Runs a hook that is a tool of an MCP server: its input filled in from the hook's own, its text read as what a hook
prints. Must not know servers."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from coder.core.errors import CoderError
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.hooks.handler import Handler
from coder.hooks.outcome import Ended
from coder.hooks.surroundings import CallServer

_PATH = re.compile(r"\$\{([A-Za-z0-9_.-]{1,200})\}")
_DEEPEST = 20
_LONGEST = 1_000_000  # characters of an answer


async def call(handler: Handler, given: str, call_server: CallServer | None, timeout: float) -> Ended:
    """The text of the answer is its stdout. Raises nothing but CancelledError."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    if call_server is None:
        return Ended(None, problem="no MCP server can be reached here")
    server, _, tool = handler.what.partition("/")
    try:
        async with asyncio.timeout(timeout):
            text = await call_server(server, tool, filled(dict(handler.input), json.loads(given)))
    except TimeoutError:
        problem = f"took longer than {timeout:g} s and was given up"
        return Ended(None, seconds=loop.time() - began, problem=problem, timed_out=True)
    except CoderError as error:
        return Ended(None, seconds=loop.time() - began, problem=visible_line(str(error)))
    return Ended(None, text[:_LONGEST], seconds=loop.time() - began)


def filled(template: Json, given: Json) -> Json:
    """The input with each `${path.to.value}` replaced by what stands there in `given`, or by nothing. A text that is
    one such place alone becomes the value itself; a value that was put in is never looked at again."""
    found = _filled(template, given, 0)
    assert isinstance(found, dict)
    return found


def _filled(value: Any, given: Json, depth: int) -> Any:
    if depth > _DEEPEST:
        return None
    if isinstance(value, dict):
        return {key: _filled(each, given, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, given, depth + 1) for each in value]
    if not isinstance(value, str):
        return value
    if whole := _PATH.fullmatch(value):
        return _at(whole[1], given)
    return _PATH.sub(lambda match: _text(_at(match[1], given)), value)


def _at(path: str, given: Any) -> Any:
    for name in path.split("."):
        if isinstance(given, dict):
            given = given.get(name)
        elif isinstance(given, list) and name.isdecimal() and int(name[:6]) < len(given):
            given = given[int(name[:6])]
        else:
            return None
    return given


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
