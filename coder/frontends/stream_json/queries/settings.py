"""Settings that a host changes while the session is open: the model, how it thinks. Must not know requests to it."""

from __future__ import annotations

from typing import get_args

from coder.app.session import Session
from coder.core.choices import Effort
from coder.core.messages import Json
from coder.frontends.stream_json.control import RequestError
from coder.frontends.stream_json.queries import fields

_DISPLAYS = (None, "summarized", "omitted")
_KNOWN = ("model", "effortLevel")


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
    """All of it or nothing."""
    given = fields.mapping(request, "settings")
    if others := [name for name in given if name not in _KNOWN]:
        names = ", ".join(map(fields.shown, others[:10]))
        raise RequestError(f"{names} cannot be changed while the session is open; {' and '.join(_KNOWN)} can")
    model, effort = given.get("model"), given.get("effortLevel")
    if model is not None and not (isinstance(model, str) and model.split() == [model]):
        raise RequestError(f"{fields.shown(model)} is no name of a model")
    if effort is not None and effort not in get_args(Effort):
        raise RequestError(f"effortLevel must be one of {', '.join(get_args(Effort))}, or null")
    if "model" in given:
        session.set_model("" if model in (None, "default") else model)
    if "effortLevel" in given:
        session.tune("effort", effort)
    return {}
