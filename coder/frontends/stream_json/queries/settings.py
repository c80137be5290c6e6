"""Settings that a host changes while the session is open: the model, how it thinks. Must not know requests to it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from coder.app.session import Session
from coder.core.choices import Effort
from coder.core.config import Behaviour, RuleText
from coder.core.messages import Json
from coder.core.permits import RulesChange
from coder.core.visible import visible_line
from coder.frontends.stream_json.control import RequestError
from coder.frontends.stream_json.queries import fields
from coder.permissions.rules import parse_rules

_DISPLAYS = (None, "summarized", "omitted")
_KNOWN = ("model", "effortLevel", "alwaysThinkingEnabled", "permissions")
_BEHAVIOURS: tuple[Behaviour, ...] = ("deny", "ask", "allow")


async def thinking(session: Session, request: Json) -> Json:
    """0 turns it off, any other number on (the model decides how much), null is as the session began."""
    if request.get("thinking_display") not in _DISPLAYS:
        raise RequestError("thinking_display must be summarized, omitted or null")
    if "max_thinking_tokens" not in request:
        return {}
    wanted = request["max_thinking_tokens"]
    if wanted is not None and (isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 0):
        raise RequestError("max_thinking_tokens must be a whole number from 0, or null")
    session.tuning.tune("thinking", None if wanted is None else wanted > 0)
    return {}


async def apply(session: Session, request: Json) -> Json:
    """All of it or nothing. Rules add to those of the start and take the place of those of an earlier request."""
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
    changes = _rules(given.get("permissions")) if "permissions" in given else ()
    if "model" in given:
        session.tuning.set_model("" if model in (None, "default") else model)
    if "effortLevel" in given:
        session.tuning.tune("effort", effort)
    if "alwaysThinkingEnabled" in given:
        session.tuning.tune("thinking", thinks)
    if changes and (problems := await session.tuning.permit(changes)):
        raise RequestError(" ".join(problems))
    return {}


def _rules(given: object) -> tuple[RulesChange, ...]:
    """Raises RequestError for what is no list of rules: the one that is passed over may have been what restricts."""
    if given is not None and not isinstance(given, dict):
        raise RequestError("permissions must be an object, or null")
    lists = given or {}
    if others := [name for name in lists if name not in _BEHAVIOURS]:
        names = ", ".join(map(fields.shown, others[:10]))
        raise RequestError(f"permissions: {names} cannot be changed while the session is open; deny, ask and allow can")
    changes: list[RulesChange] = []
    for behaviour in _BEHAVIOURS:
        rules = lists.get(behaviour) or []
        if not isinstance(rules, list) or not all(isinstance(rule, str) for rule in rules):
            raise RequestError(f"permissions.{behaviour} must be a list of rules")
        _, warnings = parse_rules(RuleText(rule, behaviour, "flag", "apply_flag_settings", Path("/")) for rule in rules)
        if warnings:
            raise RequestError(visible_line(" ".join(warnings[:5])))
        changes.append(RulesChange("replace", behaviour, tuple(rules), "flag"))
    return tuple(changes)
