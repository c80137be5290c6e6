"""`<home>/credentials`: the key that `coder auth login` keeps, and the address it is for. Must not know what else gives
keys, nor HTTP.

    {"api_key": "sk-ant-…"}   or   {"base_url": "http://localhost:11434", "auth_token": "…"}
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from coder.config import environment
from coder.config.jsonfile import read_object
from coder.config.paths import doubts, key_file, user_home
from coder.config.replace import locked, replace
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.private import made_private

_FIELDS = ("api_key", "auth_token", "base_url")
_ASSIGNED = re.compile(r"(?:export\s+)?[A-Z_]+=")
_PREFIX = re.compile(r"sk-[a-z]+-")
_SHOWN = 4
_SHORTEST_SHOWN = 12  # of a shorter secret the end would give too much away


@dataclass(frozen=True, slots=True)
class Stored:
    """`base_url` is "" for Anthropic's own. A secret is for that address and no other; a local server needs none."""

    api_key: str = field(default="", repr=False)
    auth_token: str = field(default="", repr=False)
    base_url: str = ""

    @property
    def secret(self) -> str:
        return self.api_key or self.auth_token


def read(home: Path) -> Stored | None:
    """None when nothing is kept. Raises ConfigError naming the file, and what to do: also for one that others may have
    written, for what stands there could send the conversation to them."""
    path = key_file(home)
    if not os.path.lexists(path):
        return None
    if (found := doubts(path)) is not None:
        raise ConfigError(f"{found.text} {path} is not used. Remove it and log in again: coder auth login")
    if stat.S_IMODE(path.stat().st_mode) & stat.S_IWGRP:
        raise ConfigError(f"{path} may be written by its group. Remove it and log in again: coder auth login")
    parsed = read_object(path)
    if parsed is None:
        return None
    given = {name: parsed.value.get(name, "") for name in _FIELDS}
    if wrong := [name for name, value in given.items() if not isinstance(value, str)]:
        raise ConfigError(f"{path}: {wrong[0]} must be a text. Log in again: coder auth login")
    variables = {f"{path}: {name}": str(value) for name, value in given.items()}
    api_key, token, _ = (environment.secret(variables, name) for name in variables)
    url = environment.url(variables, f"{path}: base_url") or ""
    return Stored(api_key, token, url) if api_key or token or url else None


def short_name(home: Path, env: Mapping[str, str]) -> str:
    """The file as people write it: `~/.coder/credentials`."""
    own = user_home(env)
    path = key_file(home)
    return f"~/{path.relative_to(own)}" if path.is_relative_to(own) else str(path)


def exposure(home: Path) -> str:
    """Why others may know the key already, and what to do; "" when it is private or not there. Never raises."""
    path = key_file(home)
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return ""
    if not mode & 0o077:
        return ""
    return f"{path} can be read by others (mode {mode:04o}). Make it private: chmod 600 {path}"


def keep(home: Path, stored: Stored) -> Path:
    """Writes the file, private from its first byte, whole or not at all. Returns its path. Raises ConfigError."""
    path = key_file(home)
    data = json.dumps({name: value for name in _FIELDS if (value := getattr(stored, name))}, indent=2) + "\n"
    try:
        made_private(home)
        with locked(home) as alone:
            _make_way(path)
            replace(path, data.encode(), 0o600, locked=alone)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}. The key was not kept.") from error
    return path


def _make_way(path: Path) -> None:
    """What is there must not give its mode to the new file, nor lead it elsewhere."""
    if path.is_symlink() or (path.exists() and path.stat().st_uid != os.geteuid()):
        path.unlink()
    elif path.exists():
        path.chmod(0o600)


def forget(home: Path) -> bool:
    """Whether there was one. Raises ConfigError."""
    path = key_file(home)
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise ConfigError(f"{path} cannot be removed: {error.strerror}. The key is still there.") from error
    return True


def as_typed(text: str) -> str:
    """The key in what a person pasted: without blanks, quotes, or the `export ANTHROPIC_API_KEY=` before it. Raises
    ConfigError for what no key can be; never shows it."""
    text = _ASSIGNED.sub("", text.strip(), count=1) if _ASSIGNED.match(text.strip()) else text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1].strip()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigError("that is no key: it holds a space, a line end or a character that no key has.")
    return text


def masked(secret: str) -> str:
    """A secret as it may be shown: `sk-ant-…x7Qa`."""
    if not secret:
        return ""
    start = _PREFIX.match(secret)
    return f"{start[0] if start else ''}…{ending(secret)}"


def ending(secret: str) -> str:
    """The last characters of a secret that is long enough for it."""
    return secret[-_SHOWN:] if len(secret) >= _SHORTEST_SHOWN else ""


def is_for(stored: Stored, env: Mapping[str, str], default: str) -> bool:
    """Whether the kept secret may go to the address that `env` names: only to the one it was kept for."""
    named = environment.url(env, "ANTHROPIC_BASE_URL")
    return named is None or named == (stored.base_url or default)
