"""What in a git repository a command that changes it would start: hooks, and programs its own settings name.

Must not know commands, rules, or who trusts what. Never raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from coder.git.hooks import hooks_in
from coder.permissions.gitrepo import git_runs, own_settings

# Beside those that reading commands start (gitconfig): what is started where files or commits are written.
_STARTS = re.compile(
    r"filter\..*\.(?:clean|smudge|process)|merge\..*\.driver|gpg\.(?:.*\.)?(?:program|defaultkeycommand)|"
    r"hook\..*\.command|diff\..*\.(?:command|textconv)|diff\.external|core\.(?:sshcommand|askpass|editor)|"
    r"credential\.(?:.*\.)?helper|remote\..*\.(?:uploadpack|promisor|vcs)|gc\.recentobjectshook",
    re.DOTALL,
)
_SWITCHES = frozenset({"true", "false", "yes", "no", "on", "off", "1", "0", ""})
_MOST_NAMED = 5


def git_starts(top: Path, hooks: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Names of what the repository with this work tree would have started, of it and its settings alone: `hooks` is its
    folder of hooks, `names` those that count."""
    try:
        found = [f"the hook {name}" for name in hooks_in(hooks, names)]
        found += dict.fromkeys(f"the setting {name}" for name, value in own_settings(top) if _is_program(name, value))
    except ValueError as problem:
        found = [str(problem)]
    if not found and (other := git_runs(top)):
        found = [other]
    return (*found[:_MOST_NAMED], f"{len(found) - _MOST_NAMED} more") if len(found) > _MOST_NAMED else tuple(found)


def _is_program(name: str, value: str) -> bool:
    if name == "core.fsmonitor":
        return value.lower() not in _SWITCHES
    return bool(_STARTS.fullmatch(name))
