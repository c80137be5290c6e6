"""What was typed into a field of a server's question, as the value that goes to the server. Pure and total; must not
know how it was typed.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import TypeAlias

from coder.core.requests import FieldAsked
from coder.frontends.amounts import counted

Value: TypeAlias = "str | int | float | bool | list[str] | None"
"""None: nothing is said of this field."""
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


class Unfit(Exception):
    """Why it is no answer, for people: what it must be."""


def value_of(asked: FieldAsked, typed: str) -> Value:
    """Raises Unfit."""
    words = typed.strip()
    if not words:
        if asked.required:
            raise Unfit("This one is needed.")
        return None
    match asked.kind:
        case "number" | "integer":
            return _number(asked, words)
        case _:
            return _text(asked, words)


def chosen_of(asked: FieldAsked, values: list[str]) -> Value:
    """Several of the choices. Raises Unfit."""
    if not values and not asked.required:
        return None
    if asked.least is not None and len(values) < asked.least:
        raise Unfit(f"Choose at least {asked.least:g}.")
    if asked.most is not None and len(values) > asked.most:
        raise Unfit(f"Choose at most {asked.most:g}.")
    if not values:
        raise Unfit("This one is needed.")
    return values


def _number(asked: FieldAsked, words: str) -> Value:
    kind = "a whole number" if asked.kind == "integer" else "a number"
    try:
        value: int | float = int(words) if asked.kind == "integer" else float(words)
    except (ValueError, OverflowError):
        raise Unfit(f"It must be {kind}.") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise Unfit(f"It must be {kind}.")
    if asked.least is not None and value < asked.least:
        raise Unfit(f"It must be {asked.least:g} or more.")
    if asked.most is not None and value > asked.most:
        raise Unfit(f"It must be {asked.most:g} or less.")
    return value


def _text(asked: FieldAsked, words: str) -> str:
    if asked.least is not None and len(words) < asked.least:
        raise Unfit(f"It must have at least {counted(int(asked.least), 'character')}.")
    if asked.most is not None and len(words) > asked.most:
        raise Unfit(f"It must have at most {counted(int(asked.most), 'character')}.")
    if asked.form and not _has_form(asked.form, words):
        raise Unfit(f"It must be {_FORMS[asked.form]}.")
    return words


_FORMS = {
    "email": "an e-mail address, such as me@example.org",
    "uri": "an address, such as https://example.org/page",
    "date": "a date, such as 2026-03-31",
    "date-time": "a date with a time, such as 2026-03-31T12:00:00Z",
}


def _has_form(form: str, words: str) -> bool:
    if form in ("email", "uri"):
        return (_EMAIL if form == "email" else _URI).fullmatch(words) is not None
    try:
        if form == "date":
            date.fromisoformat(words)
            return len(words) == len("2026-03-31")
        return datetime.fromisoformat(words).tzinfo is not None
    except ValueError:
        return False
