"""The permission mode a session begins in, and whether it may do without questions. Must not know what a mode does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from coder.config import environment
from coder.config.flags import Flags
from coder.config.layers import Stack
from coder.config.settings import mode_named, mode_names
from coder.core.choices import Mode
from coder.core.errors import ConfigError

_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))  # what container engines leave inside
_VARIABLES = ("container", "KUBERNETES_SERVICE_HOST")


def mode_of(flags: Flags, stack: Stack, env: Mapping[str, str], warnings: list[str]) -> Mode:
    """Adds to `warnings`. Raises ConfigError."""
    forbidden = _is_forbidden(stack)
    if flags.permission_mode is not None:
        mode = mode_named(flags.permission_mode)
        if mode is None:
            raise ConfigError(f"--permission-mode: {flags.permission_mode!r} is none of {mode_names()}.")
        if forbidden and mode == "bypassPermissions":
            raise ConfigError("--permission-mode bypassPermissions is switched off by disableBypassPermissionsMode.")
        if mode == "bypassPermissions":
            _must_not_be_root(env, "--permission-mode bypassPermissions")
        return mode
    mode = stack.first(lambda settings: settings.mode) or "default"
    if forbidden and mode == "bypassPermissions":
        warnings.append(
            "defaultMode bypassPermissions is switched off by disableBypassPermissionsMode. It is not used."
        )
        return "default"
    return mode


def _is_forbidden(stack: Stack) -> bool:
    return any(layer.settings.bypass_disabled for layer in stack.layers)


def may_bypass(flags: Flags, stack: Stack, env: Mapping[str, str]) -> bool:
    """Whether bypassPermissions can be chosen later on. Raises ConfigError."""
    if not flags.may_bypass or _is_forbidden(stack):
        return False
    _must_not_be_root(env, "--allow-dangerously-skip-permissions")
    return True


def _must_not_be_root(env: Mapping[str, str], flag: str) -> None:
    if refused_as_root(env):
        raise ConfigError(
            f"{flag} is refused as root: nothing would stand between a mistake and this machine. Run as "
            "another user or in a container; IS_SANDBOX=1 says that this is a place to break."
        )


def refused_as_root(env: Mapping[str, str], user: int | None = None, marks: tuple[Path, ...] = _MARKS) -> bool:
    """Whether whoever runs us could do anything to this machine. `user` is the effective id, by default ours; sudo
    makes a root of anybody."""
    user = os.geteuid() if user is None else user
    if user != 0:
        return False
    is_shut_in = environment.switch(env, "IS_SANDBOX") or any(env.get(name) for name in _VARIABLES)
    return not is_shut_in and not any(os.path.lexists(mark) for mark in marks)
