"""The stash of a repository, read from its log as a plain file, and whose each entry is. Runs nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from coder.core.ordinary import read_ordinary
from coder.git.repository import Repository

_MOST = 16 << 20
_LINE = re.compile(rb"[0-9a-f]{40,64} (?P<hash>[0-9a-f]{40,64}) [^\t]*> (?P<when>\d+) [-+]\d{4}\t(?P<message>.*)")
_OURS = re.compile(r"(?:On [^:]*: )?coder (?P<session>[A-Za-z0-9-]{8}): ")
_SHORT = 8


@dataclass(frozen=True, slots=True)
class Stash:
    """`position` counts from the newest, which is 0. `when` is in seconds since the epoch."""

    position: int
    commit: str
    message: str
    when: int

    @property
    def session(self) -> str:
        return session_of(self.message)

    def is_of(self, session: str) -> bool:
        return is_of(self.message, session)


def session_of(message: str) -> str:
    """The first characters of the session of coder that made a stash of this message; "" for any other."""
    found = _OURS.match(message)
    return found["session"] if found else ""


def is_of(message: str, session: str) -> bool:
    return bool(session) and session_of(message) == session[:_SHORT]


def message_of(session: str, text: str) -> str:
    """What a stash of this session says."""
    return f"coder {session[:_SHORT]}: {' '.join(text.split())}"


def stashes_of(repository: Repository) -> tuple[Stash, ...]:
    """The newest first. Empty when there is none, or its log is no ordinary file of ordinary size. Never raises."""
    try:
        data = read_ordinary(repository.shared / "logs/refs/stash", _MOST + 1)
    except (OSError, ValueError):
        return ()
    if len(data) > _MOST:
        return ()
    found = [match for line in data.split(b"\n") if (match := _LINE.fullmatch(line))]
    return tuple(
        Stash(
            position,
            match["hash"].decode("ascii"),
            match["message"].decode("utf-8", "replace"),
            int(match["when"][:12]),
        )
        for position, match in enumerate(reversed(found))
    )
