"""What a server asks the person, read from its request: the fields of a form, or a page. Pure and total; foreign
schemas. Must not know who puts the question.

Forms must not ask for secrets (the protocol forbids it): a field that looks like one is never put to anybody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.core.requests import FieldAsked, FieldKind, ServerQuestion

_MOST_FIELDS = 30
_MOST_CHOICES = 200
_LINE, _MESSAGE, _URL = 200, 2_000, 4_000
_FORMS = ("email", "uri", "date", "date-time")
_SECRET = re.compile(
    r"pass(?:word|phrase|wd|code)|secret|token|api[ _-]?key|private[ _-]?key|access[ _-]?key|credential|\bpin\b|\bcvv\b"
    r"|\bcvc\b|\bssn\b|\botp\b|card[ _-]?number|bearer",
    re.IGNORECASE,
)
_PARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\W]+")


@dataclass(frozen=True, slots=True)
class Unaskable:
    """`why` is the rest of a sentence about the server: it …"""

    why: str


@dataclass(frozen=True, slots=True)
class Asking:
    """`left_out` are the names of fields that look like secrets, and that the server can do without."""

    question: ServerQuestion
    left_out: tuple[str, ...] = ()


def asking_of(server: str, params: Json) -> Asking | Unaskable:
    message = _text(params.get("message"), _MESSAGE)
    if params.get("mode") == "url":
        return _page(server, message, params.get("url"))
    schema = params.get("requestedSchema")
    schema = schema if isinstance(schema, dict) else {}
    properties = schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    required = schema.get("required")
    needed = {each for each in required if isinstance(each, str)} if isinstance(required, list) else set()
    if len(properties) > _MOST_FIELDS:
        return Unaskable(f"asks for more than {_MOST_FIELDS} things at once")
    fields: list[FieldAsked] = []
    left_out: list[str] = []
    for name, form in properties.items():
        form = form if isinstance(form, dict) else {}
        if looks_secret(name, form):
            if name in needed:
                return Unaskable(f"asks for what looks like a secret ({name[:_LINE]}), which no server may in a form")
            left_out.append(name[:_LINE])
            continue
        made = _field(name, form, required=name in needed)
        if made is None:
            return Unaskable(f"asks for {name[:_LINE]} in a form that the protocol does not know")
        fields.append(made)
    return Asking(ServerQuestion(server, message, tuple(fields)), tuple(left_out))


def looks_secret(name: str, form: Mapping[str, Any]) -> bool:
    """By its name, its title, or a format of its own; a yes or no is no secret, nor is one of several."""
    if form.get("type") == "boolean" or _choices(form):
        return False
    words = (name, _text(form.get("title"), _LINE), _text(form.get("format"), _LINE))
    return any(_SECRET.search(each) or _SECRET.search(" ".join(_PARTS.split(each))) for each in words)


def _page(server: str, message: str, url: object) -> Asking | Unaskable:
    if not isinstance(url, str) or not url or len(url) > _URL or not url.isascii() or not url.isprintable():
        return Unaskable("wants a page opened whose address is none")
    try:
        parts = urlsplit(url)
        is_page = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        is_page = False
    if not is_page:
        return Unaskable("wants something opened that is no web page, or hides which one it is")
    return Asking(ServerQuestion(server, message, url=url))


def _field(name: str, form: Mapping[str, Any], *, required: bool) -> FieldAsked | None:
    """None for a type the protocol does not have."""
    kind = form.get("type", "string")
    title, about = _text(form.get("title"), _LINE), _text(form.get("description"), _MESSAGE)
    default = form.get("default")
    if kind == "array":
        items = form.get("items")
        choices = _choices(items if isinstance(items, dict) else {})
        chosen = default if isinstance(default, list) else []
        held = tuple(value for value, _ in choices if value in chosen)
        least, most = _number(form.get("minItems")), _number(form.get("maxItems"))
        made = FieldAsked(name, "many", title, about, required, choices, held or None, "", least, most)
        return made if choices else None
    if choices := _choices(form):
        held_one = default if any(value == default for value, _ in choices) else None
        return FieldAsked(name, "one", title, about, required, choices, held_one)
    if kind == "boolean":
        return FieldAsked(name, "yes or no", title, about, required, (), default if isinstance(default, bool) else None)
    if kind in ("number", "integer"):
        number: FieldKind = kind
        least, most = _number(form.get("minimum")), _number(form.get("maximum"))
        return FieldAsked(name, number, title, about, required, (), _number(default), "", least, most)
    if kind != "string":
        return None
    format = form.get("format")
    return FieldAsked(
        name,
        "text",
        title,
        about,
        required,
        (),
        default if isinstance(default, str) else None,
        format if format in _FORMS else "",
        _number(form.get("minLength")),
        _number(form.get("maxLength")),
    )


def _choices(form: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Values with what is shown: `enum` with its older `enumNames`, or `oneOf`/`anyOf` of constants with titles."""
    found: list[tuple[str, str]] = []
    listed = form.get("enum")
    if isinstance(listed, list):
        names = form.get("enumNames")
        names = names if isinstance(names, list) else []
        for number, value in enumerate(listed):
            if isinstance(value, str):
                shown = names[number] if number < len(names) and isinstance(names[number], str) else value
                found.append((value, shown[:_LINE]))
    for key in ("oneOf", "anyOf"):
        constants = form.get(key)
        for each in constants if isinstance(constants, list) else ():
            if isinstance(each, dict) and isinstance(value := each.get("const"), str):
                found.append((value, _text(each.get("title"), _LINE) or value[:_LINE]))
    return tuple(dict(found[:_MOST_CHOICES]).items())


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: object, most: int) -> str:
    return value[:most] if isinstance(value, str) else ""
