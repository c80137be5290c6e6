"""`${VAR}` and `${VAR:-default}` in what an entry says. Pure; never shows a value."""

from __future__ import annotations

import re
from collections.abc import Mapping

MOST = 128 * 1024  # characters: as long as one argument of a program may be
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


class TooLongError(Exception):
    """What a text would become is longer than any program takes."""


class Expansion:
    """Replaces references once, and remembers which variables were set, and which were not: those stay as they
    are written."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.unset: dict[str, None] = {}
        self.used: dict[str, str] = {}

    def text(self, text: str) -> str:
        """What stands in a variable is not looked at again. Raises TooLongError."""
        pieces: list[str] = []
        at = 0
        for found in _REFERENCE.finditer(text):
            pieces += (text[at : found.start()], self._value(found))
            at = found.end()
        pieces.append(text[at:])
        if sum(map(len, pieces)) > MOST:  # asked before they are joined
            raise TooLongError
        return "".join(pieces)

    def _value(self, found: re.Match[str]) -> str:
        name, default = found[1], found[2]
        if name in self._env:
            self.used[name] = self._env[name]
            return self._env[name]
        if default is not None:
            return str(default)
        self.unset[name] = None
        return found[0]
