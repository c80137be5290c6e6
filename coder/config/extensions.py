"""What the administrator says of extensions. Only managed files are asked; must not know what an extension is.

"extensions": {"allow": [{"publisher": "Example Ltd"}], "block": ["name", {"sha256": "…"}]}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from coder.config.layers import Layer, stacked
from coder.config.paths import MANAGED, config_home, sources
from coder.core.config import ExtensionSettings
from coder.core.errors import ConfigError

_KEYS = ("name", "publisher", "sha256")
_FORM = 'a name, or an object with "name", "publisher" or "sha256"'


def extensions_of(layers: Iterable[Layer]) -> ExtensionSettings:
    """The lists of all managed files together. Raises ConfigError for what cannot be told for certain: a block that is
    not understood must not let anything through."""
    allowed: list[Mapping[str, str]] | None = None
    blocked: list[Mapping[str, str]] = []
    for layer in layers:
        if layer.scope != "managed" or layer.settings.extensions is None:
            continue
        given = layer.settings.extensions
        if "allow" in given:
            allowed = [*(allowed or ()), *_entries(given["allow"], "allow", layer.origin)]
        blocked += _entries(given.get("block", []), "block", layer.origin)
    return ExtensionSettings(None if allowed is None else tuple(allowed), tuple(blocked))


def extension_settings(env: Mapping[str, str], cwd: Path, managed: Path = MANAGED) -> ExtensionSettings:
    """The same where there is no session. Raises ConfigError."""
    home = config_home(env)
    return extensions_of(stacked(sources(home, cwd, env, (), managed), None, home, cwd, strict=True).layers)


def _entries(raw: Any, key: str, origin: str) -> list[Mapping[str, str]]:
    if not isinstance(raw, list):
        raise ConfigError(f"{origin}: extensions.{key} must be a list. Correct the file.")
    return [_entry(item, f"{origin}: extensions.{key}[{index}]") for index, item in enumerate(raw)]


def _entry(item: Any, where: str) -> Mapping[str, str]:
    if isinstance(item, str) and item.strip():
        return {"name": item.strip()}
    if not isinstance(item, dict) or not item or not set(item) <= set(_KEYS):
        raise ConfigError(f"{where} must be {_FORM}. Correct the file.")
    if not all(isinstance(value, str) and value.strip() for value in item.values()):
        raise ConfigError(f"{where} must be {_FORM}, each a text. Correct the file.")
    return {name: value.strip().lower() if name == "sha256" else value.strip() for name, value in item.items()}
