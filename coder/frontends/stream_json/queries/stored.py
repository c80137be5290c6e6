"""The settings of the session for a host: what counts, and what each file says. Must not know what any of them does.

No value of `env` or of a plugin's options is told, nor of what is named like a key, or looks like one.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from coder.app.session import Session
from coder.app.styling import available
from coder.config.jsonfile import read_object
from coder.config.keys import path_of
from coder.config.layers import flag_layer
from coder.config.masking import masked
from coder.config.origins import Entry, listing
from coder.config.paths import sources
from coder.core.config import Scope
from coder.core.errors import ConfigError
from coder.core.messages import Json
from coder.frontends.stream_json.queries.around import Around

_HIDDEN = ("env", "headers", "args")
_DEEPEST = 20  # levels
_ORDER: tuple[Scope, ...] = ("user", "project", "local", "flag", "managed")


async def settings(around: Around, session: Session, request: Json) -> Json:
    del request
    found: Json = await asyncio.to_thread(_stored, around)
    applied = {"model": session.control.model, "effort": session.tuning.tuned.get("effort", around.config.model.effort)}
    return {**found, "applied": applied}


async def styles(around: Around, session: Session, request: Json) -> Json:
    """As the files are by now. The session keeps the style that it began with."""
    del session, request
    found = await asyncio.to_thread(available, around.config)
    others = [style.name for style in found if style.name.casefold() != "default"]
    return {"available_output_styles": ["default", *others]}


def _stored(around: Around) -> Json:
    config = around.config
    found = tuple(sources(config.home, config.cwd, os.environ, config.guidance.sources))
    flag = flag_layer(around.settings, os.environ, config.cwd) if around.settings is not None else None
    listed = listing(found, os.environ, config.home, config.cwd, flag)
    told: list[tuple[Scope, Json]] = [] if flag is None else [("flag", {"settings": _safe(flag.content)})]
    for source in found:
        try:
            parsed = read_object(source.path)
        except ConfigError:
            continue
        if parsed is not None:
            told.append((source.scope, {"settings": _safe(parsed.value), "path": str(source.path)}))
    told.sort(key=lambda each: _ORDER.index(each[0]))
    errors = {"errors": [{"message": text} for text in listed.warnings]} if listed.broken else {}
    rows = [{"source": scope, **about} for scope, about in told]
    return {"effective": _safe(_effective(listed.entries)), "sources": rows, **errors}


def _effective(entries: tuple[Entry, ...]) -> Json:
    """Of each value the strongest that counts; lists are put together."""
    made: Json = {}
    for entry in entries:
        if entry.counts and entry.scope != "environment":
            *above, last = path_of(entry.key)
            place: Any = made
            for name in above:
                place = place.setdefault(name, {}) if isinstance(place, dict) else None
            if not isinstance(place, dict):
                continue
            if entry.item and isinstance(place.setdefault(last, []), list):
                place[last] += [entry.value] if entry.value not in place[last] else []
            else:
                place.setdefault(last, entry.value)
    return made


def _safe(value: Any, key: str = "", deeper: int = _DEEPEST) -> Any:
    """Without what nobody is to see, and what lies too deep to be looked at."""
    name = key.rpartition(".")[2]
    match value:
        case dict() | list() if not deeper:
            return "…"
        case dict() if name in _HIDDEN:
            return dict.fromkeys(value, "…")
        case list() if name in _HIDDEN:
            return ["…"] * len(value)
        case dict():
            return {each: _safe(item, f"{key}.{each}" if key else each, deeper - 1) for each, item in value.items()}
        case list():
            return [_safe(item, key, deeper - 1) for item in value]
        case _:
            return masked(key, value)
