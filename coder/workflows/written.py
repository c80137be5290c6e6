"""Types as a file writes them: `{kind: bug|feature, files: [path, max 20], note?: str}`. Total; must not know steps."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from coder.workflows.naming import near
from coder.workflows.types import MOST_ITEMS, Choice, Field, Many, Plain, Shape, Type

DEPTH = 8
_FIELDS = 50
_OPTIONS = 50
_CEILING = 1_000  # items of a list, whatever the file says
_PLAIN = {kind: Plain(kind) for kind in ("str", "int", "float", "bool", "path")}
_MEANT = {
    **dict.fromkeys(("string", "text", "string?"), "str"),
    **dict.fromkeys(("integer", "number of"), "int"),
    **dict.fromkeys(("number", "double"), "float"),
    **dict.fromkeys(("boolean", "true|false", "false|true", "yes|no"), "bool"),
    **dict.fromkeys(("file", "filename"), "path"),
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\??\Z")
_WORD = re.compile(r"[^\s{}\[\],|\"']{1,60}\Z")
_LIST = re.compile(r"\[(?P<of>.+)\](?P<bounds>(?:\s+(?:min|max)\s+\d{1,6}){0,2})\s*\Z", re.DOTALL)
_BOUND = re.compile(r"(min|max)\s+(\d{1,6})\Z")

Report = Callable[[str], None]


def shape_of(value: Any, report: Report) -> Shape | None:
    """The result of a step is always an object. None, and told, for what is none."""
    if not isinstance(value, dict):
        report("out must be an object with named fields, such as {verdict: pass|fail, findings: [str]}")
        return None
    found = _type(value, "out", 0, report)
    return found if isinstance(found, Shape) else None


def _type(value: Any, where: str, depth: int, report: Report) -> Type | None:
    if depth > DEPTH:
        report(f"{where} is nested more than {DEPTH} deep")
        return None
    match value:
        case dict():
            return _shape(value, where, depth, report)
        case list():
            return _many(value, where, depth, report)
        case str():
            return _text(value.strip(), where, depth, report)
    report(f"{where} needs a type: str, int, float, bool, path, a|b|c, [type] or {{name: type}}")
    return None


def _shape(value: dict[str, Any], where: str, depth: int, report: Report) -> Shape | None:
    if not value or len(value) > _FIELDS:
        report(f"{where} has no fields" if not value else f"{where} has more than {_FIELDS} fields")
        return None
    fields: list[Field] = []
    for key, held in value.items():
        if not _NAME.match(key):
            report(f"{where}: {key[:60]!r} is no name of a field: letters, digits and _, a ? behind one that may miss")
            continue
        name = key.removesuffix("?")
        if any(field.name == name for field in fields):
            report(f"{where}: the field {name} stands twice")
            continue
        found = _type(held, f"{where}.{name}", depth + 1, report)
        if found is not None:
            fields.append(Field(name, found, not key.endswith("?")))
    return Shape(tuple(fields)) if fields else None


def _many(value: list[Any], where: str, depth: int, report: Report) -> Many | None:
    """`[type]`, with bounds as further items: `[str, max 10]`."""
    if not value:
        report(f"{where} is a list of nothing: name the type of its items, such as [str]")
        return None
    return _bounded(value[0], [str(bound).strip() for bound in value[1:]], where, depth, report)


def _bounded(inner: Any, bounds: list[str], where: str, depth: int, report: Report) -> Many | None:
    limits = {"min": 0, "max": MOST_ITEMS}
    for bound in bounds:
        found = _BOUND.match(bound)
        if found is None:
            report(f"{where}: behind the type of its items a list has only min N and max N, not {bound[:40]!r}")
        else:
            limits[found[1]] = int(found[2])
    of = _type(inner, f"{where}[]", depth + 1, report)
    if limits["min"] > limits["max"] or not 0 < limits["max"] <= _CEILING:
        report(f"{where}: a list has min N items up to max N, N from 1 to {_CEILING:,}")
        return None
    return None if of is None else Many(of, limits["min"], limits["max"])


def _text(text: str, where: str, depth: int, report: Report) -> Type | None:
    if text in _PLAIN:
        return _PLAIN[text]
    listed = _LIST.match(text)
    if listed is not None:
        words = listed["bounds"].split()
        bounds = [f"{name} {number}" for name, number in zip(words[::2], words[1::2], strict=True)]
        return _bounded(listed["of"].strip(), bounds, where, depth, report)
    if (meant := _MEANT.get(text.lower())) is not None:
        report(f"{where}: there is no type {text!r}: write {meant}")
        return None
    options = [option.strip() for option in text.split("|")]
    if len(options) > 1:
        return _choice(options, where, report)
    close = near(text, _PLAIN)
    hint = f"did you mean {close}?" if close else "there are str, int, float, bool, path, a|b|c, [type], {name: type}"
    report(f"{where}: there is no type {text[:60]!r}: {hint}")
    return None


def _choice(options: list[str], where: str, report: Report) -> Choice | None:
    if len(set(options)) < len(options) or len(options) > _OPTIONS or not all(map(_WORD.match, options)):
        report(f"{where}: a choice is up to {_OPTIONS} different words with | between them, such as bug|feature")
        return None
    if all(re.fullmatch(r"-?\d{1,9}", option) for option in options):
        return Choice(tuple(map(int, options)))
    return Choice(tuple(options))
