"""What a plugin asks the person for (`userConfig`): their values, or its own defaults. Must not know settings files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coder.commands.options import REFERENCE, Options

VARIABLE = "CLAUDE_PLUGIN_OPTION_"
_MOST = 100
_LONGEST = 32_768
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


class Missing(Exception):
    """Which option has no value that can be used, and where to set it."""


def variables_of(name: str, asked: Mapping[str, Any], set_by_person: Mapping[str, Any]) -> dict[str, str]:
    """By the names of the variables that programs are given. Raises Missing."""
    found: dict[str, str] = {}
    for key, spec in list(asked.items())[:_MOST]:
        if not _KEY.fullmatch(key) or not isinstance(spec, dict):
            continue
        value = set_by_person.get(key, spec.get("default"))
        where = f"Set pluginConfigs.{name}.options.{key} in your settings"
        if value is None or value == "":
            if spec.get("required") is True:
                raise Missing(f"its option {key} is needed and has no value. {where}")
            continue
        text = _text(value, spec.get("type"))
        if text is None:
            raise Missing(f"its option {key} must be {_kind(spec.get('type'))}. {where}")
        found[variable_of(key)] = text
    return found


def texts_of(asked: Mapping[str, Any], variables: Mapping[str, str]) -> Options:
    """Those that the model may read, by their keys: one that is secret under any of its spellings is not."""
    known = {key: spec for key, spec in list(asked.items())[:_MOST] if isinstance(spec, dict)}
    secret = {variable_of(key) for key, spec in known.items() if spec.get("sensitive") not in (None, False)}
    return tuple(
        (key, variables[name]) for key in known if (name := variable_of(key)) in variables and name not in secret
    )


def variable_of(key: str) -> str:
    return f"{VARIABLE}{key.upper()}"


def named_by_variables(value: Any, depth: int = 0) -> Any:
    """The same JSON with `${user_config.KEY}` written as the variable that holds it: no value is put into a text, so
    that whatever hides values of variables hides these too."""
    if depth > 50:
        return None
    if isinstance(value, str):
        return REFERENCE.sub(lambda found: f"${{{variable_of(found[1])}}}", value)
    if isinstance(value, dict):
        return {key: named_by_variables(held, depth + 1) for key, held in value.items()}
    return [named_by_variables(held, depth + 1) for held in value] if isinstance(value, list) else value


def _text(value: object, kind: object) -> str | None:
    """None for what does not fit. A list is what several values are."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = ",".join(value)
    if isinstance(value, bool):
        return None if kind in ("number", "directory", "file") else str(value).lower()
    if isinstance(value, int | float):
        return None if kind in ("boolean", "directory", "file") else f"{value}"
    if not isinstance(value, str) or len(value) > _LONGEST or "\0" in value or kind in ("number", "boolean"):
        return None
    return str(Path(value).expanduser()) if kind in ("directory", "file") and value.startswith("~/") else value


def _kind(kind: object) -> str:
    return f"a {kind}" if kind in ("string", "number", "boolean", "directory", "file") else "a text"
