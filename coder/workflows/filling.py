"""Puts values into the places of a prompt. What models wrote stands between marks: it cannot pose as the prompt.

Must not know where the values come from, nor who reads the result.
"""

from __future__ import annotations

import json
import re
from typing import Any

from coder.core import prompts
from coder.workflows.naming import Place, places, plain
from coder.workflows.scope import Found, Scope

MOST = 24_000  # characters of one value in a prompt
_MARK = re.compile(r"<(?=[\s/]*data\b)", re.IGNORECASE)  # a model takes `</ DATA >` for the mark as well
_HARMLESS = re.compile(r"[\w./:@+=#,-]{1,120}\Z")  # no blank: a word, a path, a revision; it cannot say anything
_INLINE = 200


def filled(text: str, scope: Scope) -> str:
    """The prompt of a step. Where it is nothing but one place, that value is all of it, as it is: it is the task.

    A step that did not run gives a word about that, anything else that is not there gives nothing.
    """
    found = places(text)
    alone = found[0] if len(found) == 1 and not (text[: found[0].start] + text[found[0].end :]).strip() else None
    if alone is not None:
        return _bounded(_text(scope.find(alone.path)).strip())
    parts: list[str] = []
    at, marked = 0, False
    for place in found:
        shown, marks = _shown(place, scope.find(place.path))
        parts += [plain(text[at : place.start]), shown]
        at, marked = place.end, marked or marks
    whole = "".join([*parts, plain(text[at:])]).strip()
    return f"{whole}\n\n{prompts.load('workflow/data')}" if marked else whole


def told(text: str, scope: Scope) -> str:
    """For people: a question, the report of a workflow. The same places, without marks."""
    parts: list[str] = []
    at = 0
    for place in places(text):
        parts += [plain(text[at : place.start]), _bounded(_text(scope.find(place.path)))]
        at = place.end
    return "".join([*parts, plain(text[at:])]).strip()


def text_of(value: Any) -> str:
    """A value as text: lists as lines with dashes, objects as JSON, nothing for null."""
    match value:
        case None:
            return ""
        case str():
            return value
        case list():
            return "\n".join(f"- {_item(each)}" for each in value) or "(none)"
        case bool() | dict():
            return json.dumps(value, ensure_ascii=False)
    return str(value)


def _item(value: Any) -> str:
    text = text_of(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("\n", "\n  ")


def _text(found: Found) -> str:
    return f"(no {found.absent} step ran)" if found.absent else text_of(found.value)


def _shown(place: Place, found: Found) -> tuple[str, bool]:
    """And whether it stands between marks."""
    text = _bounded(_text(found))
    if found.absent or found.is_own or not text or isinstance(found.value, int | float):
        return text, False
    if isinstance(found.value, str) and _HARMLESS.match(text):
        return text, False
    inner = _MARK.sub(r"<\\", text)
    if isinstance(found.value, str) and "\n" not in inner and len(inner) <= _INLINE:
        return f"<data>{inner}</data>", True
    return f'\n<data from="{place.path}">\n{inner}\n</data>\n', True


def _bounded(text: str) -> str:
    return text if len(text) <= MOST else f"{text[:MOST]}\n[{len(text) - MOST:,} more characters]"
