"""Permission updates as the SDKs write them, to values and back. Pure and total; must not know who applies them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal, get_args

from coder.core.choices import Mode
from coder.core.config import Behaviour
from coder.core.messages import Json
from coder.core.permits import Change, FoldersChange, ModeChange, Place, RulesChange

MOST = 100  # updates of one answer, and rules or folders of one
_LONGEST = 10_000  # characters of a rule or a folder
_PLACES: dict[str, Place] = {
    "session": "session",
    "cliArg": "session",
    "localSettings": "local",
    "projectSettings": "project",
    "userSettings": "user",
}
_RULES: dict[str, Literal["add", "replace", "remove"]] = {
    "addRules": "add",
    "replaceRules": "replace",
    "removeRules": "remove",
}
_FOLDERS: dict[str, Literal["add", "remove"]] = {"addDirectories": "add", "removeDirectories": "remove"}
_BEHAVIOURS: dict[str, Behaviour] = {behaviour: behaviour for behaviour in get_args(Behaviour)}
_MODES: dict[str, Mode] = {mode: mode for mode in get_args(Mode)} | {"manual": "default"}
_RULE = re.compile(r"([^(]+)(?:\((.*)\))?", re.DOTALL)


class Malformed(Exception):
    """What is wrong with an update. None of those beside it counts either: it may be what restricts them."""


def changes_of(raw: object) -> tuple[Change, ...]:
    """Raises Malformed."""
    if raw is None:
        return ()
    return tuple(_change(f"updatedPermissions[{at}]", each) for at, each in enumerate(_list("updatedPermissions", raw)))


def rules_added(rules: Iterable[str]) -> Json:
    """The update that would allow these from now on."""
    named = [_named(rule) for rule in rules]
    return {"type": "addRules", "rules": named, "behavior": "allow", "destination": "localSettings"}


def mode_set(mode: Mode) -> Json:
    return {"type": "setMode", "mode": mode, "destination": "session"}


def _change(where: str, raw: object) -> Change:
    if not isinstance(raw, dict):
        raise Malformed(f"{where} is no object")
    kind = raw.get("type")
    place = _one_of(f"{where}.destination", raw.get("destination"), _PLACES)
    if kind == "setMode":
        return ModeChange(_one_of(f"{where}.mode", raw.get("mode"), _MODES), place)
    if isinstance(kind, str) and kind in _RULES:
        behaviour = _one_of(f"{where}.behavior", raw.get("behavior"), _BEHAVIOURS)
        return RulesChange(_RULES[kind], behaviour, _each(f"{where}.rules", raw.get("rules"), _rule), place)
    if isinstance(kind, str) and kind in _FOLDERS:
        folders = _each(f"{where}.directories", raw.get("directories"), _text)
        return FoldersChange(_FOLDERS[kind], tuple(map(Path, folders)), place)
    raise Malformed(f"{where}.type is none of {', '.join((*_RULES, 'setMode', *_FOLDERS))}")


def _each(where: str, raw: object, read: Callable[[str, object], str]) -> tuple[str, ...]:
    return tuple(read(f"{where}[{at}]", each) for at, each in enumerate(_list(where, raw)))


def _list(where: str, raw: object) -> list[Any]:
    if not isinstance(raw, list):
        raise Malformed(f"{where} is no list")
    if len(raw) > MOST:
        raise Malformed(f"{where} has more than {MOST}")
    return raw


def _rule(where: str, raw: object) -> str:
    if not isinstance(raw, dict):
        raise Malformed(f"{where} is no object")
    tool = _text(f"{where}.toolName", raw.get("toolName"))
    content = raw.get("ruleContent")
    if content is None or content == "":
        return tool
    return f"{tool}({_text(f'{where}.ruleContent', content)})"


def _text(where: str, raw: object) -> str:
    if not isinstance(raw, str) or not raw.strip() or len(raw) > _LONGEST or "\0" in raw:
        raise Malformed(f"{where} is no text that says something")
    return raw


def _one_of(where: str, raw: object, known: dict[str, Any]) -> Any:
    if not isinstance(raw, str) or raw not in known:
        raise Malformed(f"{where} is none of {', '.join(known)}")
    return known[raw]


def _named(rule: str) -> Json:
    found = _RULE.fullmatch(rule)
    if found is None or found[2] is None:
        return {"toolName": rule}
    return {"toolName": found[1], "ruleContent": found[2]}
