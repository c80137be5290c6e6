"""Every value that settings files hold: where it stands, and whether it counts. Must not know how that is shown.

What trust and safety take out is not decided here: the settings that `layers.py` made are compared with the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Literal, TypeAlias

from coder.config.jsonfile import Parsed, read_object
from coder.config.keys import WHOLE, kind_of
from coder.config.layers import Layer, Stack, stacked
from coder.config.paths import Source
from coder.config.settings import Settings, settings_of
from coder.core.config import Scope
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.messages import Json

State: TypeAlias = Literal["used", "idle", "overridden", "unused"]
READ = {  # the keys that this version reads, by the field they become
    "allow": "permissions.allow",
    "ask": "permissions.ask",
    "deny": "permissions.deny",
    "mode": "permissions.defaultMode",
    "bypass_disabled": "permissions.disableBypassPermissionsMode",
    "directories": "permissions.additionalDirectories",
    "confirm_irreversible": "confirmIrreversible",
    "managed_rules_only": "allowManagedPermissionRulesOnly",
    "env": "env",
    "model": "model",
    "api_key_helper": "apiKeyHelper",
    "effort": "effortLevel",
    "thinking": "alwaysThinkingEnabled",
    "transport": "coder.transport",
    "provider": "coder.provider",
    "key_header": "coder.keyHeader",
    "idle_timeout": "coder.idleTimeout",
    "fallback_models": "fallbackModel",
    "auto_compact": "autoCompactEnabled",
    "auto_compact_window": "autoCompactWindow",
    "auto_commit": "autoCommit",
    "checkpoints": "fileCheckpointingEnabled",
    "suggests": "promptSuggestionEnabled",
    "theme": "theme",
    "vim": "editorMode",
    "verbose": "verbose",
    "screen_reader": "screenReader",
    "reduced_motion": "prefersReducedMotion",
    "still": "reducedMotion",
    "ambiguous_wide": "ambiguousWide",
    "status_line": "statusLine",
    "channel": "preferredNotifChannel",
    "notifications": "notifications",
    "hooks_off": "disableAllHooks",
    "managed_hooks_only": "allowManagedHooksOnly",
    "hooks": "hooks",
    "hook_urls": "allowedHttpHookUrls",
    "hook_env_names": "httpHookAllowedEnvVars",
    "memory": "claudeMd",
    "memory_excludes": "claudeMdExcludes",
    "bundled_off": "disableBundledSkills",
    "shell_in_commands_off": "disableSkillShellExecution",
    "skill_overrides": "skillOverrides",
    "listing_share": "skillListingBudgetFraction",
    "listing_chars": "skillListingMaxDescChars",
    "style": "outputStyle",
    "agent": "agent",
    "language": "language",
    "git": "includeGitInstructions",
    "commit": "attribution.commit",
    "pr": "attribution.pr",
    "co_author": "includeCoAuthoredBy",
    "check": "check",
    "check_tries": "checkTries",
    "worktree_base": "worktree.baseRef",
    "worktree_links": "worktree.symlinkDirectories",
    "worktree_sparse": "worktree.sparsePaths",
    "extensions": "extensions",
    "private_hosts": "webFetch.allowedPrivateHosts",
    "servers_off": "disabledMcpjsonServers",
    "servers_allowed": "allowedMcpServers",
    "servers_denied": "deniedMcpServers",
    "managed_servers_only": "allowManagedMcpServersOnly",
    "needs_sandbox": "sandbox.failIfUnavailable",
}
_VARIABLES = {
    "model": ("ANTHROPIC_MODEL",),
    "effortLevel": ("CLAUDE_CODE_EFFORT_LEVEL",),
    "apiKeyHelper": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
}
_DEEPEST = 4  # levels of objects that are taken apart


@dataclass(frozen=True, slots=True)
class Entry:
    """One value, or one item of a list (`item`). `origin` is a file; of the scope "environment", a variable's name.

    idle: it is kept, but this version does nothing with it. `why` says what stands against one that does not count.
    """

    key: str
    value: object
    scope: Scope | Literal["environment"]
    origin: str
    item: bool = False
    state: State = "used"
    why: str = ""

    @property
    def counts(self) -> bool:
        return self.state in ("used", "idle")


@dataclass(frozen=True, slots=True)
class Listing:
    """`entries` are the strongest first; `broken` when a file could not be read whole, which a warning says."""

    entries: tuple[Entry, ...]
    warnings: tuple[str, ...]
    broken: bool


def listing(
    sources: tuple[Source, ...], env: Mapping[str, str], home: Path, cwd: Path, flag: Layer | None = None
) -> Listing:
    """`flag` is the layer of `--settings`. Raises ConfigError when a managed file is broken."""
    stack = stacked(sources, flag, home, cwd, strict=False)
    layers = {layer.origin: layer for layer in stack.layers}
    entries: list[Entry] = []
    broken, given = False, flag
    for source in sources:
        if given is not None and source.scope != "managed":
            entries += _entries(Parsed(given.content, ()), given)
            given = None
        try:
            parsed = read_object(source.path)
        except ConfigError:
            broken = True
            continue
        layer = layers.get(str(source.path))
        if parsed is not None and layer is not None:
            entries += _entries(parsed, layer)
        broken = broken or (parsed is not None and layer is None)
    entries += _entries(Parsed(given.content, ()), given) if given is not None else ()
    overlay = {**stack.env(managed=False), **env, **stack.env(managed=True)}
    return Listing(tuple(_weighed(entries, stack, overlay, env)), stack.warnings, broken)


def _entries(parsed: Parsed, layer: Layer) -> Iterator[Entry]:
    written, _ = settings_of(parsed, layer.origin)
    taken_out = _differing(written, layer.settings)
    for key, value, item in _flat(parsed.value):
        read = "env" if key.startswith("env.") else key
        entry = Entry(key, value, layer.scope, layer.origin, item)
        if problem := _misfit(entry):
            yield replace(entry, state="unused", why=problem)
        elif key in ("allowManagedPermissionRulesOnly", "extensions") and layer.scope != "managed":
            yield replace(entry, state="unused", why="it counts in the administrator's settings only")
        elif read in taken_out:
            yield replace(entry, state="unused", why=_reason(key, value))
        elif read not in READ.values():
            why = "this version does nothing with it" if kind_of(key) else "coder does not know it"
            yield replace(entry, state="idle", why=why)
        else:
            yield entry


def _differing(written: Settings, used: Settings) -> set[str]:
    names = (field.name for field in fields(Settings))
    return {READ[name] for name in names if getattr(written, name) != getattr(used, name)}


def _reason(key: str, value: object) -> str:
    if key == READ["api_key_helper"] or (key == READ["mode"] and value == "bypassPermissions"):
        return "never taken from a project"
    return "this folder is not trusted"


def _misfit(entry: Entry) -> str:
    """What is wrong with the kind of a value."""
    kind = kind_of(entry.key)
    value = entry.value
    if entry.key.startswith("env.") and type(value) is int:
        value = str(value)
    if kind is None or kind.fits([value] if entry.item else value):
        return ""
    return f"it must be {kind.says}"


def _flat(raw: Json, prefix: str = "", depth: int = 1) -> Iterator[tuple[str, object, bool]]:
    for key, value in raw.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and name not in WHOLE and depth < _DEEPEST:
            yield from _flat(value, f"{name}.", depth + 1)
        elif isinstance(value, list):
            yield from ((name, item, True) for item in value)
        elif value is not None and name != "$schema":
            yield name, value, False


def _weighed(entries: list[Entry], stack: Stack, overlay: Mapping[str, str], env: Mapping[str, str]) -> Iterator[Entry]:
    """Marks what something stronger beats, and puts the variables that do so in."""
    strongest: dict[str, str] = {}
    for key, variables in _VARIABLES.items():
        for name in (name for name in variables if overlay.get(name, "").strip()):
            fixed = stack.where(lambda settings: settings.model, "managed") if key == READ["model"] else None
            if fixed is not None:
                yield Entry(key, overlay[name].strip(), "environment", name, state="overridden", why=fixed.origin)
                continue
            strongest.setdefault(key, name)
            if key != READ["api_key_helper"]:  # there it is the key itself
                yield Entry(key, overlay[name].strip(), "environment", name)
    for entry in entries:
        variable = entry.key.removeprefix("env.")
        if not entry.counts:
            yield entry
        elif why := _switched_off(entry, stack):
            yield replace(entry, state="unused", why=why)
        elif variable != entry.key and variable in env and entry.scope != "managed":
            yield replace(entry, state="overridden", why=f"{variable} of the environment")
        elif entry.key in strongest:
            yield replace(entry, state="overridden", why=strongest[entry.key])
        else:
            if not entry.item and entry.key != "hooks":  # those add up
                strongest[entry.key] = entry.origin
            yield entry


def _switched_off(entry: Entry, stack: Stack) -> str:
    """The setting of somebody that makes this one count for nothing."""
    if entry.key == READ["mode"] and entry.value == "bypassPermissions":
        if any(layer.settings.bypass_disabled for layer in stack.layers):
            return "switched off by disableBypassPermissionsMode"
    elif entry.key == READ["allow"] and entry.scope != "managed" and stack.managed_rules_only:
        return "the administrator takes allow rules from managed settings only"
    return ""
