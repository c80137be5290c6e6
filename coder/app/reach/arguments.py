"""The input of a call against the schema of its server, as far as that is surely wrong: the server checks the rest.

Foreign schemas: whatever is not understood is let through, nothing here raises for one. Must not know servers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from coder.app.json_kinds import KINDS, is_kind
from coder.core.errors import ToolError
from coder.core.messages import Json

_SHOWN = 100
_MOST_PROBLEMS = 8
_MOST_NAMES = 20


def checked(schema: Json, raw: Json, name: str) -> Json:
    """The input to be sent. A list or object that was sent as JSON text is taken as what it says. Raises ToolError that
    lists what is wrong, with what the tool takes."""
    properties = schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    given = {key: _meant(properties.get(key), value) for key, value in raw.items()}
    problems = [*_missing(schema, given), *_wrong(schema, properties, given)]
    if not problems:
        return given
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = [f"{name} was not called: its input has {count}."]
    lines += [f"- {problem}" for problem in problems[:_MOST_PROBLEMS]]
    lines.append(f"It takes {_takes(schema, properties)}.")
    raise ToolError("\n".join(lines).encode("utf-8", "replace").decode("utf-8"))


def _missing(schema: Json, given: Json) -> Iterator[str]:
    required = schema.get("required")
    for key in required if isinstance(required, list) else ():
        if isinstance(key, str) and key not in given:
            yield f"`{key}` is required, got nothing."


def _wrong(schema: Json, properties: Json, given: Json) -> Iterator[str]:
    for key, value in given.items():
        if key not in properties:
            if schema.get("additionalProperties") is False:
                yield f"`{key}` (got {_shown(value)}) is no parameter."
            continue
        kinds = _kinds(properties[key])
        if kinds and not any(is_kind(kind, value) for kind in kinds):
            yield f"`{key}` is {_shown(value)}; expected {' or '.join(kinds)}."
        elif (choices := _choices(properties[key])) is not None and value not in choices:
            yield f"`{key}` is {_shown(value)}; expected one of {_shown(choices, 4 * _SHOWN)}."


def _meant(form: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    kinds = _kinds(form)
    if not kinds or "string" in kinds or not set(kinds) & {"object", "array"}:
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return found if any(is_kind(kind, found) for kind in kinds) else value


def _kinds(form: Any) -> tuple[str, ...]:
    """The types that a property may have; none where it cannot be told."""
    if not isinstance(form, dict) or "$ref" in form:
        return ()
    kinds = form.get("type")
    listed = kinds if isinstance(kinds, list) else [kinds]
    known = tuple(each for each in listed if isinstance(each, str) and each in KINDS)
    return known if len(known) == len(listed) else ()


def _choices(form: Any) -> list[Any] | None:
    choices = form.get("enum") if isinstance(form, dict) else None
    return choices if isinstance(choices, list) and choices else None


def _takes(schema: Json, properties: Json) -> str:
    required = schema.get("required")
    needed = {key for key in required if isinstance(key, str)} if isinstance(required, list) else set()
    names = []
    for key, form in list(properties.items())[:_MOST_NAMES]:
        kinds = "/".join(_kinds(form))
        names.append(f"`{key}`{f' ({kinds})' if kinds else ''}{'' if key in needed else ', optional'}")
    more = f"; and {len(properties) - _MOST_NAMES} more" if len(properties) > _MOST_NAMES else ""
    return "; ".join(names) + more if names else "no parameters"


def _shown(value: Any, most: int = _SHOWN) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= most else f"{text[:most]}…"
