"""The hooks that make and remove worktrees, called outside a session. Must not know git."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from coder.app.hooking import notes
from coder.app.hooking.env import named_by_settings
from coder.core.config import Config
from coder.core.errors import ConfigError
from coder.core.messages import Json
from coder.core.scratch import Scratch
from coder.hooks import inputs
from coder.hooks.config import HookSet
from coder.hooks.engine import Engine
from coder.hooks.inputs import Common
from coder.hooks.outcome import Outcome
from coder.hooks.surroundings import Links, Surroundings


class WorktreeHooks:
    """Those of a configuration. `session` is the id that they are told, "" when none is known yet."""

    def __init__(self, config: Config, env: Mapping[str, str], session: str) -> None:
        self._hooks, self.warnings = HookSet.of(config.hooks.sources)
        self._config = config
        self._env = env
        self._common = Common(session, "", str(config.cwd), permission_mode=config.mode)

    @property
    def make_them(self) -> bool:
        return self._hooks.wants("WorktreeCreate")

    @property
    def remove_them(self) -> bool:
        return self._hooks.wants("WorktreeRemove")

    def create(self, name: str) -> Path:
        """The folder that a hook has made. Blocks. Raises ConfigError: a failure of the hook is one of the whole."""
        said = self._run(inputs.worktree_create(self._common, name))
        if said.blocked or said.problem or said.stop is not None:
            why = notes.line(said.reason or said.stop or said.problem, "it gives no reason").rstrip(".")
            raise ConfigError(
                f"the WorktreeCreate hook made no worktree: {why}. Try it: coder hooks test WorktreeCreate"
            )
        path = Path(said.path)
        if not said.path or not path.is_absolute() or not path.is_dir():
            shown = notes.line(said.path, "nothing")
            raise ConfigError(
                f"the last line of the WorktreeCreate hook is to be the path of a folder, and was: {shown}. "
                "Try it: coder hooks test WorktreeCreate"
            )
        return path

    def remove(self, path: Path) -> None:
        """Blocks; never raises. What it did is seen on disk."""
        self._run(inputs.worktree_remove(self._common, str(path)))

    def _run(self, payload: Json) -> Outcome:
        return asyncio.run(self._ran(payload))

    async def _ran(self, payload: Json) -> Outcome:
        with Scratch("hooks") as folder:
            surroundings = Surroundings(
                project=self._config.cwd,
                env=dict(self._env),
                spill=folder,
                settings_env=named_by_settings(self._config, os.environ),
                effort=self._config.model.effort or "",
                urls=self._config.hooks.urls,
                env_names=self._config.hooks.env_names,
            )
            engine = Engine(self._hooks, surroundings, Links())
            try:
                return (await engine.run(str(payload["hook_event_name"]), "", payload)).said
            finally:
                await engine.aclose()
