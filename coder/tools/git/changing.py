"""Which actions of the Git tool change something. Loaded when the tool is first used."""

from __future__ import annotations

from coder.tools.git.changer import Changer
from coder.tools.git.changing_add import Add, Unstage
from coder.tools.git.changing_commit import Commit
from coder.tools.git.changing_stash import PutAside, TakeBack
from coder.tools.git.changing_switch import Switch
from coder.tools.git.changing_worktree import MakeTree
from coder.tools.git.verb import Verb


def changing(changer: Changer) -> dict[str, Verb]:
    return {
        "add": Add(changer),
        "unstage": Unstage(changer),
        "commit": Commit(changer),
        "switch": Switch(changer),
        "stash": PutAside(changer),
        "unstash": TakeBack(changer),
        "worktree": MakeTree(changer),
    }
