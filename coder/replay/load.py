"""Opens a script or a cassette file as a player. Must not know servers."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coder.core.errors import ConfigError
from coder.core.ordinary import read_ordinary
from coder.replay.cassette import is_cassette, read_cassette
from coder.replay.cassette_player import CassettePlayer
from coder.replay.script import Script, ScriptPlayer
from coder.replay.script_load import script

_MOST = 256 << 20
YAML_SUFFIXES = (".yaml", ".yml")


def load_player(
    path: Path, *, strict: bool = False, roots: Mapping[str, str] | None = None, pace: float = 0.0
) -> ScriptPlayer | CassettePlayer:
    """The player for a file: JSONL with a cassette header, YAML or JSON for a script.

    `strict`, `roots` and `pace` are for cassettes (see CassettePlayer). Raises ConfigError naming file, key and what is
    expected."""
    text = _read(path)
    if is_cassette(text):
        return CassettePlayer(read_cassette(text, str(path)), strict=strict, roots=roots or {}, pace=pace)
    return ScriptPlayer(_parse_script(text, path))


def load_script(path: Path) -> Script:
    """The script in a YAML or JSON file. Raises ConfigError."""
    return _parse_script(_read(path), path)


def _read(path: Path) -> str:
    try:
        data = read_ordinary(path, _MOST + 1)
        if len(data) > _MOST:
            raise ConfigError(f"{path}: is longer than {_MOST >> 20} MiB")
        return data.decode("utf-8").replace("\r\n", "\n")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start})") from error


def _parse_script(text: str, path: Path) -> Script:
    data: Any
    if path.suffix in YAML_SUFFIXES:
        # Imported when a YAML script is opened and not before: see yaml_file.
        data = importlib.import_module("coder.replay.yaml_file").parse(text, str(path))
    else:
        try:
            data = json.loads(text)
        except ValueError as error:
            raise ConfigError(f"{path}: not valid JSON: {error}") from error
        except RecursionError as error:
            raise ConfigError(f"{path}: nested too deeply") from error
    return script(data, path.name)
