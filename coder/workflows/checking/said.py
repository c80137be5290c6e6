"""One thing that is wrong, with the line it stands at. Must not know what is looked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from coder.workflows.naming import near
from coder.workflows.workflow import Step


class Said(NamedTuple):
    line: int
    text: str
    level: Literal["error", "warning"] = "error"


def line_of(step: Step, key: str = "") -> int:
    return step.lines.get(key, step.line)


def meant(name: str, known: Iterable[str], what: str) -> str:
    """`: did you mean fix?`, or what there is."""
    names = list(known)
    close = near(name, names)
    if close:
        return f": did you mean {close}?"
    return (
        f": there {'is' if len(names) == 1 else 'are'} {', '.join(names[:12])}" if names else f": there are no {what}"
    )
