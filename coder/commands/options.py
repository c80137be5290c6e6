"""What a person set for a plugin, in the texts of that plugin: `${user_config.KEY}`. Pure; must not know who set it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

REFERENCE = re.compile(r"\$\{user_config\.([A-Za-z_][A-Za-z0-9_]{0,63})\}")
Options: TypeAlias = tuple[tuple[str, str], ...]
"""By their keys; without those that are secret."""


def with_options(text: str, options: Options, rest: Callable[[str], str] = lambda text: text) -> str:
    """The text with the options that there are in their places; `rest` is made of what stands between them. An option
    is never looked at again."""
    values = dict(options)
    parts: list[str] = []
    at = 0
    for found in REFERENCE.finditer(text):
        if found[1] in values:
            parts += [rest(text[at : found.start()]), values[found[1]]]
            at = found.end()
    return "".join([*parts, rest(text[at:])])
