"""`<home>/trust.json`: which folders the person approved, and of each file the digests of what was seen then.

    {"folders": {"/real/path": {"device": 1, "inode": 2, "files": {".coder/settings.json": {"<sha256>": "hook Stop"}}}}}

Must not know what a digest stands for.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from coder.config.jsonfile import LIMIT, read_object
from coder.config.replace import replace
from coder.core.errors import ConfigError
from coder.core.messages import Json
from coder.core.private import made_private

_UNCHANGED = "Nothing was changed."
_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def read_folders(home: Path) -> Json:
    """The entry of each folder. Raises ConfigError for a file that cannot be read or has another form."""
    return _folders(_document(home), home)


def update_folders(home: Path, change: Callable[[Json], None], then: Callable[[], bool] = lambda: True) -> bool:
    """Applies `change` to the entries and stores them: under a lock, from what is there then, whole or not at all.

    `then` is called once they are stored; where it raises ConfigError they are put back. Gives what it gives. A file
    that cannot be read is left as it is. Blocks while another process writes. Raises ConfigError.
    """
    try:
        made_private(home)
        with _locked(home / "trust.json.lock"):
            try:
                document = _document(home)
                folders = _folders(document, home)
            except ConfigError as error:
                raise ConfigError(f"{error} {_UNCHANGED}") from error
            before = {**document, "folders": dict(folders)}
            change(folders)
            _store(home, {**document, "folders": folders})
            try:
                return then()
            except ConfigError:
                with contextlib.suppress(OSError):
                    _store(home, before)
                raise
    except OSError as error:
        raise ConfigError(f"{home / 'trust.json'} cannot be written: {error.strerror}. {_UNCHANGED}") from error


def _document(home: Path) -> Json:
    parsed = read_object(home / "trust.json")
    if parsed is None:
        return {}
    if parsed.repeated:
        raise ConfigError(f"{home / 'trust.json'}: the key {parsed.repeated[0]!r} stands there twice. Remove one.")
    return parsed.value


def _folders(document: Json, home: Path) -> Json:
    folders = document.get("folders", {})
    if not isinstance(folders, dict):
        raise ConfigError(f"{home / 'trust.json'}: 'folders' must be an object. Correct it or remove the file.")
    return folders


def _store(home: Path, document: Json) -> None:
    data = json.dumps(document, indent=2).encode("ascii") + b"\n"
    if len(data) > LIMIT:  # it could not be read again, and would trust nothing
        raise ConfigError(
            f"{home / 'trust.json'} would become larger than {LIMIT // 1024 // 1024} MiB. {_UNCHANGED} "
            "Take back approvals you no longer need: coder trust list, coder trust remove."
        )
    replace(Path(os.path.realpath(home / "trust.json")), data, 0o600, locked=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    fd = os.open(path, _LOCK, 0o600)
    try:
        with contextlib.suppress(OSError):  # a file system without locks is taken as it is
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
