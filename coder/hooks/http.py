"""Runs a hook that is posted to an address. Must not know what its answer means.

A variable gets into a header only when the hook names it and the settings let hooks name it; a redirect is never
followed, for it could lead anywhere. A credential of the model is not handed on, as to every other hook.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from coder.core.lazy import LazyModule
from coder.core.visible import visible_line
from coder.hooks.environment import withheld
from coder.hooks.handler import Handler
from coder.hooks.outcome import Ended
from coder.hooks.surroundings import Surroundings

if TYPE_CHECKING:
    import httpx2
else:
    httpx2 = LazyModule("httpx2")

KEPT = 1 << 20  # bytes of the answer
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


async def post(handler: Handler, given: bytes, surroundings: Surroundings, timeout: float) -> Ended:
    """Raises nothing but CancelledError."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        async with asyncio.timeout(timeout):
            stdout, problem = await _posted(handler, given, surroundings, timeout)
    except TimeoutError:
        problem = f"took longer than {timeout:g} s and was ended"
        return Ended(None, seconds=loop.time() - began, problem=problem, timed_out=True)
    return Ended(None, stdout, seconds=loop.time() - began, problem=problem)


async def _posted(handler: Handler, given: bytes, surroundings: Surroundings, timeout: float) -> tuple[str, str]:
    """The JSON it answered with, and what was wrong."""
    allowed = surroundings.urls
    if allowed is not None and not any(fits(handler.what, pattern) for pattern in allowed):
        return "", "its url is not among allowedHttpHookUrls"
    headers = _headers(handler, surroundings)
    try:
        url = httpx2.URL(handler.what)
        if (url.port or 0) > 65535:
            return "", f"{handler.shown} has a port that there is none of"
        client = httpx2.AsyncClient(follow_redirects=False, timeout=timeout, trust_env=url.host not in _LOOPBACK)
        async with client, client.stream("POST", handler.what, content=given, headers=headers) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > KEPT:
                    return "", f"it answered with more than {KEPT:,} bytes"
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, ExceptionGroup) as error:
        return "", f"{handler.shown} cannot be reached ({visible_line(str(error))[:200] or type(error).__name__})"
    status = response.status_code
    if not 200 <= status < 300:
        hint = ", and redirects are not followed" if 300 <= status < 400 else ""
        return "", f"it answered with status {status}{hint}"
    text = body.decode("utf-8", "replace")
    if text.strip() and not text.lstrip().startswith("{"):
        return "", "it answered with something that is no JSON object"
    return text, ""


def fits(url: str, pattern: str) -> bool:
    """`*` in the part of the pattern before the path stays there: what allows a host allows no other."""
    host, path = _parted(url)
    host_pattern, path_pattern = _parted(pattern)
    if "@" in host:  # http://allowed.example@other.example
        return False
    return fnmatchcase(host.lower(), _plain(host_pattern.lower())) and fnmatchcase(path, _plain(path_pattern))


def _parted(url: str) -> tuple[str, str]:
    """Scheme and host; and the rest."""
    scheme, mark, rest = url.partition("://")
    end = next((place for place, char in enumerate(rest) if char in "/?#\\"), len(rest))
    if not mark:
        return "", url
    return f"{scheme}://{rest[:end]}", rest[end:] or "/"


def _plain(pattern: str) -> str:
    """As fnmatch reads it, with nothing special but `*`."""
    return pattern.replace("[", "[[]").replace("?", "[?]")


def _headers(handler: Handler, surroundings: Surroundings) -> dict[str, str]:
    bound = surroundings.env_names
    names = {name for name in handler.env_names if bound is None or name in bound}
    given = {name: text for name, text in surroundings.env.items() if not withheld(name)}
    values: Mapping[str, str] = {**given, **surroundings.settings_env}

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        return values.get(name, "") if name in names else ""

    headers = {name: _VARIABLE.sub(value, text).strip() for name, text in handler.headers.items()}
    headers.setdefault("content-type", "application/json")
    return headers
