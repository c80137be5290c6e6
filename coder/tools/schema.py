"""Parameters dataclass -> JSON schema, and a model's JSON -> parameters. Must not know any one tool.

The words of a refusal matter more than anything here: a model that is told the field, what it sent, what was expected
and a call that works gets it right the next time.
"""

from __future__ import annotations

import json
import math
from typing import Any, TypeVar

from coder.core.errors import ToolError
from coder.core.messages import Json
from coder.tools.form import Anything, Bounds, Choice, Form, Many, Mapping, Member, Record, Scalar, record

P = TypeVar("P")

_SHOWN = 100  # characters of a received value worth repeating
_MOST_PROBLEMS = 8
_JSON_NAMES = {str: "string", int: "integer", float: "number", bool: "boolean"}


class _Wrong:
    """What a check returns when the value cannot be used; the problem is already noted."""


_WRONG = _Wrong()


def schema(params: type[Any]) -> Json:
    """The JSON schema of a parameters dataclass. Raises TypeError for a type no JSON value can fill."""
    return _schema(record(params))


def parse(params: type[P], raw: Any, tool_name: str) -> P:
    """Builds the parameters. Raises ToolError that lists every problem with a call that would work.

    Forgives only what cannot be misread: "10" for 10, 10.0 for 10, "true" for true, null for an optional parameter, and
    a list or object sent as JSON text.
    """
    form = record(params)
    problems: list[str] = []
    if not isinstance(raw, dict):
        problems.append(f"the input is {_shown(raw)}; expected an object with {_names(form)}.")
        built: Any = _WRONG
    else:
        built = _check_record(form, raw, tool_name, "", problems)
    if not problems:
        checked: P = built
        return checked
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = [f"{tool_name} was not run: its input has {count}."]
    lines += [f"- {problem}" for problem in problems[:_MOST_PROBLEMS]]
    example = json.dumps(_corrected(form, raw if isinstance(raw, dict) else {}), ensure_ascii=False)
    lines.append(f"A call of this form works: {tool_name} {example}")
    raise ToolError("\n".join(lines).encode("utf-8", "replace").decode("utf-8"))


def _schema(form: Form) -> Json:
    match form:
        case Scalar(kind, bounds):
            return {"type": _JSON_NAMES[kind], **_limits(bounds, "minimum", "maximum")}
        case Choice(values):
            return {"type": _JSON_NAMES[type(values[0])], "enum": list(values)}
        case Many(item, _, bounds):
            return {"type": "array", "items": _schema(item), **_limits(bounds, "minItems", "maxItems")}
        case Mapping(Anything()):
            return {"type": "object"}
        case Mapping(value):
            return {"type": "object", "additionalProperties": _schema(value)}
        case Anything():
            return {}
        case Record(_, members):
            properties = {member.name: _property(member) for member in members}
            required = [member.name for member in members if member.required]
            whole: Json = {"type": "object", "properties": properties}
            if required:
                whole["required"] = required
            return {**whole, "additionalProperties": False}


def _property(member: Member) -> Json:
    made = _schema(member.form)
    return {**made, "description": member.description} if member.description else made


def _limits(bounds: Bounds, low: str, high: str) -> Json:
    return {name: value for name, value in ((low, bounds.low), (high, bounds.high)) if value is not None}


def _check(form: Form, value: Any, where: str, problems: list[str]) -> Any:
    match form:
        case Scalar():
            checked = _scalar(form, value)
        case Choice(values):
            checked = value if value in values and type(value) is type(values[0]) else _WRONG
        case Many(item, make, bounds):
            items = _from_text(value, list)
            checked = _WRONG
            if isinstance(items, list) and _within(len(items), bounds):
                return make([_check(item, each, f"{where}[{i}]", problems) for i, each in enumerate(items)])
        case Mapping(inner):
            found = _from_text(value, dict)
            checked = _WRONG
            if isinstance(found, dict):
                return {key: _check(inner, each, f"{where}.{key}", problems) for key, each in found.items()}
        case Record():
            found = _from_text(value, dict)
            checked = _WRONG
            if isinstance(found, dict):
                return _check_record(form, found, where, f"{where}.", problems)
        case Anything():
            return value
    if checked is _WRONG:
        problems.append(f"`{where}` is {_shown(value)}; expected {_expected(form)}.")
    return checked


def _check_record(form: Record, raw: Json, owner: str, prefix: str, problems: list[str]) -> Any:
    before = len(problems)
    values: dict[str, Any] = {}
    for member in form.members:
        value = raw.get(member.name)
        if value is None and member.required and not isinstance(member.form, Anything):
            sent = "null" if member.name in raw else "nothing"
            problems.append(f"`{prefix}{member.name}` is required, got {sent}; expected {_expected(member.form)}.")
        elif value is not None:
            values[member.attribute] = _check(member.form, value, prefix + member.name, problems)
    for name in raw:
        if form.member(name) is None:
            near = _nearest(name, form)
            hint = f"did you mean `{near}`?" if near else f"it takes {_names(form)}."
            problems.append(f"`{prefix}{name}` (got {_shown(raw[name])}) is no parameter of {owner}; {hint}")
    return form.make(**values) if len(problems) == before else _WRONG


def _scalar(form: Scalar, value: Any) -> Any:
    made: Any = _WRONG
    if form.kind is str:
        made = value if isinstance(value, str) else _WRONG
    elif form.kind is bool:
        made = {"true": True, "false": False}.get(value.strip().lower(), _WRONG) if isinstance(value, str) else value
        made = made if isinstance(made, bool) else _WRONG
    elif not isinstance(value, bool):
        made = _number(form.kind, value)
    return made if made is _WRONG or form.kind in (str, bool) or _within(made, form.bounds) else _WRONG


def _number(kind: type[Any], value: Any) -> Any:
    try:
        number = float(value) if isinstance(value, int | float | str) else None
        if number is None or not math.isfinite(number):
            return _WRONG
        if kind is float:
            return number
        return int(value) if isinstance(value, int | str) and "." not in str(value) else _whole(number)
    except (ValueError, OverflowError):
        return _WRONG


def _whole(number: float) -> Any:
    return int(number) if number.is_integer() else _WRONG


def _within(number: float, bounds: Bounds) -> bool:
    return (bounds.low is None or number >= bounds.low) and (bounds.high is None or number <= bounds.high)


def _from_text(value: Any, kind: type[Any]) -> Any:
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except ValueError:
        return value
    return found if isinstance(found, kind) else value


def _expected(form: Form) -> str:
    match form:
        case Scalar(kind, bounds) if kind is int or kind is float:
            return ("a whole number" if kind is int else "a number") + _range(bounds)
        case Scalar(kind):
            return "true or false" if kind is bool else "text"
        case Choice(values):
            return "one of " + ", ".join(json.dumps(value) for value in values)
        case Many(item, _, bounds):
            return f"a list of {_expected(item).removeprefix('a ').removeprefix('an ')}{_range(bounds, ' items')}"
        case Record():
            return f"an object with {_names(form)}"
        case Mapping():
            return "an object"
        case Anything():
            return "any value"


def _range(bounds: Bounds, unit: str = "") -> str:
    match bounds:
        case Bounds(None, None):
            return ""
        case Bounds(low, None):
            return f", {low} or more{unit}"
        case Bounds(None, high):
            return f", {high} at most{unit}"
        case Bounds(low, high):
            return f", {low} to {high}{unit}"


def _names(form: Record) -> str:
    shown = [f"`{member.name}`" + ("" if member.required else " (optional)") for member in form.members]
    return ", ".join(shown) or "no parameters"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text):,} characters)"


def _nearest(name: str, form: Record) -> str | None:
    from difflib import get_close_matches

    plain = name.lower().replace("-", "_")
    found = get_close_matches(plain, [member.name for member in form.members], n=1, cutoff=0.55)
    return found[0] if found else None


def _corrected(form: Record, raw: Json) -> Json:
    """The call as it was probably meant: what is right of it kept (shortened), the rest replaced by samples."""
    meant = {_nearest(name, form): value for name, value in raw.items() if form.member(name) is None}
    made: Json = {}
    for member in form.members:
        value = raw.get(member.name)
        value = meant.get(member.name) if value is None else value
        problems: list[str] = []
        if value is not None:
            _check(member.form, value, member.name, problems)
        if value is not None and not problems and len(_shown(value)) <= _SHOWN:
            made[member.name] = _plain(member.form, value)
        elif value is not None or member.required:
            made[member.name] = _sample(member.form, member)
    return made


def _plain(form: Form, value: Any) -> Any:
    """What was accepted, in the form that the schema asks for: a number that came as text is a number."""
    match form:
        case Scalar():
            return _scalar(form, value)
        case Many(item):
            return [_plain(item, each) for each in _from_text(value, list)]
        case Mapping(inner):
            return {key: _plain(inner, each) for key, each in _from_text(value, dict).items()}
        case Record(_, members):
            held = _from_text(value, dict)
            there = [each for each in members if held.get(each.name) is not None]
            return {each.name: _plain(each.form, held[each.name]) for each in there}
        case _:
            return value


def _sample(form: Form, member: Member | None = None) -> Any:
    if member is not None and member.example is not None:
        return member.example
    match form:
        case Scalar(kind, bounds):
            if kind is str:
                return "/repo/src/app.py" if member is not None and member.name.endswith("path") else "..."
            return False if kind is bool else kind(bounds.low or 1)
        case Choice(values):
            return values[0]
        case Many(item, _, bounds):
            return [_sample(item)] * (bounds.low or 1)
        case Record(_, members):
            return {each.name: _sample(each.form, each) for each in members if each.required}
        case Mapping() | Anything():
            return {}
