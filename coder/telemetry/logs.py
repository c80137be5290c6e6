"""The debug log: one private file per session, only when asked for, without secrets. Must not know what is logged.

Nothing is ever logged to the terminal: stdout and stderr belong to front ends and protocols.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from coder.core.private import made_private

HIDDEN = "[hidden]"
_PARTS = {"api": "models", "model": "models", "hook": "hooks"}
_SHORTEST_SECRET = 6  # anything shorter would blank out ordinary words
_SHAPES = (
    re.compile(
        r"""(?ix)((?:proxy-)?authorization|x-api-key|(?:set-)?cookie|api[_-]?key|auth[_-]?token|secret|password)
        (\\*["']?\]?\s*[:=,]\s*(?:b?\\*(["']))?)
        (?:(?:bearer|basic)\s+)?(?(3)(?:(?!\3)[^\n])+|[^\s"',;)}\]]+)"""
    ),
    re.compile(r"(?i)\b(bearer|basic)(\s+)[\w.~+/=-]{8,}"),
    re.compile(r"()()\bsk-ant-[\w-]{4,}"),
    re.compile(r"(https?://)()[^\s/@:]+:[^\s/@]+(?=@)"),
)


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the given secrets and without anything that looks like a credential."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    for shape in _SHAPES:
        text = shape.sub(rf"\1\2{HIDDEN}", text)
    return text


class _Redacting(logging.Formatter):
    """Redacts the finished text, so that arguments, tracebacks and stacks are covered alike."""

    default_msec_format = "%s.%03d"

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self._secrets = tuple(sorted({s for s in secrets if len(s) >= _SHORTEST_SECRET}, key=len, reverse=True))

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record), self._secrets)


class _Wanted(logging.Filter):
    """Lets through what a list names: parts of coder, such as `mcp,hooks`; `!mcp` is all but that. `api` is what is
    said to the model."""

    def __init__(self, text: str) -> None:
        super().__init__()
        words = [word.strip().lower() for word in text.split(",") if word.strip()]
        self._without = {_PARTS.get(word[1:], word[1:]) for word in words if word.startswith("!")}
        self._only = {_PARTS.get(word, word) for word in words if not word.startswith("!")}

    def filter(self, record: logging.LogRecord) -> bool:
        parts = set(record.name.lower().split("."))
        return not parts & self._without and (not self._only or bool(parts & self._only))


class _Quiet(logging.StreamHandler[TextIO]):
    """What cannot be written is left out: on a full disk a log is no reason to talk amidst what coder says."""

    def handleError(self, record: logging.LogRecord) -> None:
        pass


class DebugLog:
    """Owns one handler of the root logger until `close`. Only `start` raises."""

    def __init__(self, handler: logging.Handler, path: Path | None, level: int) -> None:
        root = logging.getLogger()
        self.path = path
        self._handler: logging.Handler | None = handler
        self._level_before = root.level
        root.addHandler(handler)
        root.setLevel(level)

    @classmethod
    def silent(cls) -> DebugLog:
        """Swallows every record: without it, warnings of libraries would land on stderr."""
        return cls(logging.NullHandler(), None, logging.WARNING)

    @staticmethod
    def place(home: Path, session_id: str) -> Path:
        """Where a session's log is, unless somebody says otherwise: `<home>/debug/<session>.txt`. Raises OSError."""
        folder = home / "debug"
        made_private(home)
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / f"{session_id}.txt"

    @classmethod
    def start(cls, path: Path, secrets: Iterable[str] = (), wanted: str = "") -> DebugLog:
        """Logs to `path`, readable by its owner only, what `wanted` names: a comma list, "" for all. Raises OSError."""
        # In a terminal or a pipe what is logged would stand amidst what coder says.
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        fd = os.open(path, flags, 0o600)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise OSError(errno.EINVAL, "it is no ordinary file", str(path))
        handler = _Quiet(os.fdopen(fd, "a", encoding="utf-8", errors="backslashreplace"))
        handler.setFormatter(_Redacting(secrets))
        handler.addFilter(_Wanted(wanted))
        return cls(handler, path, logging.DEBUG)

    def close(self) -> None:
        """Gives the root logger back as it was. Idempotent."""
        handler, self._handler = self._handler, None
        if handler is None:
            return
        root = logging.getLogger()
        root.removeHandler(handler)
        root.setLevel(self._level_before)
        handler.close()
        if isinstance(handler, _Quiet):
            with suppress(OSError):  # what is left of a log on a full disk
                handler.stream.close()
