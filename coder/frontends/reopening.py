"""Which settings and which session come next when the open one is closed. Must not know how one is opened."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from coder.app.session import Session
from coder.app.starting import Start
from coder.core.config import Config

_OF_THE_MODEL = {"model_name": "name", "effort": "effort", "max_tokens": "max_tokens", "thinking": "thinking"}


def changed(config: Config, session: Session, start: Start | None, changes: dict[str, Any]) -> tuple[Config, Start]:
    """The settings with `changes`, and `start`, or the way back into the open session. The mode stays as it is."""
    of_model = {_OF_THE_MODEL[name]: value for name, value in changes.items() if name in _OF_THE_MODEL}
    rest = {name: value for name, value in changes.items() if name not in _OF_THE_MODEL}
    mode = rest.pop("mode", session.control.mode)
    model = replace(rest.pop("model", config.model), **of_model)
    if start is not None:
        return replace(config, **rest, mode=mode, model=model), start
    edited = "another effort" if model.effort != config.model.effort else ""
    way = again(session, keeps_model="name" not in of_model and model.name == config.model.name, edited=edited)
    return replace(config, **rest, mode=mode, model=model), way


def leaves(session: Session, start: Start | None) -> None:
    """Has the session know for what it is closed: for `start`, or for going on with it under other settings."""
    if start is None:
        session.points.leaving = "" if session.points.has_begun else "other"
    elif start.clears:
        session.points.leaving = "clear"
    elif start.goes_on:
        session.points.leaving = "resume"


def again(session: Session, *, keeps_model: bool = True, edited: str = "") -> Start:
    """The session that is open, as one to go on with; where nothing was said yet, a new one of the same name. `edited`
    says why its next request does not go on where the last one ended."""
    facts, hooks = session.facts, session.points.brought
    if facts.transcript is not None and facts.transcript.exists():
        stays = session.points.has_begun
        return Start(resume=facts.session_id, keeps_model=keeps_model, edited=edited, stays=stays, hooks=hooks)
    return Start(session_id=facts.session_id, hooks=hooks)
