"""Flags, environment and settings files made into one Config. The only place that decides what beats what:
managed files > flags > local > project > the person's files; `.coder` beats `.claude`; the environment beats files.
Must not know what the settings do.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from coder.config import environment, sandbox
from coder.config.agents import agents_of
from coder.config.answer_form import answer_form
from coder.config.credentials import model_config
from coder.config.flags import Flags
from coder.config.guidance import guidance_of, hooks_of
from coder.config.interface import interface_of
from coder.config.layers import Stack, flag_layer, folder_files, stacked
from coder.config.mode import may_bypass, mode_of
from coder.config.paths import GLOBAL_FILE, MANAGED, config_home, expand, key_file, secrets_file, sources, why_not_saved
from coder.config.prompt_files import with_prompts_read
from coder.config.servers import servers_of
from coder.core.config import Behaviour, Config, ExtensionSettings, RuleText, Worktrees
from coder.core.errors import ConfigError
from coder.core.lazy import LazyModule
from coder.permissions.splitting import split_rules

if TYPE_CHECKING:
    from coder.config import extensions, plugins, policy, trust
    from coder.core.plugins import PluginSettings
    from coder.core.trust import Trust
else:  # loaded when a folder brings settings of its own, or who starts us forbids something
    extensions = LazyModule("coder.config.extensions")
    policy = LazyModule("coder.config.policy")
    trust = LazyModule("coder.config.trust")
    plugins = LazyModule("coder.config.plugins")  # where one is named

TRUST_FOLDER = "CODER_TRUST_FOLDER"
_NAMES = ("user", "project", "local")
_SUGGESTIONS = "CLAUDE_CODE_ENABLE_PROMPT_SUGGESTION"
_COMPACT_PERCENT = 80
_BARE_TOOLS = ("Read", "Edit", "Bash")
_ELSEWHERE = "Name a folder that can be written to in CODER_CONFIG_DIR, or pass --no-session-persistence."


def load(flags: Flags, env: Mapping[str, str], cwd: Path, home: Path | None = None, managed: Path = MANAGED) -> Config:
    """The settings of a session. Reads a handful of files, writes none; blocks while an apiKeyHelper runs.

    `cwd` is the process's, absolute. `Config.env` is the whole environment, with the variables of settings files in it.
    Raises ConfigError naming the flag, variable, or file and place that is wrong.
    """
    start = _start(flags, env, cwd)
    flags = _plain(with_prompts_read(flags, env, start), env)
    home = home or config_home(env)
    given = flag_layer(flags.settings, env, start) if flags.settings is not None else None
    found = sources(home, start, env, _sources(flags.setting_sources), managed)
    # From the process alone: no file, whoever's it is, says for which folder it may be read.
    once = flags.trust_folder or environment.switch(env, TRUST_FOLDER)
    below = None
    if flags.managed_settings is not None:
        below = partial(policy.beside, policy.policy_layer(flags.managed_settings, start))
    stack = stacked(found, given, home, start, strict=flags.headless, once=once, below=below)
    sandbox.expect_none(stack)
    warnings = [*stack.warnings, *(flags.notices if flags.verbose else ())]
    overlay = {**stack.env(managed=False), **env, **stack.env(managed=True)}
    overlay |= _told_to_children(flags)
    scopes = _sources(flags.setting_sources)
    servers, unused = servers_of(flags, stack, overlay, start=start, home=home, managed=managed, scopes=scopes)
    warnings += unused
    persist = not (flags.no_session_persistence or environment.switch(overlay, "CLAUDE_CODE_SKIP_PROMPT_HISTORY"))
    if persist and (why := why_not_saved(home, env)):
        warnings.append(f"This session is not saved: {why}. {_ELSEWHERE}")
        persist = False
    return Config(
        cwd=start,
        home=home,
        model=model_config(flags, overlay, stack, home, warnings),
        mode=mode_of(flags, stack, env, warnings),
        rules=(*_own_rules(home), *_rules(flags, stack, start, warnings)),
        managed_rules_only=stack.managed_rules_only,
        confirm_irreversible=stack.first(lambda settings: settings.confirm_irreversible) is not False,
        add_dirs=_add_dirs(flags, stack, env, start, warnings),
        env=overlay,
        max_turns=_max_turns(flags, overlay),
        time_budget=_time_budget(flags),
        max_budget_usd=flags.max_budget_usd,
        max_tokens_total=flags.max_tokens_total,
        fallback_models=(flags.fallback_models or stack.first(lambda settings: settings.fallback_models) or ())[:3],
        on_limit=flags.on_limit or "stop",
        auto_compact=_auto_compact(stack, overlay),
        auto_commit=_auto_commit(flags, stack),
        checkpoints=_checkpoints(stack, overlay),
        suggests=_suggests(stack, overlay),
        auto_compact_percent=_auto_compact_percent(overlay),
        auto_compact_window=flags.auto_compact_window or stack.first(lambda settings: settings.auto_compact_window),
        tools=flags.tools if flags.tools is not None or not flags.bare else _BARE_TOOLS,
        prompt_tool=flags.permission_prompt_tool or "",
        may_bypass=may_bypass(flags, stack, env),
        json_schema=answer_form(flags.json_schema),
        setup=flags.setup,
        debug="" if flags.debug is None and overlay.get("CODER_DEBUG") else flags.debug,
        debug_file=expand(flags.debug_file, env, start) if flags.debug_file else None,
        system_prompt=flags.system_prompt,
        append_system_prompt=flags.append_system_prompt,
        persist=persist,
        interface=interface_of(stack, verbose=flags.verbose, plain=flags.bare or flags.safe_mode),
        guidance=guidance_of(flags, stack, overlay, _sources(flags.setting_sources)),
        hooks=hooks_of(flags, stack),
        servers=servers,
        worktrees=_worktrees(stack),
        agents=agents_of(flags, stack, env),
        extensions=_extensions(stack),
        plugins=_plugins(flags, stack, env, start, warnings),
        private_hosts=_private_hosts(stack, warnings),
        trust=stack.trust,
        warnings=tuple(warnings),
    )


def folder_trust(env: Mapping[str, str], cwd: Path, home: Path | None = None) -> tuple[Trust, tuple[str, ...]]:
    """What the settings of a folder bring and how far they are trusted, and what of them cannot be read.

    For showing and asking: reads its files, runs and changes nothing. Never raises for anything that stands in them.
    """
    home = home or config_home(env)
    found = folder_files(sources(home, cwd, env, _NAMES), cwd, strict=False)
    judged: Trust = trust.judge(found.contents, home, cwd)
    return judged, found.warnings


def _plain(flags: Flags, env: Mapping[str, str]) -> Flags:
    """Whether the session does without what people and repositories set up, said by flag or by the process's variables:
    a coder that is started by such a session is one too."""
    bare = flags.bare or environment.switch(env, "CLAUDE_CODE_SIMPLE")
    safe = flags.safe_mode or environment.switch(env, "CLAUDE_CODE_SAFE_MODE")
    return replace(flags, bare=bare, safe_mode=safe)


def _told_to_children(flags: Flags) -> dict[str, str]:
    told = {"CLAUDE_CODE_SIMPLE": flags.bare, "CLAUDE_CODE_SAFE_MODE": flags.safe_mode}
    return {name: "1" for name, is_on in told.items() if is_on}


def _start(flags: Flags, env: Mapping[str, str], cwd: Path) -> Path:
    start = expand(flags.cwd, env, cwd) if flags.cwd is not None else cwd
    if not _is_folder(start):
        name = "--cwd" if flags.cwd is not None else "The current folder"
        raise ConfigError(f"{name}: there is no folder {start}.")
    return start


def settings_files(
    flags: Flags, env: Mapping[str, str], cwd: Path, home: Path | None = None, managed: Path = MANAGED
) -> tuple[Path, ...]:
    """Every file and folder that `load` goes by, whether it is there or not."""
    start, home = _start(flags, env, cwd), home or config_home(env)
    files = [source.path for source in sources(home, start, env, _sources(flags.setting_sources), managed)]
    return (*files, managed / "managed-settings.d", home / "trust.json", key_file(home))


def _sources(text: str | None) -> tuple[str, ...]:
    if text is None:
        return _NAMES
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if wrong := [name for name in names if name not in _NAMES]:
        raise ConfigError(f"--setting-sources: {wrong[0]!r} is none of {', '.join(_NAMES)}.")
    return names


def _rules(flags: Flags, stack: Stack, cwd: Path, warnings: list[str]) -> tuple[RuleText, ...]:
    """Anybody may forbid and ask, also where only the administrator may allow."""
    rules = (*_flag_rules(flags, cwd), *stack.rules())
    if not stack.managed_rules_only:
        return rules
    kept = tuple(rule for rule in rules if rule.scope == "managed" or rule.behaviour != "allow")
    if dropped := len(rules) - len(kept):
        what = f"{dropped} allow rule{'' if dropped == 1 else 's'}"
        by = stack.where(lambda settings: settings.managed_rules_only or None, "managed")
        who = by.origin if by is not None and by.origin.startswith("--") else "the administrator"
        warnings.append(f"allowManagedPermissionRulesOnly is set by {who}: {what} of others not used.")
    return kept


def _own_rules(home: Path) -> tuple[RuleText, ...]:
    """No tool reads the keys that are kept, in any mode: what one reads goes to the model and into the transcript."""
    held = (key_file(home), secrets_file(home), home / GLOBAL_FILE)
    return tuple(
        RuleText(f"Read(/{path.name})", "deny", "user", "coder itself", home) for path in held if os.path.lexists(path)
    )


def _flag_rules(flags: Flags, cwd: Path) -> tuple[RuleText, ...]:
    given: tuple[tuple[str, Behaviour, tuple[str, ...]], ...] = (
        ("--disallowedTools", "deny", flags.disallowed_tools),
        ("--allowedTools", "allow", flags.allowed_tools),
    )
    return tuple(
        RuleText(text, behaviour, "flag", origin, cwd)
        for origin, behaviour, values in given
        for value in values
        for text in split_rules(value)
    )


def _add_dirs(flags: Flags, stack: Stack, env: Mapping[str, str], cwd: Path, warnings: list[str]) -> tuple[Path, ...]:
    """Each folder once, the flags' first. A folder that a file names may be missing, one that a flag names may not."""
    found: dict[Path, None] = {}
    for text in flags.add_dirs:
        path = expand(text, env, cwd)
        if not _is_folder(path):
            raise ConfigError(f"--add-dir: there is no folder {path}.")
        found[path] = None
    for layer in stack.layers:
        for text in layer.settings.directories:
            path = expand(text, env, cwd)
            if _is_folder(path):
                found[path] = None
            else:
                warnings.append(
                    f"{layer.origin}: additionalDirectories names {path}, which is no folder. It is not used."
                )
    return tuple(found)


def _max_turns(flags: Flags, env: Mapping[str, str]) -> int | None:
    if flags.max_turns is None:
        return environment.whole(env, "CLAUDE_CODE_MAX_TURNS", 1)
    if flags.max_turns < 1:
        raise ConfigError("--max-turns must be at least 1.")
    return flags.max_turns


def _extensions(stack: Stack) -> ExtensionSettings:
    if stack.where(lambda settings: settings.extensions, "managed") is None:
        return ExtensionSettings()
    return extensions.extensions_of(stack.layers)


def _plugins(
    flags: Flags, stack: Stack, env: Mapping[str, str], start: Path, warnings: list[str]
) -> PluginSettings | None:
    if not flags.plugin_dirs:
        return None
    found: PluginSettings | None = plugins.plugins_of(flags, stack, env, start)
    if found is None:
        warnings.append("--plugin-dir is not used: a bare or safe session goes without what was set up.")
    return found


def _worktrees(stack: Stack) -> Worktrees:
    return Worktrees(
        stack.first(lambda settings: settings.worktree_base) or "",
        stack.first(lambda settings: settings.worktree_links) or (),
        stack.first(lambda settings: settings.worktree_sparse) or (),
    )


def _private_hosts(stack: Stack, warnings: list[str]) -> tuple[str, ...]:
    """Never what a repository says: it could have this machine's services read."""
    found: dict[str, None] = {}
    for layer in stack.layers:
        if layer.scope != "project":
            found |= dict.fromkeys(layer.settings.private_hosts)
        elif layer.settings.private_hosts:
            what = f"{layer.origin}: webFetch.allowedPrivateHosts"
            warnings.append(f"{what} is never taken from a project. Set it in your own settings.")
    return tuple(found)


def _auto_commit(flags: Flags, stack: Stack) -> bool:
    given = stack.first(lambda settings: settings.auto_commit) if flags.auto_commit is None else flags.auto_commit
    return given is True


def _checkpoints(stack: Stack, env: Mapping[str, str]) -> bool:
    if environment.switch(env, "CLAUDE_CODE_DISABLE_FILE_CHECKPOINTING"):
        return False
    return stack.first(lambda settings: settings.checkpoints) is not False


def _suggests(stack: Stack, env: Mapping[str, str]) -> bool:
    """The variable is above the settings. It does not ask for suggestions: a host does."""
    if env.get(_SUGGESTIONS, "").strip():
        return environment.switch(env, _SUGGESTIONS)
    return stack.first(lambda settings: settings.suggests) is not False


def _auto_compact(stack: Stack, env: Mapping[str, str]) -> bool:
    if environment.switch(env, "DISABLE_AUTO_COMPACT") or environment.switch(env, "DISABLE_COMPACT"):
        return False
    return stack.first(lambda settings: settings.auto_compact) is not False


def _auto_compact_percent(env: Mapping[str, str]) -> int:
    """Raises ConfigError for what is no percentage. It can be set lower than the default, not higher."""
    given = environment.whole(env, "CLAUDE_AUTOCOMPACT_PCT_OVERRIDE", 1)
    return _COMPACT_PERCENT if given is None else min(given, _COMPACT_PERCENT)


def _time_budget(flags: Flags) -> float | None:
    if flags.time_budget is not None and not flags.time_budget > 0:
        raise ConfigError("The time budget must be more than 0 seconds.")
    return flags.time_budget


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a folder on the way may not be entered
        return False
