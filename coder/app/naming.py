"""Which paths may be written down where other sessions read them: those no rule keeps from being read. Must not know
why they are written down.
"""

from __future__ import annotations

from pathlib import Path

from coder.app.judge import Judge
from coder.app.rulebook import RuleBook
from coder.permissions.matching import blocking_path_rule
from coder.permissions.paths import locate


def may_name(book: RuleBook, judge: Judge, path: Path) -> bool:
    """By the rules of this moment. Touches the disk to follow links."""
    denied = book.rules.deny
    if not denied:
        return True
    world = judge.world()
    return blocking_path_rule(denied, "read", locate(path, world), world) is None
