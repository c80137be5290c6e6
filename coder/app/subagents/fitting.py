"""Whether a value fits a JSON schema, as far as schemas are used for what agents hand in. Pure, bounded, never raises;
what it does not know of a schema it lets through.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from coder.app.json_kinds import KINDS, is_kind

MOST = 12  # problems that are told
_DEEPEST = 40


def problems(schema: Any, value: Any) -> list[str]:
    """What is wrong with it, a line each; none when it fits."""
    return list(islice(_problems(schema, value, "", 0), MOST))


def _problems(schema: Any, value: Any, where: str, depth: int) -> Iterator[str]:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return
    kinds = schema.get("type")
    listed = kinds if isinstance(kinds, list) else [kinds]
    named = [each for each in listed if isinstance(each, str) and each in KINDS]
    name = f"`{where}`" if where else "the input"
    if named and not any(is_kind(kind, value) for kind in named):
        yield f"{name} is {_shown(value)}; expected {' or '.join(named)}."
        return
    if isinstance(schema.get("enum"), list) and value not in schema["enum"]:
        yield f"{name} is {_shown(value)}; expected one of {_shown(schema['enum'])}."
    if "const" in schema and value != schema["const"]:
        yield f"{name} is {_shown(value)}; expected {_shown(schema['const'])}."
    yield from _bounds(schema, value, name)
    if isinstance(value, dict):
        yield from _of_object(schema, value, where, depth)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _problems(schema.get("items"), each, f"{where}[{index}]", depth + 1)


def _of_object(schema: dict[str, Any], value: dict[str, Any], where: str, depth: int) -> Iterator[str]:
    properties = schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    prefix = f"{where}." if where else ""
    required = schema.get("required")
    for key in required if isinstance(required, list) else ():
        if key not in value:
            yield f"`{prefix}{key}` is required, got nothing."
    for key, each in value.items():
        if key in properties:
            yield from _problems(properties[key], each, f"{prefix}{key}", depth + 1)
        elif schema.get("additionalProperties") is False:
            yield f"`{prefix}{key}` is no part of it."
        else:
            yield from _problems(schema.get("additionalProperties"), each, f"{prefix}{key}", depth + 1)


def _bounds(schema: dict[str, Any], value: Any, name: str) -> Iterator[str]:
    size: float | None = None
    least, most, unit = "minimum", "maximum", ""
    if isinstance(value, str):
        size, least, most, unit = len(value), "minLength", "maxLength", " characters"
    elif isinstance(value, list):
        size, least, most, unit = len(value), "minItems", "maxItems", " items"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        size = value
    if size is None:
        return
    for key, wrong in ((least, "at least"), (most, "at most")):
        bound = schema.get(key)
        if isinstance(bound, int | float) and (size < bound if key == least else size > bound):
            yield (
                f"{name} has {size:g}{unit}; expected {wrong} {bound:g}."
                if unit
                else (f"{name} is {size:g}; expected {wrong} {bound:g}.")
            )


def _shown(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return "something"
    return text if len(text) <= 100 else f"{text[:100]}…"
