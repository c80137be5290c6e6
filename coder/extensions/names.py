"""Names and versions made fit to be folders, and names of servers. Pure; must not know what is installed."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import chain, count

from coder.core.errors import ConfigError
from coder.core.visible import visible_line

_LONGEST = 48
_RESERVED = frozenset({"workspace", "claude-in-chrome", "computer-use", "claude-preview", "claude-browser"})


def fit_name(title: str) -> str:
    """The name that people type, and that its tools begin with: letters, digits, `-` and single `_`.

    Raises ConfigError when nothing is left of it, or what is left is a name that means something else.
    """
    name = re.sub(r"_{2,}", "_", re.sub(r"[^A-Za-z0-9_-]+", "-", title)).strip("-_")[:_LONGEST].rstrip("-_")
    if not name or name.lower() in _RESERVED:
        why = "is reserved" if name else "has no letter or digit"
        raise ConfigError(
            f"the extension's name {visible_line(title[:80])!r} {why}. Its maker must choose another in manifest.json."
        )
    return name


def fit_version(version: str, archive: str, taken: Collection[str]) -> str:
    """A folder's name for a version, that is not `taken` yet."""
    plain = re.sub(r"[^A-Za-z0-9.+-]+", "-", version).strip(".-")[:_LONGEST] or "0"
    low = {each.casefold() for each in taken}  # some file systems know no case
    names = chain((plain, f"{plain}-{archive[:8]}"), (f"{plain}-{archive[:8]}-{number}" for number in count(2)))
    return next(name for name in names if name.casefold() not in low)
