"""Which actions the Git tool has. Loaded when it is first used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from coder.tools.git.blame import Blame
from coder.tools.git.branches import Branches
from coder.tools.git.diff import Diff
from coder.tools.git.log import Log
from coder.tools.git.reader import Reader
from coder.tools.git.show import Show
from coder.tools.git.stashes import Stashes
from coder.tools.git.status import Status
from coder.tools.git.verb import Verb
from coder.tools.git.worktrees import WorkTrees


def reading(env: Mapping[str, str], denied: tuple[tuple[Path, str], ...] = (), session: str = "") -> dict[str, Verb]:
    """The actions that change nothing. `session` is whose stashes are ours, `denied` what may not be read."""
    reader = Reader(env, denied)
    return {
        "status": Status(reader),
        "diff": Diff(reader),
        "log": Log(reader),
        "show": Show(reader),
        "blame": Blame(reader),
        "branches": Branches(reader),
        "stashes": Stashes(reader, session),
        "worktrees": WorkTrees(reader),
    }
