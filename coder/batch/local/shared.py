"""The folder itself as the place of an attempt: nothing is made, nothing told apart, nothing removed."""

from __future__ import annotations

from pathlib import Path

from coder.batch.local.place import Harvest, Left
from coder.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class SharedPlace:
    folder: Path
    fds: tuple[int, ...] = ()

    def harvest(self, branch: str, message: str) -> Harvest:
        return Harvest()

    def settle(self) -> None:
        pass

    def leave(self) -> Left:
        return Left()
