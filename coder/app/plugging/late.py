"""Plugins for a session that names some. Must not know what they are: a session without any loads no more than this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder.core.config import Config
from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    from coder.app.plugging import loading
else:
    loading = LazyModule("coder.app.plugging.loading")


def with_plugins(config: Config) -> Config:
    """The same settings with what the plugins bring. Reads files, unpacks archives; runs nothing. Never raises for what
    stands in a plugin, and does it once."""
    if config.plugins is None or config.plugins.is_loaded:
        return config
    made: Config = loading.loaded(config)
    return made
