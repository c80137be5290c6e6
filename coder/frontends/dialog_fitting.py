"""A question that has to fit in front of the prompt: what is too long for that is told above it. Pure."""

from __future__ import annotations

from dataclasses import replace

from coder.frontends.dialog import Dialog
from coder.frontends.dialog_lines import about_lines, body_lines, question_lines

_ABOVE = "shown above"
_BRIEF = 40


def fitted(dialog: Dialog, width: int, room: int) -> tuple[list[str], Dialog]:
    """What to print first, nothing lost of it, and the question to put below: of `room` rows, where possible."""
    if len(question_lines(dialog, width)) <= room:
        return [], dialog
    above, title = body_lines(dialog, width), dialog.title
    if _ABOVE not in title:
        title = f"{title} ({_ABOVE})"
    if above:
        shorter = replace(dialog, body=(), title=title)
        if len(question_lines(shorter, width)) <= room:
            return above, shorter
    effects, told = tuple(map(_brief, dialog.effects)), tuple(map(_head, dialog.told))
    brief = replace(dialog, body=(), title=title, said="", where="", why="", effects=effects, told=told)
    return [*above, *about_lines(dialog, width)], brief


def _head(sentence: str) -> str:
    """Without the files it lists."""
    head, colon, _ = sentence.partition(": ")
    return f"{head} …" if colon else sentence


def _brief(effect: str) -> str:
    return effect if len(effect) <= _BRIEF else f"{effect[:_BRIEF].rstrip(' ,')} …"
