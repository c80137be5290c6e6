"""What tells the model how to work in a folder, and the hooks, from all settings files together. Must not know what
stands in the files of the folder.
"""

from __future__ import annotations

from collections.abc import Mapping

from coder.config import environment
from coder.config.flags import Flags
from coder.config.layers import Stack
from coder.core.config import Guidance, HookSettings, HookSource
from coder.core.errors import ConfigError

_DEFAULT = Guidance()


def guidance_of(flags: Flags, stack: Stack, env: Mapping[str, str], sources: tuple[str, ...]) -> Guidance:
    """Raises ConfigError for a flag that says nothing."""
    first = stack.first
    _check_check(flags)
    is_plain = flags.bare or flags.safe_mode
    overrides: dict[str, str] = {}
    for layer in reversed(stack.layers):
        overrides |= layer.settings.skill_overrides
    return Guidance(
        sources=() if is_plain else sources,
        memory=not (is_plain or environment.switch(env, "CLAUDE_CODE_DISABLE_CLAUDE_MDS")),
        managed_memory=tuple(
            (layer.origin, layer.settings.memory)
            for layer in reversed(stack.layers)
            if layer.scope == "managed" and layer.settings.memory
        ),
        added_memory=environment.switch(env, "CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD"),
        memory_excludes=tuple(text for layer in stack.layers for text in layer.settings.memory_excludes),
        commands=not (is_plain or flags.disable_slash_commands),
        bundled=not first(lambda settings: settings.bundled_off),
        shell_in_commands=not first(lambda settings: settings.shell_in_commands_off),
        overrides=overrides,
        listing_share=_or(first(lambda settings: settings.listing_share), _DEFAULT.listing_share),
        listing_chars=first(lambda settings: settings.listing_chars) or _DEFAULT.listing_chars,
        style="default" if is_plain else first(lambda settings: settings.style) or _DEFAULT.style,
        style_is_theirs=_is_theirs(stack),
        language=first(lambda settings: settings.language) or "",
        git=first(lambda settings: settings.git) is not False
        and not environment.switch(env, "CLAUDE_CODE_DISABLE_GIT_INSTRUCTIONS"),
        commit=_said_or_ours(stack, first(lambda settings: settings.commit)),
        pr=_said_or_ours(stack, first(lambda settings: settings.pr)),
        check=flags.check or ("" if is_plain else first(lambda settings: settings.check) or ""),
        check_tries=flags.check_tries or first(lambda settings: settings.check_tries) or _DEFAULT.check_tries,
        check_always=flags.check is not None,
        think=flags.think,
    )


def hooks_of(flags: Flags, stack: Stack) -> HookSettings:
    """Switched off by `disableAllHooks`, which takes those of an administrator only where an administrator says it."""
    if flags.bare or flags.safe_mode:
        return HookSettings(heads="none")
    off = stack.where(lambda settings: settings.hooks_off or None)
    if off is not None and off.scope == "managed":
        return HookSettings(heads="none")
    managed_only = off is not None or any(
        layer.scope == "managed" and layer.settings.managed_hooks_only for layer in stack.layers
    )
    found = tuple(
        HookSource(layer.origin, layer.scope, layer.settings.hooks)
        for layer in stack.layers
        if layer.settings.hooks and (layer.scope == "managed" or not managed_only)
    )
    return HookSettings(
        found,
        stack.first(lambda settings: settings.hook_urls),
        stack.first(lambda settings: settings.hook_env_names),
        "managed" if managed_only else "all",
    )


def _said_or_ours(stack: Stack, said: str | None) -> str | None:
    """None, which is our own text, only where somebody asks for it: a commit is the person's unless they say more."""
    asked = stack.first(lambda settings: settings.co_author) is True
    return said if said is not None or asked else ""


def _check_check(flags: Flags) -> None:
    """A run that was to be checked must not end well for want of a command: an unset variable would do it."""
    if flags.check is not None and not flags.check.strip():
        raise ConfigError("--check is empty, so nothing would be checked. Give it a command, or leave it out.")


def _is_theirs(stack: Stack) -> bool:
    """Whether the style is what a folder wants that is not trusted."""
    layer = stack.where(lambda settings: settings.style)
    is_trusted = stack.trust is not None and stack.trust.is_trusted
    return layer is not None and layer.scope in ("local", "project") and not is_trusted


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
