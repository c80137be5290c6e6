"""Switches off the content filters that a repository defines for itself: they are programs, and any checkout, status or
diff would run them. Those of the person's own settings (such as LFS) stay. Must not know what git is run for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from coder.git.call import Git

_PARTS = ("clean", "smudge", "process", "required")
_OWN = ("system", "global")
_MOST = 4_000_000


def without_filters(git: Git, folder: Path) -> Mapping[str, str] | None:
    """Variables for a call in this repository; None when git cannot tell what there is to switch off. Blocks.

    Not `-c`, which cannot name a filter with `=` in its name.
    """
    listed = git.run(folder, "config", "--list", "--show-scope", "-z", most=_MOST)
    if listed is None:
        return None
    own: dict[str, str] = {}
    theirs: dict[str, None] = {}
    words = listed.decode("utf-8", "surrogateescape").split("\0")
    for scope, entry in zip(words[::2], words[1::2], strict=False):
        key, _, value = entry.partition("\n")
        section, _, rest = key.partition(".")
        name, dot, part = rest.rpartition(".")
        if section != "filter" or not dot or part not in _PARTS:
            continue
        if scope in _OWN:
            own[f"{name}.{part}"] = value
        elif scope != "command":
            theirs[name] = None
    return as_variables({f"filter.{name}.{part}": _value(own, name, part) for name in theirs for part in _PARTS})


def as_variables(settings: Mapping[str, str]) -> Mapping[str, str]:
    """Settings of git as variables, which only `-c` beats."""
    made = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        made |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return made


def _value(own: Mapping[str, str], name: str, part: str) -> str:
    return own.get(f"{name}.{part}") or ("false" if part == "required" else "")
