"""The settings that change how a session looks while it goes on, kept in the person's own file. Must not know keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.config import Interface
from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    from coder.config import write
else:
    write = LazyModule("coder.config.write")


class LiveSettings:
    """`changed` is told which setting is different now, and to what."""

    def __init__(
        self, start: Interface, path: Path, env: Mapping[str, str], changed: Callable[[str, object], None]
    ) -> None:
        self._path = path
        self._env = env
        self._changed = changed
        self._values: dict[str, object] = {
            "theme": start.theme,
            "editorMode": "vim" if start.vim else "normal",
            "verbose": start.verbose,
            "screenReader": start.screen_reader,
            "reducedMotion": start.reduced_motion,
            "ambiguousWide": start.ambiguous_wide,
            "preferredNotifChannel": start.notifications,
        }

    def get(self, key: str) -> object:
        return self._values.get(key)

    def set(self, key: str, value: object) -> None:
        """Raises ConfigError when the file cannot be changed; it counts for this session all the same."""
        self._values[key] = value
        self._changed(key, value)
        write.set_value(self._path, key, value, self._env)
