"""Settings that a host writes into a file of the person's: few, and none that allows or runs anything. Must not know
how a file is written.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import get_args

from coder.app.session import Session
from coder.app.styling import available
from coder.config import write
from coder.config.paths import local_settings, user_settings
from coder.core.choices import Effort
from coder.core.config import Config
from coder.core.messages import Json
from coder.frontends.stream_json.control import RequestError
from coder.frontends.stream_json.queries import fields

_KEYS: Mapping[str, tuple[str, str]] = {
    "localSettings": ("local", "outputStyle"),
    "userSettings": ("user", "effortLevel"),
}
_NOT_KEPT = ("max",)  # for one session alone


async def update(session: Session, request: Json) -> Json:
    """An output style for this project counts from the next conversation on, an effort from the next session on."""
    config, source = session.inquiries.config, fields.text(request, "source")
    if source not in _KEYS:
        raise RequestError(f"source must be {' or '.join(_KEYS)}")
    scope, key = _KEYS[source]
    given = fields.mapping(request, "settings")
    if list(given) != [key]:
        named = ", ".join(fields.shown(name) for name in given if name != key) or "nothing"
        raise RequestError(f"of {source} a host can write {key} alone, not {named}")
    if scope not in config.guidance.sources:
        raise RequestError(f"{source} do not count in this session (--setting-sources), so that they are not written")
    value = await asyncio.to_thread(_checked, config, key, fields.text(given, key))
    path = user_settings(config.home) if scope == "user" else local_settings(config.cwd)
    await asyncio.to_thread(write.set_value, path, key, value, os.environ)
    return {}


def _checked(config: Config, key: str, value: str) -> str:
    """As the file has it. Raises RequestError."""
    if key == "effortLevel":
        levels = [level for level in get_args(Effort) if level not in _NOT_KEPT]
        if value not in levels:
            raise RequestError(f"effortLevel must be one of {', '.join(levels)}")
        return value
    names = {style.name.casefold(): style.name for style in available(config)}
    if value.casefold() not in names:
        raise RequestError(f"there is no output style {fields.shown(value)}")
    return "default" if value.casefold() == "default" else names[value.casefold()]
