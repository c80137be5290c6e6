"""What moved in a repository while a call ran: names and where they pointed, and git's own log of it. A value and its
JSON form; must not touch the disk.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, cast, get_args

from coder.checkpoints.entries import path_from_json, path_to_json
from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.git.reflog import Step
from coder.git.refs import Kind, RefMove

Cause: TypeAlias = Literal["command", "background", "meanwhile"]
MOST_MOVES = 500
MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class RefMoves:
    """`id` is that of the call; `meanwhile` none of this session ran. `what` is the call as people see it. `top` is the
    work tree, `repository` the folder that all of its work trees share, `on` the branch that is checked out in the end.
    `steps` are the moves of HEAD as git logged them between `began` and `when`. Of a great many the last are left out:
    `left` counts them."""

    id: str
    cause: Cause
    what: str
    repository: str
    top: str
    moves: tuple[RefMove, ...]
    steps: tuple[Step, ...]
    began: float
    when: float
    on: str = ""
    left: int = 0


def moves_to_json(record: RefMoves) -> Json:
    moves = record.moves[:MOST_MOVES]
    raw: Json = {
        "t": "refs",
        "id": record.id,
        "cause": record.cause,
        "what": record.what,
        "repository": path_to_json(record.repository),
        "top": path_to_json(record.top),
        "moves": [[each.kind, each.name, each.before, each.after] for each in moves],
        "steps": [[each.before, each.after, each.when, each.text] for each in record.steps[-MOST_STEPS:]],
        "began": record.began,
        "when": record.when,
        "on": record.on,
    }
    left = record.left + len(record.moves) - len(moves)
    return {**raw, "left": left} if left else raw


def moves_from_json(raw: Any) -> RefMoves:
    """Raises ValueError, TypeError or KeyError for what is none."""
    moves = tuple(RefMove(_kind(kind), str(name), str(old), str(new)) for kind, name, old, new in raw["moves"])
    steps = tuple(Step(str(old), str(new), int(when), str(text)) for old, new, when, text in raw["steps"])
    if raw["cause"] not in get_args(Cause):
        raise ValueError(f"no cause: {raw['cause']}")
    places = (path_from_json(raw["repository"]), path_from_json(raw["top"]))
    times = (float(raw["began"]), float(raw["when"]))
    said = (str(raw["id"]), raw["cause"], str(raw["what"]))
    return RefMoves(*said, *places, moves, steps, *times, str(raw.get("on", "")), int(raw.get("left", 0)))


def _kind(text: Any) -> Kind:
    if text not in get_args(Kind):
        raise ValueError(f"no kind of name: {text}")
    return cast("Kind", text)
