"""A file that somebody is to go on with, written where there is none yet. Must not know what stands in it."""

from __future__ import annotations

from pathlib import Path

from coder.core.errors import ConfigError
from coder.core.visible import visible_line


def write_new(file: Path, text: str) -> Path:
    """The file. Raises ConfigError, also where there is one already: that is left as it is."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError as error:
        raise ConfigError(
            f"{visible_line(str(file))} is there already and was left as it is. Choose another name, or edit that file."
        ) from error
    except OSError as error:
        raise ConfigError(f"{visible_line(str(file))} cannot be written: {error.strerror}.") from error
    return file
