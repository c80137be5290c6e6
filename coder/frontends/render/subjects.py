"""What a call is about, in few words: its file, command or pattern. Pure; must not know how the call ended."""

from __future__ import annotations

import json
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.messages import Json, ToolUse
from coder.frontends import git_calls
from coder.frontends.styled import foreign

_QUOTED = ("Grep",)
_KEYS = (
    "command",
    "file_path",
    "notebook_path",
    "pattern",
    "task_id",
    "shell_id",
    "description",
    "url",
    "query",
    "skill",
)
_PATHS = ("file_path", "notebook_path")
_LONGEST = 4_000  # characters that are looked at: a row has room for few of them


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of the session and the home folder: paths below them are written shorter."""

    folder: Path
    home: Path

    def short(self, path: str) -> str:
        """A path as people write it: from the folder on, or with `~`."""
        for base, name in ((str(self.folder), ""), (str(self.home), "~/")):
            if base == "/":
                continue
            if path == base:
                return name.rstrip("/") or "."
            if path.startswith(f"{base}/"):
                return f"{name}{path[len(base) + 1 :]}"
        return path

    def shorten(self, text: str) -> str:
        """A text with the paths in it as people write them."""
        for base, name in ((str(self.folder), ""), (str(self.home), "~/")):
            if base != "/":
                text = text.replace(f"{base}/", name)
        return text


def subject(call: ToolUse, place: Place) -> str:
    """Safe on one row; "" when there is nothing to say."""
    given = call.input
    if call.name == git_calls.TOOL:
        return foreign(place.shorten(git_calls.about(given)[:_LONGEST]))
    if call.name.startswith("mcp__"):
        return foreign(_arguments(given)[:_LONGEST])
    key = next((key for key in _KEYS if isinstance(given.get(key), str)), "")
    text = str(given.get(key, ""))[:_LONGEST]
    if key in _PATHS:
        return foreign(place.short(text))
    if call.name in _QUOTED:
        text = f'"{text}"'
    if call.name in ("Grep", "Glob") and _text(given, "path"):
        text += f" in {place.short(_text(given, 'path'))}"
    if key == "skill":
        text = f"{text} {_text(given, 'args')}".rstrip()
    return foreign(text)


def _arguments(given: Json) -> str:
    """Of a tool of a server, whose names mean nothing to us: `Hello`, or `a: 2, b: 3`."""
    values = [(key, value if isinstance(value, str) else _as_json(value)) for key, value in given.items()]
    return values[0][1] if len(values) == 1 else ", ".join(f"{key}: {value}" for key, value in values)


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def path_of(call: ToolUse) -> str:
    """The file a call names; "" without one."""
    return next((text for key in _PATHS if (text := _text(call.input, key))), "")


def _text(given: Json, key: str) -> str:
    value = given.get(key)
    return value if isinstance(value, str) else ""
