"""Where `coder extension` stands: the store, the vault, the person's folders, and what the administrator says. Must not
know what is done there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coder.config.extensions import extension_settings
from coder.config.paths import config_home, current_folder, user_home
from coder.core.config import ExtensionSettings
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.visible import visible_line
from coder.extensions.configuring import read_files, read_sets
from coder.extensions.store import Store
from coder.vault.vault import Vault

if TYPE_CHECKING:
    from coder.extensions.user_config import Field, Value

_MOST = 1_000_000  # bytes of a value


@dataclass(frozen=True, slots=True)
class Here:
    """`user` is the person's home folder."""

    store: Store
    vault: Vault
    settings: ExtensionSettings
    env: Mapping[str, str]
    cwd: Path
    user: Path


def here() -> Here:
    """Of this process. Raises ConfigError, also where the administrator's files cannot be understood."""
    env, cwd = os.environ, current_folder()
    home = config_home(env)
    quiet = not (sys.stdin.isatty() and sys.stdout.isatty())
    return Here(Store(home), Vault(home, env, quiet=quiet), extension_settings(env, cwd), env, cwd, user_home(env))


def path_of(place: Here, text: str) -> Path:
    """What was typed as a path, `~` and all. Raises ConfigError."""
    try:
        return place.cwd / Path(text).expanduser()
    except RuntimeError:
        raise ConfigError(f"{visible_line(text)}: there is nobody of that name here. Write the path out.") from None


def config_of(place: Here, fields: Sequence[Field], sets: Sequence[str], set_files: Sequence[str]) -> dict[str, Value]:
    """What `--set` and `--set-file` give. Raises ConfigError that names the key and what it must be."""
    contents: dict[str, str] = {}
    for given in set_files:
        key, mark, path = given.partition("=")
        if not mark or not path:
            raise ConfigError("--set-file must have the form KEY=FILE; the file - is standard input.")
        contents[key] = _content(place, key, path)
    both = read_sets(fields, sets, place.cwd, place.user)
    return both | read_files(fields, contents, place.cwd, place.user)


def _content(place: Here, key: str, path: str) -> str:
    """A pipe will do, as `<(command)` is one."""
    name = f"--set-file {visible_line(key)}"
    try:
        if path == "-":
            data = sys.stdin.buffer.read(_MOST + 1)
        else:
            with path_of(place, path).open("rb") as file:
                data = file.read(_MOST + 1)
        if len(data) > _MOST:
            raise ConfigError(f"{name}: the file is larger than 1 MB. Give one with the value alone.")
        return data.decode()
    except OSError as error:
        raise ConfigError(f"{name}: {visible_line(path)} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: {visible_line(path)} is no text in UTF-8.") from None
