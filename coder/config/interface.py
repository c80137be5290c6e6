"""How an interactive session looks and behaves, from all settings files together. Must not know flags or a terminal."""

from __future__ import annotations

from coder.config.layers import Stack
from coder.config.settings import Settings
from coder.core.config import Channel, Interface, StatusCommand


def interface_of(stack: Stack, *, verbose: bool = False, plain: bool = False) -> Interface:
    """`verbose` when it was asked for on the command line; `plain`: nothing of the person's own is run."""
    return Interface(
        theme=stack.first(lambda settings: settings.theme) or "auto",
        vim=stack.first(lambda settings: settings.vim) or False,
        verbose=verbose or stack.first(lambda settings: settings.verbose) or False,
        screen_reader=stack.first(lambda settings: settings.screen_reader) or False,
        reduced_motion=stack.first(_is_still) or False,
        ambiguous_wide=stack.first(lambda settings: settings.ambiguous_wide),
        status_line=None if plain else _status_line(stack),
        notifications=_channel(stack),
    )


def _is_still(settings: Settings) -> bool | None:
    return settings.still if settings.reduced_motion is None else settings.reduced_motion


def _status_line(stack: Stack) -> StatusCommand | None:
    """Hooks that are switched off take it with them; only an administrator switches off what an administrator set."""
    found = stack.where(lambda settings: settings.status_line)
    off = stack.where(lambda settings: settings.hooks_off or None)
    if found is None or (off is not None and (off.scope == "managed" or found.scope != "managed")):
        return None
    return found.settings.status_line


def _channel(stack: Stack) -> Channel:
    if stack.first(lambda settings: settings.notifications) is False:
        return "notifications_disabled"
    return stack.first(lambda settings: settings.channel) or "auto"
