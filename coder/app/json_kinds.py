"""The kinds of values that a JSON schema names. Pure; must not know schemas."""

from __future__ import annotations

from typing import Any

KINDS: dict[str, tuple[type[Any], ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


def is_kind(kind: str, value: Any) -> bool:
    """Of one of `KINDS`. 1.0 is an integer, True is no number."""
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, KINDS[kind])
