"""Reads a JSON object a person wrote, and says precisely what is wrong with it. Must not know what its keys mean."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError

if TYPE_CHECKING:
    from coder.core.messages import Json

LIMIT = 2 * 1024 * 1024
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Parsed:
    """`repeated` are keys that stand more than once in one object: only the last of each is in `value`.

    `text` is what was parsed, without a byte order mark: for the places of what is wrong.
    """

    value: Json
    repeated: tuple[str, ...]
    text: str = field(default="", repr=False, compare=False)


def read_object(path: Path, most: int = LIMIT) -> Parsed | None:
    """The object in a file; None when there is no file. Raises ConfigError naming the file and the place."""
    text = read_text(path, most)
    return None if text is None else parse_object(text, str(path))


def read_text(path: Path, most: int = LIMIT) -> str | None:
    """The text of a file, its byte order mark included; None when there is no file. Raises ConfigError."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a named pipe must not hold us up
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise ConfigError(f"{path} is not a regular file.")
    try:
        with os.fdopen(fd, "rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > most:
        raise ConfigError(f"{path} is larger than {most // 1024 // 1024} MiB. Settings files are small.")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}, line {line}: not UTF-8 text (byte {error.start + 1}).") from error


def parse_object(text: str, origin: str) -> Parsed:
    """A byte order mark in front is skipped. Raises ConfigError naming `origin`, line and column."""
    text = text.removeprefix(BYTE_ORDER_MARK)
    repeated: list[str] = []

    def once(pairs: list[tuple[str, object]]) -> Json:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            repeated.extend(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return found

    try:
        value = json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        where = f"{origin}, line {error.lineno}, column {error.colno}"
        raise ConfigError(
            f"{where}: not valid JSON: {error.msg}. Comments and trailing commas are not JSON."
        ) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{origin}: not usable JSON: {error}.") from error
    if not isinstance(value, dict):
        raise ConfigError(f'{origin}: expected a JSON object such as {{"model": "sonnet"}}.')
    return Parsed(value, tuple(repeated), text)
