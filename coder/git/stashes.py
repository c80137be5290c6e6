"""The stash of a repository, read from its log as a plain file, and whose each entry is. Runs nothing."""

from __future__ import annotations

import re
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.git.reflog import steps_of
from coder.git.repository import Repository

_LONGEST = 1 << 20  # characters of a message
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
    """The newest first. Never raises."""
    return stashes_in(repository.shared)


def stashes_in(shared: Path) -> tuple[Stash, ...]:
    """The same, of the git folder that all work trees share."""
    steps = steps_of(shared / "logs" / "refs" / "stash", longest=_LONGEST)
    return tuple(Stash(at, step.after, step.text, step.when) for at, step in enumerate(reversed(steps)))
