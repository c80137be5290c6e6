"""Servers as other tools write them, put into our words. Pure: JSON in, entries out. Must not know where files lie."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from coder.core.dataclass import dataclass

_KEYS = ("mcpServers", "servers")
_KEPT = ("command", "args", "env", "cwd", "headers", "headersHelper", "oauth", "timeout", "alwaysLoad")
_ADDRESSES = {"url": "", "httpUrl": "http", "serverUrl": ""}  # and the type each one tells
_VARIABLE = re.compile(r"\$\{(?:env:([A-Za-z_][A-Za-z0-9_]*)|(workspaceFolder|userHome)|(input:[^}]*))\}")
_FOLDERS = {"workspaceFolder": "${CLAUDE_PROJECT_DIR}", "userHome": "${HOME}"}
_DEEPEST = 20


@dataclass(frozen=True, slots=True, repr=False)
class Foreign:
    """A server of another tool as an entry of ours. `called` is its name there; `notes` what was not taken over."""

    name: str
    called: str
    entry: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def foreign(value: Mapping[str, Any]) -> tuple[Foreign, ...] | None:
    """The servers in a file of another tool; None when it has none in a form that is known."""
    inner = value.get("mcp")  # the settings file of an editor
    for held in (value, inner if isinstance(inner, dict) else {}):
        for key in _KEYS:
            if isinstance(held.get(key), dict):
                return tuple(_one(name, entry) for name, entry in held[key].items())
    return None


def _one(called: str, raw: object) -> Foreign:
    name = fitting_name(called)
    if not isinstance(raw, dict):
        return Foreign(name, called, {}, ("its entry is no object",))
    notes: list[str] = []
    entry = {key: _translated(raw[key], notes, _DEEPEST) for key in _KEPT if key in raw}
    for key, tells in _ADDRESSES.items():
        if isinstance(raw.get(key), str):
            kind = raw.get("type", raw.get("transport"))
            default = tells or ("sse" if raw[key].rstrip("/").endswith("/sse") else "http")
            entry = {"type": kind if isinstance(kind, str) else default, "url": _translated(raw[key], notes, 1)} | entry
            break
    else:
        entry = {"type": "stdio"} | entry
    if raw.get("disabled") is True or raw.get("enabled") is False:
        notes.append("it is turned off there")
    if "envFile" in raw:
        notes.append("its envFile is not read: put what stands there into env")
    return Foreign(name, called, entry, tuple(dict.fromkeys(notes)))


def fitting_name(called: str) -> str:
    """The nearest name that a server may have; "" when nothing is left of it."""
    return re.sub(r"__+", "_", re.sub(r"[^A-Za-z0-9_-]+", "-", called.strip()))[:64].strip("_-")


def _translated(value: Any, notes: list[str], deeper: int) -> Any:
    """Their ways to name a variable, in ours."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: _reference(found, notes), value)
    if isinstance(value, list) and deeper:
        return [_translated(item, notes, deeper - 1) for item in value]
    if isinstance(value, dict) and deeper:
        return {key: _translated(item, notes, deeper - 1) for key, item in value.items()}
    return value


def _reference(found: re.Match[str], notes: list[str]) -> str:
    if found[1]:
        return f"${{{found[1]}}}"
    if found[2]:
        return _FOLDERS[found[2]]
    name = re.sub(r"[^A-Z0-9]+", "_", found[3].removeprefix("input:").upper()).strip("_") or "INPUT"
    name = name if name[0].isalpha() else f"_{name}"
    notes.append(f"it asks for an input there: here set the variable {name}")
    return f"${{{name}}}"


def differing(servers: tuple[Foreign, ...]) -> Iterator[Foreign]:
    """Each name once: of several that would be called the same, the first."""
    seen: set[str] = set()
    for each in servers:
        if each.name not in seen:
            seen.add(each.name)
            yield each
