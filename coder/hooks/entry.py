"""One hook of a settings file, checked key by key. Must not know files, matchers, or how a hook is run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from coder.core.visible import visible_line
from coder.hooks.handler import KINDS, Handler, Kind
from coder.hooks.points import Point

LONGEST_TIMEOUT = 86_400.0
_URL = re.compile(r"https?://[!-.0-~]+(?:/[!-~]*)?", re.IGNORECASE)
_SHELLS = ("bash", "powershell")
_NEEDED: dict[Kind, str] = {
    "command": "command",
    "http": "url",
    "prompt": "prompt",
    "agent": "prompt",
    "mcp_tool": "tool",
}


class Malformed(Exception):
    """What is wrong, to be put behind the place."""


def handler_of(
    raw: object, point: Point, origin: str, place: str, *, matcher: str = "", root: str = "", frontmatter: bool = False
) -> Handler:
    """Raises Malformed."""
    if not isinstance(raw, Mapping):
        raise Malformed("must be an object with `type`")
    kind = _kind(raw, point)
    what = _text(raw, _NEEDED[kind], needed=True)
    if kind == "http" and not _URL.fullmatch(what):
        raise Malformed("has a `url` that is no http or https address")
    if kind == "mcp_tool":
        what = f"{_text(raw, 'server', needed=True)}/{what}"
    rule = _text(raw, "if")
    if rule and not point.is_about_tool:
        raise Malformed(f"has `if`, which {point.name} can never meet: it is about tools")
    return Handler(
        kind=kind,
        what=what,
        origin=origin,
        place=place,
        point=point.name,
        matcher=matcher,
        rule=rule,
        timeout=seconds_of(raw),
        status=_text(raw, "statusMessage"),
        once=frontmatter and _switch(raw, "once"),
        args=_args(raw) if kind == "command" else None,
        shell=_shell(raw) if kind == "command" else "",
        background=kind == "command" and (_switch(raw, "async") or _switch(raw, "asyncRewake")),
        wakes=kind == "command" and _switch(raw, "asyncRewake"),
        wake_text=_text(raw, "rewakeMessage"),
        wake_line=_text(raw, "rewakeSummary"),
        headers=_headers(raw) if kind == "http" else {},
        env_names=_texts(raw, "allowedEnvVars") if kind == "http" else (),
        model=_text(raw, "model"),
        goes_on=kind == "prompt" and _switch(raw, "continueOnBlock"),
        input=_object(raw, "input") if kind == "mcp_tool" else {},
        root=root,
    )


def _kind(raw: Mapping[str, Any], point: Point) -> Kind:
    kind = raw.get("type")
    if kind is None and isinstance(raw.get("command"), str):
        return "command"
    if kind not in KINDS:
        raise Malformed(f"has the type {_shown(kind)}; there are {', '.join(KINDS)}")
    known: Kind = kind
    if known in ("prompt", "agent") and not point.judged:
        raise Malformed(f"has the type {known}, which {point.name} does not support")
    if point.own and known not in ("command", "mcp_tool"):
        raise Malformed(f"has the type {known}, which {point.name} does not support: only command and mcp_tool")
    return known


def _text(raw: Mapping[str, Any], key: str, *, needed: bool = False) -> str:
    value = raw.get(key)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value.strip()):
        raise Malformed(f"needs `{key}`, a text that is not empty" if needed else f"has a `{key}` that is no text")
    if "\0" in value:
        raise Malformed(f"has a NUL in `{key}`")
    return value


def _texts(raw: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = raw.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) and "\0" not in item for item in value):
        raise Malformed(f"has `{key}` that is no list of texts")
    return tuple(value)


def _args(raw: Mapping[str, Any]) -> tuple[str, ...] | None:
    return None if raw.get("args") is None else _texts(raw, "args")


def _shell(raw: Mapping[str, Any]) -> str:
    shell = _text(raw, "shell")
    if shell and shell not in _SHELLS:
        raise Malformed(f"has the shell {_shown(shell)}; there are bash and powershell")
    return shell


def _headers(raw: Mapping[str, Any]) -> dict[str, str]:
    value = _object(raw, "headers")
    if not all(isinstance(text, str) for text in value.values()):
        raise Malformed("has `headers` that are no texts")
    return dict(value)


def _object(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = raw.get(key)
    if value is not None and not isinstance(value, Mapping):
        raise Malformed(f"has `{key}` that is no object")
    return value or {}


def _switch(raw: Mapping[str, Any], key: str) -> bool:
    value = raw.get(key)
    if value is not None and not isinstance(value, bool):
        raise Malformed(f"has `{key}` that is neither true nor false")
    return bool(value)


def seconds_of(raw: Mapping[str, Any]) -> float | None:
    """Its `timeout`. Raises Malformed."""
    value = raw.get("timeout")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise Malformed("has a `timeout` that is no number of seconds above 0")
    return float(min(value, LONGEST_TIMEOUT))


def _shown(value: object) -> str:
    return repr(visible_line(value)[:40]) if isinstance(value, str) else "of another form"
