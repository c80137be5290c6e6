"""What a repository is in the middle of: a merge, a rebase and the like. Reads small files of its git folder only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.ordinary import read_ordinary

Doing: TypeAlias = Literal["merge", "rebase", "am", "cherry-pick", "revert", "bisect"]
_MOST = 4096
_MARKS = (
    ("rebase-merge", "a rebase"),
    ("rebase-apply", "a rebase"),
    ("MERGE_HEAD", "a merge"),
    ("CHERRY_PICK_HEAD", "a cherry-pick"),
    ("REVERT_HEAD", "a revert"),
    ("BISECT_LOG", "a bisect"),
    ("sequencer", "a sequence of commits"),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """`step` of `steps` (0: not known). `branch` is the one that is rebased, or that a bisection began on; it is the
    repository's own word and may hold anything."""

    doing: Doing
    step: int = 0
    steps: int = 0
    branch: str = ""

    @property
    def named(self) -> str:
        return f"an {self.doing}" if self.doing == "am" else f"a {self.doing}"


def under_way(folder: Path) -> str:
    """What it is, in words, by whatever lies in the git folder of a work tree; "" for nothing. Opens no file, and so is
    quick, and in doubt says that something is."""
    return next((what for name, what in _MARKS if os.path.lexists(folder / name)), "")


def progress(folder: Path) -> tuple[Progress, ...]:
    """Of the git folder of one work tree; a bisection may go on beside something else. Never raises."""
    found: list[Progress] = []
    merging, applying = folder / "rebase-merge", folder / "rebase-apply"
    if merging.is_dir():
        found.append(_rebase(merging, "msgnum", "end"))
    elif applying.is_dir():
        doing: Doing = "am" if (applying / "applying").exists() else "rebase"
        found.append(_rebase(applying, "next", "last", doing))
    elif (folder / "MERGE_HEAD").exists():
        found.append(Progress("merge"))
    elif (folder / "CHERRY_PICK_HEAD").exists():
        found.append(Progress("cherry-pick"))
    elif (folder / "REVERT_HEAD").exists():
        found.append(Progress("revert"))
    elif (folder / "sequencer").is_dir():  # between two of several commits
        found.append(Progress("revert" if _line(folder / "sequencer" / "todo").startswith("revert") else "cherry-pick"))
    if (folder / "BISECT_LOG").exists():
        found.append(Progress("bisect", branch=_line(folder / "BISECT_START")))
    return tuple(found)


def _rebase(folder: Path, step: str, steps: str, doing: Doing = "rebase") -> Progress:
    branch = _line(folder / "head-name").removeprefix("refs/heads/")
    return Progress(doing, _number(folder / step), _number(folder / steps), branch)


def _number(file: Path) -> int:
    text = _line(file)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _line(file: Path) -> str:
    try:
        text = read_ordinary(file, _MOST).decode("utf-8", "surrogateescape")
    except OSError:
        return ""
    return text.partition("\n")[0].strip()
