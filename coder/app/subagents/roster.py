"""The agents a session may ask: built in, of files as they are on disk by now, and those of the command line. Must not
know who asks, or how one is put together.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from coder.app.subagents.built_in import NAMES, built_ins
from coder.commands.agents import Agent, Loaded, given_agents, read_agents
from coder.commands.definition import Mistake
from coder.commands.places import Place, places_of
from coder.commands.suggest import near
from coder.config.paths import MANAGED
from coder.config.trust import covers, judge
from coder.core.config import Config


class Roster:
    """Read again when a file changed. Blocks while it reads; never raises."""

    def __init__(self, config: Config, env: Mapping[str, str], managed: Path, plugins: Iterable[Place]) -> None:
        self._config = config
        self._env = env
        self._managed = managed
        self._plugins = tuple(plugins)
        self._loaded: Loaded | None = None

    def all(self) -> tuple[Agent, ...]:
        """Those that count, the strongest first."""
        return self._now.agents

    def find(self, name: str) -> Agent | None:
        """By its name, exactly: rules go by the name too."""
        return next((agent for agent in self.all() if agent.name == name), None)

    def near(self, name: str) -> tuple[str, ...]:
        return near(name, [agent.name for agent in self.all()])

    def hidden(self) -> tuple[Agent, ...]:
        """Those that a stronger one of the same name takes the place of."""
        return self._now.hidden

    def passed_over(self, name: str) -> Agent | None:
        """The file of a repository that would be this agent, were the folder trusted."""
        return next((agent for agent in self.hidden() if agent.name == name and self._yields(agent)), None)

    @property
    def given_mistakes(self) -> tuple[Mistake, ...]:
        """Of those of the command line. Reads no file."""
        return self._given[1]

    @cached_property
    def places(self) -> tuple[Place, ...]:
        if not self._config.agents.files:
            return ()
        found = places_of(self._config, self._managed, self._plugins)
        return tuple(place for place in found if place.kind == "agents")

    def trusts(self, agent: Agent) -> bool:
        """Whether what its head loosens, runs and reaches counts: of a repository, only what the person approved."""
        plugins = self._config.plugins
        needs = agent.origin in ("project", "added") or (plugins is not None and plugins.needs_trust(agent.file))
        return not needs or covers(self._config.trust, agent.file, agent.digest)

    @property
    def _now(self) -> Loaded:
        if self._loaded is None or self._loaded.stale():
            self._loaded = read_agents(self.places, (*self._given[0], *self._ours), self._yields)
        return self._loaded

    def _yields(self, agent: Agent) -> bool:
        """Whoever is called like one of ours takes its place only where the person knows what the folder holds: what
        reviews a stranger's change must not be the stranger's."""
        if agent.name not in NAMES:
            return False
        return agent.origin == "added" or (agent.origin == "project" and not self._is_trusted)

    @cached_property
    def _is_trusted(self) -> bool:
        config = self._config
        return (config.trust or judge({}, config.home, config.cwd)).is_trusted

    @cached_property
    def _given(self) -> tuple[tuple[Agent, ...], tuple[Mistake, ...]]:
        return given_agents(self._config.agents.given)

    @cached_property
    def _ours(self) -> tuple[Agent, ...]:
        return built_ins(self._env)


def roster_of(
    config: Config,
    env: Mapping[str, str] | None = None,
    managed: Path = MANAGED,
    plugins: Iterable[Place] = (),
) -> Roster:
    """`env` is the process's with that of the settings, `plugins` the places of plugins in use."""
    return Roster(config, {**os.environ, **config.env} if env is None else env, managed, plugins)
