"""The variables a hook command is given, and the placeholders of its command line. Pure; must not know processes.

It gets what coder was started with, less the credentials of the model and what belongs to coder alone. What the person
names in the `env` of their own settings is meant for their commands, and is handed on whatever it is called.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from coder.core.own_keys import is_own_key
from coder.core.programs import absolute_folders
from coder.hooks.handler import Handler
from coder.hooks.points import Point
from coder.hooks.surroundings import Surroundings

DEPTH = "CODER_HOOK_DEPTH"
DEEPEST = 3

_NEVER = frozenset({"CODER_TRUST_FOLDER"})
_PLACEHOLDER = re.compile(r"\$\{(CLAUDE_PROJECT_DIR|CLAUDE_PLUGIN_(?:ROOT|DATA|OPTION_\w+))\}")
_PLAIN = re.compile(r"[A-Za-z0-9_./@%+=:,-]*")


def depth_of(env: Mapping[str, str]) -> int:
    """In how many hooks of coder this process runs."""
    text = env.get(DEPTH, "")
    return min(int(text), DEEPEST) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def environment_of(handler: Handler, point: Point, surroundings: Surroundings) -> dict[str, str]:
    named = surroundings.settings_env
    env = {name: value for name, value in surroundings.env.items() if not withheld(name)}
    env |= named
    env["PATH"] = os.pathsep.join(absolute_folders(env)) or os.defpath
    env |= _said_by_coder(handler, surroundings)
    env[DEPTH] = str(depth_of(surroundings.env) + 1)
    if point.env_file and surroundings.env_file is not None:
        env["CLAUDE_ENV_FILE"] = str(surroundings.env_file)
    return {name: value for name, value in env.items() if _can_be_handed_on(name, value)}


def filled(text: str, handler: Handler, surroundings: Surroundings) -> str:
    """A word that no shell reads, its placeholders filled."""
    values = _said_by_coder(handler, surroundings)
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], ""), text)


def filled_line(line: str, handler: Handler, surroundings: Surroundings) -> str:
    """A line for a shell. What the shell might take for more than a word stays a placeholder: the shell fills it from
    the variable of that name, and never reads what is in it."""
    values = _said_by_coder(handler, surroundings)

    def value(match: re.Match[str]) -> str:
        known = values.get(match[1], "")
        return known if known and _PLAIN.fullmatch(known) else match[0]

    return _PLACEHOLDER.sub(value, line)


def _said_by_coder(handler: Handler, surroundings: Surroundings) -> dict[str, str]:
    said = {**handler.variables, "CLAUDE_PROJECT_DIR": str(surroundings.project), "CLAUDECODE": "1"}
    if surroundings.effort:
        said["CLAUDE_EFFORT"] = surroundings.effort
    if handler.root:
        said["CLAUDE_PLUGIN_ROOT"] = handler.root
    return said


def withheld(name: str) -> bool:
    """Whether a variable of the environment is none for hooks, unless the person's settings name it."""
    return name.startswith("OTEL_") or name in _NEVER or is_own_key(name)


def _can_be_handed_on(name: str, value: str) -> bool:
    return bool(name) and "=" not in name and "\0" not in name and "\0" not in value
