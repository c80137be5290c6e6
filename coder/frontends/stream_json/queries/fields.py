"""The fields of a request, checked: whoever asked is told what is wrong. Pure."""

from __future__ import annotations

from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.frontends.stream_json.control import RequestError

_SHOWN = 200


def text(request: Json, key: str) -> str:
    """Raises RequestError."""
    value = request.get(key)
    if not isinstance(value, str) or not value:
        raise RequestError(f"{key} must be a text that is not empty")
    return value


def switch(request: Json, key: str) -> bool:
    """Raises RequestError."""
    value = request.get(key)
    if not isinstance(value, bool):
        raise RequestError(f"{key} must be true or false")
    return value


def mapping(request: Json, key: str) -> Json:
    """Raises RequestError."""
    value = request.get(key)
    if not isinstance(value, dict):
        raise RequestError(f"{key} must be an object")
    return value


def shown(value: object) -> str:
    """A word of the host's for an error."""
    seen = visible_line(str(value)[: 4 * _SHOWN])
    return seen if len(seen) <= _SHOWN else f"{seen[:_SHOWN]}…"
