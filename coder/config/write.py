"""Changes settings files: one value at a time, under a lock, whole or not at all. Must not know what the keys mean.

A file that cannot be understood is never written. All functions block on the disk, and for a moment on other writers.
They raise ConfigError naming file and place; nothing is changed then.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from coder.config import splice
from coder.config.excludes import keep_out_of_git
from coder.config.jsonfile import BYTE_ORDER_MARK, parse_object, read_text
from coder.config.keys import path_of
from coder.config.paths import config_home
from coder.config.replace import locked, replace
from coder.core.config import Behaviour
from coder.core.errors import ConfigError
from coder.core.private import made_private

_EMPTY = "{}\n"
_UNCHANGED = "Nothing was changed."


def add_rule(path: Path, behaviour: Behaviour, rule: str, env: Mapping[str, str] = os.environ) -> bool:
    """Whether the rule had to be added. Makes the file and its folder where they are missing."""
    return add_item(path, f"permissions.{behaviour}", rule, env)


def remove_rule(path: Path, behaviour: Behaviour, rule: str, env: Mapping[str, str] = os.environ) -> bool:
    """Whether the rule stood there."""
    return remove_item(path, f"permissions.{behaviour}", rule, env)


def add_item(path: Path, key: str, item: object, env: Mapping[str, str] = os.environ) -> bool:
    """Whether the item had to be added to the list at a dotted key."""
    keys = path_of(key)
    return _edit(path, keys, lambda text: splice.with_item(text, keys, item), env)


def remove_item(path: Path, key: str, item: object, env: Mapping[str, str] = os.environ) -> bool:
    """Whether the item stood in the list at a dotted key."""
    keys = path_of(key)
    return _edit(path, keys, lambda text: splice.without_item(text, keys, item), env)


def set_value(path: Path, key: str, value: object, env: Mapping[str, str] = os.environ) -> None:
    """Sets `permissions.defaultMode`, `env.FOO`, … to a JSON value, which is not checked."""
    keys = path_of(key)
    _edit(path, keys, lambda text: splice.with_value(text, keys, value), env)


def unset_value(path: Path, key: str, env: Mapping[str, str] = os.environ) -> bool:
    """Whether the key was set."""
    keys = path_of(key)
    return _edit(path, keys, lambda text: splice.without_value(text, keys), env)


def _edit(path: Path, keys: tuple[str, ...], change: Callable[[str], str], env: Mapping[str, str]) -> bool:
    """Whether the file had to change."""
    if not os.path.lexists(path) and change(_EMPTY) == _EMPTY:
        return False  # nothing to take out: no folder is made for that
    in_project = path.parent.name in (".coder", ".claude") and path.parent != config_home(env)
    shared = in_project and path.name == "settings.json"
    try:
        if in_project:
            path.parent.mkdir(parents=True, exist_ok=True)
        else:
            made_private(path.parent)
        target = _target(path, in_project)
        with locked(target.parent) as alone:
            old = read_text(target)
            new = changed(path, _EMPTY if old is None else old, keys, change)
            if new == old:
                return False
            replace(target, new.encode(), 0o666 if shared else 0o600, locked=alone)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}. {_UNCHANGED}") from error
    if in_project and old is None and path.name == "settings.local.json":
        keep_out_of_git(f"**/{path.parent.name}/{path.name}", env, path.parent.parent)
    return True


def _target(path: Path, in_project: bool) -> Path:
    """The file itself, where `path` is a link. A repository must not lead us out of its folder by one."""
    target = Path(os.path.realpath(path))
    if in_project and not target.is_relative_to(os.path.realpath(path.parent.parent)):
        raise ConfigError(f"{path} leads out of the project, to {target}. {_UNCHANGED} Change that file itself.")
    return target


def changed(path: Path, text: str, keys: tuple[str, ...], change: Callable[[str], str]) -> str:
    """The text of a file after `change`, which goes to `keys` in it. Raises ConfigError for what is no JSON object."""
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    text = text.removeprefix(mark)
    try:
        parsed = parse_object(text, str(path))
    except ConfigError as error:
        raise ConfigError(f"{error} {_UNCHANGED} Correct the file, then try again.") from error
    if twice := [key for key in keys if key in parsed.repeated]:
        raise ConfigError(
            f"{path}: the key {twice[0]!r} stands there twice. {_UNCHANGED} Join the two, then try again."
        )
    try:
        return mark + change(text)
    except RecursionError as error:
        raise ConfigError(f"{path}: the value is nested too deeply. {_UNCHANGED}") from error
    except splice.MisplacedError as error:
        where = f"{path}, {splice.place(text, error.at)}"
        raise ConfigError(f"{where}: {error}. {_UNCHANGED} Correct the file, then try again.") from error
