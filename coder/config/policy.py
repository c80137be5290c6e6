"""What the program that starts coder forbids (`--managed-settings`): of its settings, what can only make narrower. Must
not know files, or who uses it.

It stands below the administrator's files and above everything else. What cannot be told for certain is an error, since
a restriction that is passed over is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coder.config.jsonfile import Parsed, parse_object
from coder.config.layers import Layer
from coder.config.settings import settings_of
from coder.core.errors import ConfigError
from coder.core.visible import visible_line

if TYPE_CHECKING:
    from coder.core.messages import Json

FLAG = "--managed-settings"
_LISTS = ("deniedMcpServers", "disabledMcpjsonServers", "allowedMcpServers")
_SWITCHES = (
    *("allowManagedPermissionRulesOnly", "allowManagedHooksOnly", "allowManagedMcpServersOnly"),
    *("disableSkillShellExecution", "disableBundledSkills", "confirmIrreversible"),
)
_EMPTY = ("allowedHttpHookUrls", "httpHookAllowedEnvVars")  # one that admits something adds to those of others
_MOST_NAMED = 12


def policy_layer(text: str, cwd: Path) -> Layer:
    """Raises ConfigError."""
    parsed = parse_object(text, FLAG)
    if parsed.repeated:
        raise ConfigError(f"{FLAG}: the key {parsed.repeated[0]!r} stands there twice. Join the two.")
    left: list[str] = []
    kept = _kept(parsed.value, left)
    settings, warnings = settings_of(Parsed(kept, (), parsed.text), FLAG)
    return Layer("managed", FLAG, cwd, settings, (*warnings, *_said(left)), kept)


def beside(policy: Layer, others: Iterable[Layer]) -> Layer:
    """With a list of servers that may be used only where nobody has one already: such lists add up."""
    mine = policy.settings
    rivals = [
        layer.origin
        for layer in others
        if layer.settings.servers_allowed is not None and (layer.scope == "managed" or not mine.managed_servers_only)
    ]
    if mine.servers_allowed is None or not rivals:
        return policy
    said = f"{FLAG}: allowedMcpServers is not used: {rivals[0]} has such a list, and the two would add up."
    return replace(policy, settings=replace(mine, servers_allowed=None), warnings=(*policy.warnings, said))


def _kept(given: Json, left: list[str]) -> Json:
    """What of it only forbids; the names of the rest go into `left`."""
    readers: Mapping[str, Callable[[Any], Any]] = {
        "permissions": lambda value: _permissions(value, left),
        "sandbox": lambda value: _sandbox(value, left),
        **dict.fromkeys(_SWITCHES, _is_on),
        **{key: _list_of(key) for key in _LISTS},
        **dict.fromkeys(_EMPTY, lambda value: [] if value == [] else None),
    }
    found: Json = {}
    for key, value in given.items():
        if key == "disableAllHooks":  # those of the administrator go on: who starts us cannot stop them
            if _is_on(value):
                found["allowManagedHooksOnly"] = True
            continue
        taken = readers[key](value) if key in readers and value is not None else None
        if taken is not None:
            found.setdefault(key, taken)
        elif value is not None and value is not False and key != "$schema" and key not in _SWITCHES:
            left.append(key)
    return found


def _permissions(value: Any, left: list[str]) -> Json:
    if not isinstance(value, dict):
        raise ConfigError(f"{FLAG}: permissions must be an object.")
    taken = ("deny", "ask", "disableBypassPermissionsMode")
    left += [f"permissions.{key}" for key in value if key not in (*taken, "disableAutoMode")]
    mode = value.get("disableBypassPermissionsMode")
    if mode not in (None, "disable"):
        raise ConfigError(f"{FLAG}: permissions.disableBypassPermissionsMode must be disable.")
    return {key: value[key] for key in taken if key in value}


def _sandbox(value: Any, left: list[str]) -> Json:
    if not isinstance(value, dict):
        raise ConfigError(f"{FLAG}: sandbox must be an object.")
    taken = ("enabled", "failIfUnavailable")
    left += [f"sandbox.{key}" for key in value if key not in taken]
    return {key: value[key] for key in taken if key in value}


def _is_on(value: Any) -> bool | None:
    """A configuration that gives a truth as text means it."""
    return None if value is None or value is False or value == "false" else True


def _list_of(key: str) -> Callable[[Any], Any]:
    kind, what = (str, "texts") if key == "disabledMcpjsonServers" else (dict, "objects")

    def read(value: Any) -> Any:
        if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
            raise ConfigError(f"{FLAG}: {key} must be a list of {what}.")
        return value

    return read


def _said(left: list[str]) -> tuple[str, ...]:
    if not left:
        return ()
    names = ", ".join(visible_line(name)[:80] for name in left[:_MOST_NAMED])
    more = f" and {len(left) - _MOST_NAMED} more" if len(left) > _MOST_NAMED else ""
    return (f"{FLAG}: not used: {names}{more}. What starts coder can only forbid there, and only what coder knows.",)
