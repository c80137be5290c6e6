"""Which sessions' checkpoints were dropped to make room, so that it can be said that they are missing. Never fails."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from coder.core.ordinary import read_ordinary

_NAME = "dropped"
_MOST_BYTES = 64 * 1024  # some 1,700 sessions; the oldest are forgotten


def note_dropped(base: Path, sessions: Iterable[str]) -> None:
    lines = "".join(f"{session}\n" for session in sessions).encode("utf-8", "replace")
    if not lines:
        return
    with suppress(OSError):
        kept = b"".join(f"{each}\n".encode() for each in dropped_sessions(base))
        draft = base / f"{_NAME}.tmp"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write((kept + lines)[-_MOST_BYTES:])
        draft.replace(base / _NAME)


def dropped_sessions(base: Path) -> list[str]:
    """In the order in which they were dropped."""
    with suppress(OSError):
        return list(dict.fromkeys(read_ordinary(base / _NAME, _MOST_BYTES).decode("utf-8", "replace").split()))
    return []
