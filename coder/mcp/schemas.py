"""Makes the input schema of a foreign tool one that may be sent to the model: bounded, whole in itself, an object at
its root. Pure; never raises. Must not know tools.

Nothing is followed: a reference into the schema itself stays as it is, so that a circle is as harmless as any other.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from coder.core.messages import Json

MOST = 64 << 10  # bytes
DEEPEST = 24
_NODES = 10_000
_HOPS = 8
_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
# What names the schema for others, or asks for another dialect of it.
_LEFT_OUT = ("$schema", "$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary", "$comment")
_WORDS = ("description", "title", "examples", "default", "$comment")


def fit(schema: object) -> tuple[Json, str]:
    """The schema to use, and what had to go ("" for nothing)."""
    cut = _Cut()
    value = cut.value(schema, 0) if isinstance(schema, dict) else {}
    root, problem = _root(value), "its input is described too deeply" if cut.is_short else ""
    dropped = _unnameable(root)
    if dropped:
        problem = f"{dropped} of its inputs have names that the model cannot write"
    if _size(root) > MOST:
        root, problem = _terse(root), "the words of its schema are left out, for it is too large"
    if _size(root) > MOST:
        root, problem = {"type": "object"}, "its schema is too large and left out"
    return root, problem


def clean(text: str) -> str:
    """Without half characters."""
    return text.encode("utf-8", "replace").decode()


class _Cut:
    """A copy, bounded in depth and number of nodes, of JSON and nothing else."""

    def __init__(self) -> None:
        self._left = _NODES
        self.is_short = False

    def value(self, value: object, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > DEEPEST:
            self.is_short = True
            return {} if isinstance(value, dict) else [] if isinstance(value, list) else None
        match value:
            case dict():
                return self._object(value, depth)
            case list() | tuple():
                return [self.value(item, depth + 1) for item in value[: max(self._left, 0)]]
            case str():
                return clean(value)
            case float():
                return value if math.isfinite(value) else None
            case bool() | int() | None:
                return value
            case _:
                return None

    def _object(self, value: dict[Any, Any], depth: int) -> Json:
        found: Json = {}
        for name, inner in value.items():
            if self._left <= 0:
                self.is_short = True
                break
            if not isinstance(name, str) or (name in _LEFT_OUT and isinstance(inner, str)):
                continue
            if name in _REFERENCES and isinstance(inner, str) and not inner.startswith("#"):
                continue  # a file or an address
            found[clean(name)] = self.value(inner, depth + 1)
        return found


def _root(schema: Json) -> Json:
    """An object with properties of its own: what it refers to or is made of is put in its place."""
    root = _followed(schema, schema)
    for kind in ("allOf", "anyOf", "oneOf"):
        variants = root.pop(kind, None)
        if isinstance(variants, list):
            parts = [_followed(part, schema) for part in variants if isinstance(part, dict)]
            root = _merged(root, parts, every=kind == "allOf")
    root["type"] = "object"
    if not isinstance(root.get("properties"), dict):
        root["properties"] = {}
    required = root.pop("required", None)
    names = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    if names := [*dict.fromkeys(names)]:
        root["required"] = names
    for kind in ("enum", "const", "not", "if", "then", "else"):
        root.pop(kind, None)
    return root


def _followed(part: Json, whole: Json) -> Json:
    """What a reference at the root means."""
    for _ in range(_HOPS):
        target = part.get("$ref")
        if not isinstance(target, str):
            break
        found: Any = whole
        for word in target.removeprefix("#").split("/")[1:]:
            name = word.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, dict) else None
        own = {name: value for name, value in part.items() if name != "$ref"}
        part = {**found, **own} if isinstance(found, dict) else own
    return {name: value for name, value in part.items() if name not in _REFERENCES}


def _merged(root: Json, parts: list[Json], *, every: bool) -> Json:
    """The properties of all parts; required is what every one of them requires, or any where all must hold."""
    properties: Json = {}
    required: list[set[str]] = []
    for part in parts:
        inner = part.get("properties")
        if isinstance(inner, dict):
            for name, value in inner.items():
                properties.setdefault(name, value)
        names = part.get("required")
        required.append({name for name in names if isinstance(name, str)} if isinstance(names, list) else set())
    own = root.get("properties")
    named = root.get("required")
    needed = set.union(*required) if every and required else set.intersection(*required) if required else set()
    already = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
    merged = {**root, "properties": {**properties, **(own if isinstance(own, dict) else {})}}
    if not any(isinstance(part.get("additionalProperties"), bool) for part in parts):
        return {**merged, "required": [*already, *sorted(needed)]}
    # Each part forbids what another one has.
    merged.pop("additionalProperties", None)
    return {**merged, "required": [*already, *sorted(needed)]}


def _unnameable(root: Json) -> int:
    properties = root["properties"]
    odd = [name for name in properties if not _NAME.fullmatch(name)]
    for name in odd:
        del properties[name]
    if odd and "required" in root:
        root["required"] = [name for name in root["required"] if name not in odd]
    return len(odd)


def _terse(value: Any) -> Any:
    match value:
        case dict():
            # A property may be called so: then what is there is a schema.
            return {
                name: _terse(inner) for name, inner in value.items() if name not in _WORDS or isinstance(inner, dict)
            }
        case list():
            return [_terse(item) for item in value]
        case _:
            return value


def _size(schema: Json) -> int:
    return len(json.dumps(schema, ensure_ascii=False).encode())
