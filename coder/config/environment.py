"""Typed values from environment variables. Must not know which variables there are. Errors never show a value."""

from __future__ import annotations

import re
from collections.abc import Mapping

from coder.core.errors import ConfigError

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"", "0", "false", "no", "off"})
_LONGEST_PRODUCT = 100
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_URL = re.compile(r"https?://[^\s/?#]+(/\S*)?", re.IGNORECASE)


def switch(env: Mapping[str, str], name: str) -> bool:
    """Raises ConfigError for anything but 1/true/yes/on and 0/false/no/off."""
    value = env.get(name, "").strip().lower()
    if value not in _YES and value not in _NO:
        raise ConfigError(f"{name} must be 1 or 0.")
    return value in _YES


def whole(env: Mapping[str, str], name: str, lowest: int) -> int | None:
    """None when it is not set. Raises ConfigError for anything but a whole number of at least `lowest`."""
    value = env.get(name, "").strip()
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > 12 or int(value) < lowest:
        raise ConfigError(f"{name} must be a whole number, at least {lowest}.")
    return int(value)


def url(env: Mapping[str, str], name: str) -> str | None:
    """An http or https address without its last slash. Raises ConfigError for anything else."""
    value = env.get(name, "").strip()
    if not value:
        return None
    if not _URL.fullmatch(value) or not value.isprintable():
        raise ConfigError(f"{name} must be an address such as https://api.example.com or http://localhost:8080.")
    return value.rstrip("/")


def secret(env: Mapping[str, str], name: str) -> str:
    """A value that goes into a header, without the newline a file may have left on it."""
    value = env.get(name, "").strip()
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ConfigError(f"{name} holds a space or a character that no key has. Set it again.")
    return value


def product(env: Mapping[str, str], name: str) -> str:
    """A name that a program gives itself, with what a header cannot carry left out."""
    fit = "".join(char for char in env.get(name, "") if char.isascii() and char.isprintable())
    return fit.strip()[:_LONGEST_PRODUCT]


def headers(env: Mapping[str, str], name: str) -> dict[str, str]:
    """`Name: value` per line. Raises ConfigError naming the line."""
    found: dict[str, str] = {}
    for number, line in enumerate(env.get(name, "").splitlines(), 1):
        if not line.strip():
            continue
        key, colon, value = line.partition(":")
        if not colon or not _HEADER_NAME.fullmatch(key.strip()) or not value.strip().isprintable():
            raise ConfigError(f"{name}, line {number}: expected 'Name: value'.")
        found[key.strip()] = value.strip()
    return found
