"""What one settings file says, checked by hand: wrong values are dropped with a warning, and what would leave a deny
rule unread is an error. Must not know other files, precedence or trust.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any, Literal, get_args

from coder.config import sandbox
from coder.config.jsonfile import Parsed
from coder.config.section import Section
from coder.core.choices import MODES, Effort, Mode
from coder.core.config import Channel, Provider, StatusCommand, Theme, Transport
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError

MOST_PADDING = 40
KeyHeader = Literal["authorization", "x-api-key"]
_MODE_NAMES: dict[str, Mode] = {**{mode: mode for mode in MODES}, "manual": "default"}
_THEMES: dict[str, Theme] = {
    **{name: name for name in get_args(Theme)},
    "ansi": "auto",
    "dark-ansi": "dark",
    "light-ansi": "light",
    "daltonised": "colour-blind",
    "dark-daltonized": "colour-blind",
    "light-daltonized": "colour-blind",
}
SKILL_SWITCH = ("on", "name-only", "user-invocable-only", "off")
_NEVER_TWICE = frozenset({"permissions", "deny", "ask"})  # a repeated one would silently lose rules


@dataclass(frozen=True, slots=True)
class Settings:
    """The keys that are used. None: not set.

    `confirm_irreversible`: whether what cannot be undone is asked about. `managed_rules_only`: nobody but the
    administrator may allow; it means something in managed files only. `hooks_off` switches the status line off too.
    """

    allow: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    mode: Mode | None = None
    bypass_disabled: bool = False
    confirm_irreversible: bool | None = None
    managed_rules_only: bool | None = None
    directories: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    model: str | None = None
    api_key_helper: str | None = None
    effort: Effort | None = None
    thinking: bool | None = None
    transport: Transport | None = None
    provider: Provider | None = None
    key_header: KeyHeader | None = None
    idle_timeout: float | None = None
    fallback_models: tuple[str, ...] | None = None
    auto_compact: bool | None = None
    auto_compact_window: int | None = None  # tokens
    auto_commit: bool | None = None
    checkpoints: bool | None = None
    suggests: bool | None = None
    theme: Theme | None = None
    vim: bool | None = None
    verbose: bool | None = None
    screen_reader: bool | None = None
    reduced_motion: bool | None = None
    still: bool | None = None  # the shorter name of the same
    ambiguous_wide: bool | None = None
    status_line: StatusCommand | None = None
    channel: Channel | None = None
    notifications: bool | None = None
    hooks_off: bool | None = None
    managed_hooks_only: bool | None = None
    hooks: Mapping[str, Any] | None = None
    hook_urls: tuple[str, ...] | None = None
    hook_env_names: tuple[str, ...] | None = None
    memory: str | None = None
    memory_excludes: tuple[str, ...] = ()
    bundled_off: bool | None = None
    shell_in_commands_off: bool | None = None
    skill_overrides: Mapping[str, str] = field(default_factory=dict)
    listing_share: float | None = None
    listing_chars: int | None = None
    style: str | None = None
    agent: str | None = None
    language: str | None = None
    git: bool | None = None
    commit: str | None = None
    pr: str | None = None
    co_author: bool | None = None
    check: str | None = None
    check_tries: int | None = None
    worktree_base: str | None = None
    worktree_links: tuple[str, ...] | None = None
    worktree_sparse: tuple[str, ...] | None = None
    extensions: Mapping[str, Any] | None = None
    private_hosts: tuple[str, ...] = ()
    servers_off: tuple[str, ...] = ()  # of .mcp.json
    servers_allowed: tuple[Mapping[str, Any], ...] | None = None
    servers_denied: tuple[Mapping[str, Any], ...] = ()
    managed_servers_only: bool | None = None
    needs_sandbox: bool = False  # and is not to begin without one


def mode_named(name: str) -> Mode | None:
    return _MODE_NAMES.get(name)


def mode_names() -> str:
    return ", ".join(MODES)


def settings_of(parsed: Parsed, origin: str) -> tuple[Settings, tuple[str, ...]]:
    """The settings of a file and warnings about what was dropped.

    Raises ConfigError when its deny or ask rules cannot be told for certain.
    """
    if lost := _NEVER_TWICE.intersection(parsed.repeated):
        raise ConfigError(f"{origin}: the key {min(lost)!r} stands there twice. Join the two.")
    top = Section(parsed.value, parsed.text, origin)
    top.warnings += [f"{origin}: the key {key!r} stands there twice; the last one counts." for key in parsed.repeated]
    found = _rules(top)
    for part in (_model, _looks, _hooks, _guidance, _surroundings):
        found = part(found, top)
    return found, tuple(top.warnings)


def _rules(top: Section) -> Settings:
    """What may be done, where."""
    rules = top.section("permissions", strict=True)
    return Settings(
        allow=rules.texts("allow"),
        ask=rules.texts("ask", strict=True),
        deny=rules.texts("deny", strict=True),
        mode=rules.choice("defaultMode", _MODE_NAMES),
        bypass_disabled=rules.choice("disableBypassPermissionsMode", {"disable": True}) or False,
        confirm_irreversible=top.switch("confirmIrreversible"),
        managed_rules_only=top.switch("allowManagedPermissionRulesOnly"),
        directories=rules.texts("additionalDirectories"),
        env=top.strings("env"),
    )


def _model(found: Settings, top: Section) -> Settings:
    """Who is asked, and how; what is kept of a run."""
    ours = top.section("coder")
    return replace(
        found,
        model=top.text("model"),
        api_key_helper=top.text("apiKeyHelper"),
        effort=top.choice("effortLevel", _same(Effort)),
        thinking=top.switch("alwaysThinkingEnabled"),
        transport=ours.choice("transport", _same(Transport)),
        provider=ours.choice("provider", _same(Provider)),
        key_header=ours.choice("keyHeader", _same(KeyHeader)),
        idle_timeout=ours.seconds("idleTimeout"),
        fallback_models=top.texts("fallbackModel") or None,
        auto_compact=top.switch("autoCompactEnabled"),
        auto_compact_window=top.whole("autoCompactWindow", 100_000, 1_000_000),
        auto_commit=top.switch("autoCommit"),
        checkpoints=top.switch("fileCheckpointingEnabled"),
        suggests=top.switch("promptSuggestionEnabled"),
    )


def _looks(found: Settings, top: Section) -> Settings:
    return replace(
        found,
        theme=_theme(top),
        vim=top.choice("editorMode", {"normal": False, "vim": True}),
        verbose=top.switch("verbose"),
        screen_reader=top.switch("screenReader"),
        reduced_motion=top.switch("prefersReducedMotion"),
        still=top.switch("reducedMotion"),
        ambiguous_wide=top.switch("ambiguousWide"),
        status_line=_status_line(top),
        channel=top.choice("preferredNotifChannel", _same(Channel)),
        notifications=top.choice("notifications", {"on": True, "off": False}),
    )


def _hooks(found: Settings, top: Section) -> Settings:
    return replace(
        found,
        hooks_off=top.switch("disableAllHooks"),
        managed_hooks_only=top.switch("allowManagedHooksOnly"),
        hooks={point: groups for point, groups in top.section("hooks").raw.items() if groups} or None,
        hook_urls=top.texts("allowedHttpHookUrls") if "allowedHttpHookUrls" in top.raw else None,
        hook_env_names=top.texts("httpHookAllowedEnvVars") if "httpHookAllowedEnvVars" in top.raw else None,
    )


def _guidance(found: Settings, top: Section) -> Settings:
    """What the model is told, and by what its work is measured."""
    return replace(
        found,
        memory=top.text("claudeMd"),
        memory_excludes=top.texts("claudeMdExcludes"),
        bundled_off=top.switch("disableBundledSkills"),
        shell_in_commands_off=top.switch("disableSkillShellExecution"),
        skill_overrides=top.choices("skillOverrides", SKILL_SWITCH),
        listing_share=top.share("skillListingBudgetFraction"),
        listing_chars=top.whole("skillListingMaxDescChars", 1, 100_000),
        style=top.text("outputStyle"),
        agent=top.text("agent"),
        language=top.text("language"),
        git=top.switch("includeGitInstructions"),
        commit=top.any_text("attribution", "commit"),
        pr=top.any_text("attribution", "pr"),
        co_author=top.switch("includeCoAuthoredBy"),
        check=top.text("check"),
        check_tries=top.whole("checkTries", 1, 20),
    )


def _surroundings(found: Settings, top: Section) -> Settings:
    """Worktrees, extensions and servers."""
    trees = top.section("worktree")
    return replace(
        found,
        worktree_base=trees.text("baseRef"),
        worktree_links=trees.texts("symlinkDirectories") if "symlinkDirectories" in trees.raw else None,
        worktree_sparse=trees.texts("sparsePaths") if "sparsePaths" in trees.raw else None,
        extensions=_extensions(top),
        private_hosts=top.section("webFetch").texts("allowedPrivateHosts"),
        servers_off=top.texts("disabledMcpjsonServers"),
        servers_allowed=top.objects("allowedMcpServers") if "allowedMcpServers" in top.raw else None,
        servers_denied=top.objects("deniedMcpServers"),
        managed_servers_only=top.switch("allowManagedMcpServersOnly"),
        needs_sandbox=sandbox.needed(top, top.origin),
    )


def theme_names() -> tuple[str, ...]:
    """Those that a person may write, other names of the same theme included."""
    return tuple(_THEMES)


def _theme(top: Section) -> Theme | None:
    """A theme that somebody made for Claude Code is none of ours, and no mistake."""
    value = top.raw.get("theme")
    if isinstance(value, str) and value.startswith("custom:"):
        return None
    found: Theme | None = top.choice("theme", _THEMES)
    return found


def _status_line(top: Section) -> StatusCommand | None:
    """None when it is not set, and when what is set has no command that can be run."""
    given = top.section("statusLine")
    if not given.raw:
        return None
    kind, command = given.choice("type", {"command": True}), given.text("command", needed=True)
    if command is None or (kind is None and given.raw.get("type") is not None):
        return None
    return StatusCommand(
        command=command,
        padding=given.whole("padding", 0, MOST_PADDING) or 0,
        refresh=given.seconds("refreshInterval", 1),
        hides_vim=given.switch("hideVimModeIndicator") or False,
    )


def _extensions(top: Section) -> Mapping[str, Any] | None:
    """As written; what is no object at all names nothing, so that nothing is let through."""
    if "extensions" not in top.raw:
        return None
    return top.section("extensions").raw if isinstance(top.raw["extensions"], dict) else {"allow": []}


def _same(choices: Any) -> dict[str, Any]:
    return {name: name for name in get_args(choices)}
