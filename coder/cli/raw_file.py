"""A file of commands or agents as it is, on standard output. Must not know what stands in it."""

from __future__ import annotations

import sys
from pathlib import Path

from coder.core.errors import ConfigError
from coder.core.ordinary import read_ordinary
from coder.core.visible import visible
from coder.frontmatter.found import SIZE


def read_raw(file: Path) -> bytes:
    """Raises ConfigError."""
    try:
        return read_ordinary(file, SIZE)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error


def print_raw(data: bytes) -> None:
    """For people made visible; a pipe gets the bytes."""
    if sys.stdout.isatty():
        print(visible(data.decode(errors="replace")), end="")
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
