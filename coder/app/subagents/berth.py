"""Where an agent works, by which rules, and whose turn it waits for there: the session's place, a work tree of its own,
or that of the agent that asked for it. Must not know how an agent runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from coder.app.subagents.pen import Pen, Waits
from coder.core.dataclass import dataclass
from coder.permissions.rules import Rules

if TYPE_CHECKING:
    from coder.app.subagents.isolation import Isolated

Holding: TypeAlias = Callable[[Rules], Rules]


def _as_they_are(rules: Rules) -> Rules:
    return rules


def _the_same(path: Path) -> Path:
    return path


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Berth:
    """`cwd` is where it begins, `is_apart` that it is a work tree of an agent's own. `rules` are the session's, as they
    hold there; `pen` is shared by all who work there. `here` says which path of the session's one of it is."""

    cwd: Path
    pen: Pen
    rules: Holding = _as_they_are
    is_apart: bool = False
    here: Callable[[Path], Path] = _the_same


def in_session(cwd: Path, pen: Pen) -> Berth:
    return Berth(cwd, pen)


def apart(isolated: Isolated, outer: Pen, id: str, ancestors: Sequence[str], on_wait: Waits) -> Berth:
    """Of an agent with a work tree of its own, and of those it asks. What stays in there is a matter between them; what
    leaves it waits for the session's pen too, in the name of the agent that the work tree is of."""
    inner = Pen(outer.around(id, ancestors, on_wait, isolated.top))
    return Berth(isolated.path, inner, isolated.rules, is_apart=True, here=isolated.here)
