"""What the result of a step looks like: choices, texts, numbers, paths, lists, objects; as JSON schema and as check.

Must not know how a file writes them, nor who hands a value in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.messages import Json

MOST_ITEMS = 100  # of a list that names no bound
MOST_CHARACTERS = 20_000  # of one text
MOST_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Plain:
    """`any` is what nothing is known of, such as the result of another workflow; no file can write it."""

    kind: Literal["str", "int", "float", "bool", "path", "any"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words, or of a few whole numbers."""

    options: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Many:
    of: Type
    least: int = 0
    most: int = MOST_ITEMS


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    of: Type
    required: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """An object with these fields and no others."""

    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        return next((each for each in self.fields if each.name == name), None)

    @property
    def choices(self) -> tuple[str, ...]:
        """The fields with a finite choice: those that can be voted on and routed by."""
        return tuple(each.name for each in self.fields if options(each.of) and each.required)


Type: TypeAlias = Plain | Choice | Many | Shape
ANY, TEXT = Plain("any"), Plain("str")


def options(of: Type) -> tuple[str | int | bool, ...]:
    """All values there can be; () for a type without an end of them."""
    if isinstance(of, Choice):
        return of.options
    return (True, False) if of == Plain("bool") else ()


def schema(of: Type) -> Json:
    """As JSON schema, every object closed."""
    match of:
        case Plain("any"):
            return {}
        case Plain("path"):
            return {"type": "string", "description": prompts.load("workflow/path")}
        case Plain(kind):
            return {"type": {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}[kind]}
        case Choice(values):
            return {"type": "integer" if isinstance(values[0], int) else "string", "enum": list(values)}
        case Many():
            bounds = {"minItems": of.least} if of.least else {}
            return {"type": "array", "items": schema(of.of), **bounds, "maxItems": of.most}
        case Shape():
            return {
                "type": "object",
                "properties": {each.name: schema(each.of) for each in of.fields},
                "required": [each.name for each in of.fields if each.required],
                "additionalProperties": False,
            }


_MEANT = {"str": "a text", "path": "a path", "int": "a whole number", "float": "a number", "bool": "true or false"}


def problems(value: Any, of: Type) -> tuple[str, ...]:
    """What is wrong with a value, at most ten things, each with its place. Total; an optional field may be null."""
    found: list[str] = []
    for problem in _problems(value, of, ""):
        found.append(problem)
        if len(found) == MOST_PROBLEMS:
            break
    return tuple(found)


def words(of: Type) -> str:
    """As a file writes it."""
    match of:
        case Plain(kind):
            return kind
        case Choice(values):
            return "|".join(map(str, values))
        case Many():
            bounds = (f", min {of.least}" if of.least else "") + (f", max {of.most}" if of.most != MOST_ITEMS else "")
            return f"[{words(of.of)}{bounds}]"
        case Shape(fields):
            inner = (f"{each.name}{'' if each.required else '?'}: {words(each.of)}" for each in fields)
            return f"{{{', '.join(inner)}}}"


def inside(of: Type, name: str) -> Type | None:
    """What a name stands for in a value of this type; None when there is nothing by it. A name behind a list stands
    for that field of all its items, lists among them joined; a number for one item."""
    match of:
        case Plain("any"):
            return ANY
        case Shape():
            field = of.field(name)
            return field.of if field is not None else None
        case Many() if name.isdecimal():
            return of.of
        case Many():
            found = inside(of.of, name)
            if found is None or found == ANY:
                return found
            return Many(found.of, 0, found.most * of.most) if isinstance(found, Many) else Many(found, 0, of.most)
    return None


def at(value: Any, names: tuple[str, ...]) -> Any:
    """What stands there in a value, by the same rules; None for nothing. Total."""
    for name in names:
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal():
            index = int(name) if len(name) < 7 else len(value)
            value = value[index] if index < len(value) else None
        elif isinstance(value, list):
            value = _joined(each[name] for each in value if isinstance(each, dict) and name in each)
        else:
            return None
    return value


def _joined(values: Iterator[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if isinstance(value, list):
            found += value
        else:
            found.append(value)
    return found


def _problems(value: Any, of: Type, where: str) -> Iterator[str]:
    match of:
        case Plain("any"):
            return
        case Plain():
            if wrong := _plain_problem(value, of.kind):
                yield f"{where or 'it'} {wrong}"
        case Choice(values):
            if isinstance(value, bool) or value not in values:
                yield f"{where or 'it'} must be one of {', '.join(map(str, values))}, not {_brief(value)}"
        case Many():
            if not isinstance(value, list):
                yield f"{where or 'it'} must be a list, not {_brief(value)}"
                return
            if not of.least <= len(value) <= of.most:
                bounds = f"at most {of.most}" if len(value) > of.most else f"at least {of.least}"
                yield f"{where or 'it'} has {len(value)} items: {bounds} are allowed"
            for index, item in enumerate(value[: of.most]):
                yield from _problems(item, of.of, f"{where}[{index}]")
        case Shape():
            yield from _shape_problems(value, of, where)


def _shape_problems(value: Any, of: Shape, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where or 'it'} must be an object with {', '.join(each.name for each in of.fields)}"
        return
    at = f"{where}." if where else ""
    for field in of.fields:
        held = value.get(field.name)
        if held is None and not field.required:
            continue
        if field.name not in value:
            yield f"{at}{field.name} is missing"
        else:
            yield from _problems(held, field.of, f"{at}{field.name}")
    for name in value:
        if not isinstance(name, str) or of.field(name) is None:
            yield f"{at}{_brief(name)} is no field: there are {', '.join(each.name for each in of.fields)}"


def _plain_problem(value: Any, kind: str) -> str:
    match kind:
        case "bool":
            fits = isinstance(value, bool)
        case "int":
            fits = isinstance(value, int) and not isinstance(value, bool)
        case "float":
            fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        case _:
            fits = isinstance(value, str)
    if not fits:
        return f"must be {_MEANT[kind]}, not {_brief(value)}"
    if kind in {"str", "path"} and len(value) > MOST_CHARACTERS:
        return f"is longer than {MOST_CHARACTERS:,} characters"
    return _path_problem(value) if kind == "path" else ""


def _path_problem(path: str) -> str:
    """Where it leads by its text alone: links are for who opens it."""
    if not path.strip() or "\0" in path or "\n" in path:
        return f"must be a path, not {_brief(path)}"
    if path.startswith(("/", "~", "\\")) or path[1:2] == ":" or ".." in path.replace("\\", "/").split("/"):
        return f"must be a path relative to the working folder and inside it, not {_brief(path)}"
    return ""


def _brief(value: Any) -> str:
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    text = repr(value[:60] if isinstance(value, str) else value)
    return "null" if value is None else text.lower() if isinstance(value, bool) else text[:80]
