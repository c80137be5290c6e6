"""Which variables the person's settings name: those reach hooks whatever they are called. Must not know hooks."""

from __future__ import annotations

from collections.abc import Mapping

from coder.app.policy import layers
from coder.core.config import Config


def named_by_settings(config: Config, env: Mapping[str, str]) -> dict[str, str]:
    """With their values in this session. `env` is what coder was started with. What a folder that is not trusted names
    does not count. Reads the settings files once more."""
    off = {str(config.cwd / item.file) for item in (config.trust.off if config.trust is not None else ())}
    names = {name for layer in layers(config, env) if layer.origin not in off for name in layer.settings.env}
    names |= {name for name, value in config.env.items() if env.get(name) != value}
    return {name: config.env[name] for name in names if name in config.env}
