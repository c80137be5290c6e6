"""A sandbox that settings ask for: there is none, and whoever relies on one is told. Must not know files or flags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder.core.errors import ConfigError

if TYPE_CHECKING:
    from coder.config.layers import Stack
    from coder.config.section import Section

_NONE = "sandbox.enabled is set, and coder has no sandbox: commands run with all your rights."


def needed(top: Section, origin: str) -> bool:
    """Whether nothing is to begin without one. Where one is only wanted, that is said."""
    wanted = top.section("sandbox").raw
    if wanted.get("enabled") is not True:
        return False
    top.warnings.append(f"{origin}: {_NONE} Use a container, or ask for every command.")
    return wanted.get("failIfUnavailable") is True


def expect_none(stack: Stack) -> None:
    """Also where somebody is in front: whoever wants it so relies on it. Raises ConfigError."""
    if (layer := stack.where(lambda settings: settings.needs_sandbox or None)) is not None:
        what = "sandbox.failIfUnavailable forbids that. Unset one of them, or use a container."
        raise ConfigError(f"{layer.origin}: {_NONE} {what}")
