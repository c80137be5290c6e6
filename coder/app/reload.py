"""The settings as they are now: read again when one of their files has changed. Must not know who needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from coder.config.flags import Flags
from coder.config.load import load, settings_files
from coder.config.watch import SettingsWatch
from coder.core.config import Config


class Reload:
    """Asked before each decision; costs a `stat` a file when nothing has changed. `is_late`: the settings were read
    some time ago, so that the first who asks gets them as they are now."""

    def __init__(self, flags: Flags, env: Mapping[str, str], cwd: Path, *, is_late: bool = False) -> None:
        self._flags = replace(flags, system_prompt_file=None, append_system_prompt_file=None)  # read once, at the start
        self._env = {**env, "ANTHROPIC_API_KEY": "unused"}  # a key at hand keeps an apiKeyHelper from being run again
        self._cwd = cwd
        self._is_late = is_late
        self._watch = SettingsWatch(settings_files(flags, env, cwd))

    def __call__(self) -> Config | None:
        """The settings; None when nothing has changed since the last call. Raises ConfigError when a file is wrong."""
        is_late, self._is_late = self._is_late, False
        return load(self._flags, self._env, self._cwd) if self._watch.changed() or is_late else None
