"""Changes of what is allowed, as whoever answers for the person says them: rules, folders, the mode, and where they are
kept. Values; must not know who says them, or how a file is written."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from coder.core.choices import Mode
from coder.core.config import Behaviour
from coder.core.dataclass import dataclass

Place: TypeAlias = Literal["session", "flag", "servers", "local", "project", "user"]
"""For this session alone (flag: as what it was started with says; servers: as those say that were set), or also in a
settings file: the person's own of this folder, the folder's, the person's."""


@dataclass(frozen=True, slots=True)
class RulesChange:
    """`rules` are as they are written in settings. `replace`: they alone are to stand at that place, for what they lead
    to."""

    kind: Literal["add", "replace", "remove"]
    behaviour: Behaviour
    rules: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class ModeChange:
    mode: Mode
    place: Place


@dataclass(frozen=True, slots=True)
class FoldersChange:
    kind: Literal["add", "remove"]
    folders: tuple[Path, ...]
    place: Place


Change: TypeAlias = RulesChange | ModeChange | FoldersChange
