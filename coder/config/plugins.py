"""Which plugins the command line names, and what the person set for them. Must not know what a plugin is made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coder.config.flags import Flags
from coder.config.layers import Stack
from coder.config.paths import expand
from coder.core.plugins import PluginSettings

_KEY = "pluginConfigs"
_WHOSE = ("managed", "flag", "user")  # what a repository says never reaches what a plugin runs


def plugins_of(flags: Flags, stack: Stack, env: Mapping[str, str], start: Path) -> PluginSettings | None:
    """None where plugins are left out, with what else was set up."""
    if flags.bare or flags.safe_mode:
        return None
    given = dict.fromkeys(expand(text, env, start) for text in flags.plugin_dirs)
    without_servers = frozenset(expand(text, env, start) for text in flags.plugin_dirs_without_servers)
    return PluginSettings(tuple(given), _options(stack), without_servers=without_servers)


def _options(stack: Stack) -> Mapping[str, Mapping[str, Any]]:
    """`{"pluginConfigs": {"name": {"options": {"key": …}}}}` of each file, key by key the strongest first."""
    found: dict[str, dict[str, Any]] = {}
    for layer in reversed(stack.layers):
        said = layer.content.get(_KEY)
        if layer.scope not in _WHOSE or not isinstance(said, dict):
            continue
        for name, held in said.items():
            options = held.get("options") if isinstance(held, dict) else None
            if isinstance(options, dict):
                # A plugin of a marketplace is called name@marketplace there.
                found.setdefault(name.partition("@")[0], {}).update(options)
    return found
