"""Where an attempt works, and what is taken from there when it is over. One protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from coder.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Harvest:
    """What an attempt changed against `base`. `problem`: why not all of it could be taken, and the folder is kept."""

    base: str = ""
    commit: str = ""
    branch: str = ""
    patch: bytes = b""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """A folder that was kept, and why; "" when it is gone."""

    folder: str = ""
    because: str = ""


class Place(Protocol):
    """The methods block, and never raise."""

    @property
    def folder(self) -> Path:
        """Where the run begins."""
        ...

    @property
    def fds(self) -> tuple[int, ...]:
        """What the run keeps open, so that others see that somebody is there."""
        ...

    def harvest(self, branch: str, message: str) -> Harvest:
        """Puts what was changed on a branch called so, or the like where another has that name."""
        ...

    def settle(self) -> None:
        """Looks at what would be lost with it: what comes from now on is no work."""
        ...

    def leave(self) -> Left:
        """Removes it where nothing is lost by that."""
        ...
