"""How long hooks may take. Pure; must not know how they are run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coder.hooks.handler import Handler
from coder.hooks.points import Point

_COMMAND, _PROMPT, _AGENT, _CALLBACK = 600.0, 30.0, 60.0, 60.0  # seconds
_OTHER = {"UserPromptSubmit": 30.0, "MessageDisplay": 10.0}
_END, _LONGEST_END = 1.5, 60.0  # of SessionEnd, all its hooks together
_END_NAME = "CLAUDE_CODE_SESSIONEND_HOOKS_TIMEOUT_MS"


def limits_of(point: Point, handlers: Sequence[Handler], env: Mapping[str, str]) -> list[float]:
    """Seconds for each. The hooks of a point run at once, so what those of SessionEnd have together each has whole."""
    own = [_limit(point, handler) for handler in handlers]
    if point.name != "SessionEnd":
        return own
    budget = _end_budget(env, handlers)
    return [min(budget, limit) for limit in own]


def _limit(point: Point, handler: Handler) -> float:
    if handler.timeout is not None:
        return handler.timeout
    match handler.kind:
        case "prompt":
            return _PROMPT
        case "agent":
            return _AGENT
        case "callback":
            return _CALLBACK
        case _:
            return _OTHER.get(point.name, _COMMAND)


def _end_budget(env: Mapping[str, str], handlers: Sequence[Handler]) -> float:
    told = env.get(_END_NAME, "")
    if told.isascii() and told.isdigit() and 0 < len(told) < 9:
        return int(told) / 1000
    return min(max([_END, *(each.timeout for each in handlers if each.timeout is not None)]), _LONGEST_END)
