"""What hooks say, as the model is told it: marked as theirs, and bounded. Pure; must not know how hooks are run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from coder.core import prompts
from coder.core.visible import visible_line

_MOST = 12_000  # characters of one text; the engine keeps the whole of a longer one in a file


def contexts(name: str, notes: Iterable[str]) -> Iterator[str]:
    """What a hook adds to what the model knows."""
    return (_note("hook_context", text, point=name) for text in notes if text.strip())


def objection(name: str, reason: str) -> str:
    """What a hook has against a call that has run."""
    return _note("hook_objects", reason or "It gives no reason.", point=name)


def goes_on(reason: str) -> str:
    """Why the model is not done yet."""
    return _note("hook_goes_on", reason or "It gives no reason.")


def line(text: str, otherwise: str) -> str:
    """A reason on one line, for people."""
    shown = visible_line(text.strip()) or otherwise
    return shown if len(shown) <= 500 else f"{shown[:499]}…"


def replaced(output: Any) -> str:
    """What the model is told of a call whose output a hook has replaced: the text in it, else all of it."""
    if isinstance(output, str):
        return output
    if isinstance(output, dict) and isinstance(output.get("stdout"), str):
        return "\n".join(part for part in (output["stdout"], str(output.get("stderr") or "")) if part)
    return json.dumps(output, ensure_ascii=False)


def _note(prompt: str, text: str, **values: str) -> str:
    text = text.strip("\n")
    if len(text) > _MOST:
        text = f"{text[:_MOST]}\n[{len(text) - _MOST} characters are left out]"
    # It must not look as if coder itself had the word again.
    text = text.replace("</hook", "<\\/hook")
    shown = {key: visible_line(value).replace('"', "'") for key, value in values.items()}
    return prompts.load(f"reminders/{prompt}", text=text, **shown)
