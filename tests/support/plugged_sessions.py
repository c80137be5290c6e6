"""Sessions with plugins as their front ends would have them, and what they have of those."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from coder.app.plugging.late import with_plugins
from coder.app.subagents.roster import roster_of
from coder.commands.loader import load as load_commands
from coder.commands.places import places_of
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.config import Config
from coder.core.plugins import PluginSettings
from coder.mcp.entries import servers_of

MANAGED = "managed"


def here(top: Path, *plugins: Path, user: Any = None, managed: Any = None, **flags: Any) -> Config:
    """A session in `top/project`, as its front end would have it."""
    home, project = top / "home", top / "project"
    for folder in (home, project, top / MANAGED):
        folder.mkdir(exist_ok=True)
    if user is not None:
        (home / "settings.json").write_text(json.dumps(user))
    if managed is not None:
        (top / MANAGED / "managed-settings.json").write_text(json.dumps(managed))
    given = Flags(plugin_dirs=tuple(map(str, plugins)), headless=False, **flags)
    env = {"HOME": str(top), "ANTHROPIC_API_KEY": "k", "CODER_CONFIG_DIR": str(home)}
    return with_plugins(load(given, env, project, home, top / MANAGED))


def named(config: Config) -> PluginSettings:
    assert config.plugins is not None
    return config.plugins


def kinds(config: Config) -> list[str]:
    return [each.kind for each in named(config).problems]


def files(config: Config, top: Path) -> set[str]:
    places = [place for place in places_of(config, top / MANAGED) if place.kind in ("commands", "skills")]
    return {one.name for one in load_commands(places).all() if one.origin == "plugin"}


def agents(config: Config) -> set[str]:
    return {agent.name for agent in roster_of(config, {}, Path("/nowhere")).all() if agent.origin == "plugin"}


def hooks(config: Config) -> list[str]:
    return [source.root for source in config.hooks.sources if source.root]


def servers(config: Config) -> list[str]:
    found, _ = servers_of(config.servers, config.env, config.cwd)
    return [server.name for server in found if server.scope == "plugin"]
