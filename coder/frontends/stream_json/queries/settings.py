"""Settings that a host changes while the session is open: the model, how it thinks. Must not know requests to it."""

from __future__ import annotations

from typing import get_args

from coder.app.session import Session
from coder.core.choices import Effort
from coder.core.config import Behaviour
from coder.core.messages import Json
from coder.core.permits import RulesChange
from coder.frontends.stream_json.control import RequestError
from coder.frontends.stream_json.queries import fields

_DISPLAYS = (None, "summarized", "omitted")
_KNOWN = ("model", "effortLevel", "alwaysThinkingEnabled", "permissions")
_BEHAVIOURS: tuple[Behaviour, ...] = get_args(Behaviour)


async def thinking(session: Session, request: Json) -> Json:
    """0 turns it off, any other number on (the model decides how much), null is as the session began."""
    if request.get("thinking_display") not in _DISPLAYS:
        raise RequestError("thinking_display must be summarized, omitted or null")
    if "max_thinking_tokens" not in request:
        return {}
    wanted = request["max_thinking_tokens"]
    if wanted is not None and (isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 0):
        raise RequestError("max_thinking_tokens must be a whole number from 0, or null")
    session.tune("thinking", None if wanted is None else wanted > 0)
    return {}


async def apply(session: Session, request: Json) -> Json:
    """All of it or nothing. What is set of permissions takes the place of what an earlier request has."""
    given = fields.mapping(request, "settings")
    if others := [name for name in given if name not in _KNOWN]:
        names = ", ".join(map(fields.shown, others[:10]))
        raise RequestError(f"{names} cannot be changed while the session is open; {', '.join(_KNOWN)} can")
    model, effort, thinks = given.get("model"), given.get("effortLevel"), given.get("alwaysThinkingEnabled")
    if model is not None and not (isinstance(model, str) and model.split() == [model]):
        raise RequestError(f"{fields.shown(model)} is no name of a model")
    if effort is not None and effort not in get_args(Effort):
        raise RequestError(f"effortLevel must be one of {', '.join(get_args(Effort))}, or null")
    if not (thinks is None or isinstance(thinks, bool)):
        raise RequestError("alwaysThinkingEnabled must be true, false or null")
    changes = _rules(given["permissions"]) if "permissions" in given else ()
    if "model" in given:
        session.set_model("" if model in (None, "default") else model)
    if "effortLevel" in given:
        session.tune("effort", effort)
    if "alwaysThinkingEnabled" in given:
        session.tune("thinking", thinks)
    if changes:
        session.flagged = changes
        if problems := await session.permit(changes):
            raise RequestError("; ".join(problems))
    return {}


def _rules(given: object) -> tuple[RulesChange, ...]:
    """Raises RequestError."""
    if not (given is None or isinstance(given, dict)):
        raise RequestError("permissions must be an object or null")
    rules = given or {}
    if others := [name for name in rules if name not in _BEHAVIOURS]:
        names = ", ".join(f"permissions.{fields.shown(name)}" for name in others[:10])
        raise RequestError(f"{names} cannot be changed while the session is open; {', '.join(_BEHAVIOURS)} can")
    for name, texts in rules.items():
        if not isinstance(texts, list) or not all(isinstance(each, str) and each.strip() for each in texts):
            raise RequestError(f"permissions.{name} must be a list of rules")
    return tuple(RulesChange("replace", each, tuple(rules.get(each, ())), "flag") for each in _BEHAVIOURS)
