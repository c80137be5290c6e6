"""The draft that was not sent, kept beside the settings while it is typed: a session that is killed loses none of it.

One file for each session that is open, named after its folder and process. Must not know keys.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import Lock, Timer
from time import time

from coder.core.ordinary import read_ordinary
from coder.core.private import made_private
from coder.frontends.repl.history import Sent, is_secret

_AFTER = 0.3  # seconds between a key and the disk
_DAYS = 30  # that a draft nobody came back for is kept
_LARGEST = 10_000_000


class Drafts:
    """Nothing here raises: a draft that cannot be kept is only not kept."""

    def __init__(self, home: Path, folder: Path, pid: int | None = None) -> None:
        self._home = home / "drafts"
        self._name = sha256(os.fsencode(folder)).hexdigest()[:16]
        self._path = self._home / f"{self._name}-{pid or os.getpid()}.json"
        self._taken: list[Path] = []  # what was taken up, until it is kept here
        self._latest: tuple[Sent, tuple[str, ...]] | None = None
        self._timer: Timer | None = None
        self._lock = Lock()

    def keep(self, sent: Sent, queued: tuple[str, ...] = ()) -> None:
        """Writes it a moment later, from another thread; with nothing in it, there is no file."""
        with self._lock:
            self._latest = sent, queued
            if self._timer is None:
                self._timer = Timer(_AFTER, self._write)
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> None:
        """Writes what is not written yet."""
        with self._lock:
            timer = self._timer
        if timer is not None:
            timer.cancel()
        self._write()

    def left_behind(self) -> Sent | None:
        """The newest draft of a session in this folder that runs no longer, queued messages first."""
        found: list[tuple[float, Path]] = []
        with suppress(OSError):
            for path in self._home.glob(f"{self._name}-*.json"):
                with suppress(OSError, ValueError):
                    if path != self._path and not _is_alive(int(path.stem.rpartition("-")[2])):
                        found.append((path.lstat().st_mtime, path))
        for changed, path in sorted(found, reverse=True):
            if time() - changed > _DAYS * 86400:
                with suppress(OSError):
                    path.unlink()
            elif (sent := _read(path)) is not None:
                self._taken.append(path)
                return sent
        return None

    def _write(self) -> None:
        with self._lock:
            latest, self._latest, self._timer = self._latest, None, None
            if latest is None:
                return
            sent, queued = latest
            with suppress(OSError):
                display = "" if is_secret(sent.display) else sent.display
                if display.strip() or queued:
                    line = {"display": display, "pasted": sent.pasted, "queued": queued}
                    self._replace(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace"))
                else:
                    self._path.unlink(missing_ok=True)
                for path in self._taken:
                    path.unlink(missing_ok=True)
                self._taken.clear()

    def _replace(self, data: bytes) -> None:
        made_private(self._home)
        temporary = self._path.with_suffix(".tmp")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
        temporary.replace(self._path)


def _read(path: Path) -> Sent | None:
    try:
        kept = json.loads(read_ordinary(path, _LARGEST))
        texts = [str(text) for text in (*kept["queued"], kept["display"]) if str(text).strip()]
        return Sent("\n".join(texts), {str(number): str(text) for number, text in kept["pasted"].items()})
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
