"""The settings there are and what kind of value each takes, for whoever changes them. Must not know files or defaults.

Reading is done by `settings.py`, which knows the keys that are used; here stand also those of Claude Code that coder
keeps but does not use yet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import get_args

from coder.config.section import LONGEST_IDLE
from coder.config.settings import SKILL_SWITCH, KeyHeader, mode_names, theme_names
from coder.core.choices import Effort
from coder.core.config import Channel, Provider, Transport
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Kind:
    """`says` ends the sentence "KEY must be …". `choices` are its values, where they are few."""

    says: str
    fits: Callable[[object], bool]
    is_list: bool = False
    choices: tuple[str, ...] = ()


def _choice(*names: str) -> Kind:
    return Kind(f"one of {', '.join(names)}", lambda value: value in names, choices=names)


def _whole(lowest: int, highest: int | None = None) -> Kind:
    said = f"a whole number from {lowest}" + ("" if highest is None else f" to {highest}")
    return Kind(said, lambda value: type(value) is int and lowest <= value and (highest is None or value <= highest))


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value)


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= LONGEST_IDLE


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


SWITCH = Kind("true or false", lambda value: isinstance(value, bool))
TEXT = Kind("a text that is not empty", lambda value: isinstance(value, str) and bool(value.strip()))
ANY_TEXT = Kind("a text", lambda value: isinstance(value, str) and "\0" not in value)
TEXTS = Kind("a list of texts", _is_texts, is_list=True)
RULES = Kind("a list of rules", _is_texts, is_list=True)
OBJECT = Kind("an object", lambda value: isinstance(value, dict))
OBJECTS = Kind(
    "a list of objects",
    lambda value: isinstance(value, list) and all(isinstance(item, dict) for item in value),
    is_list=True,
)
ANYTHING = Kind("a JSON value", lambda _: True)

_SWITCHES = """
confirmIrreversible alwaysThinkingEnabled showThinkingSummaries includeGitInstructions includeCoAuthoredBy
disableAllHooks enableAllProjectMcpServers autoCompactEnabled autoMemoryEnabled respectGitignore enforceAvailableModels
fileCheckpointingEnabled autoCommit disableBundledSkills disableSkillShellExecution respondToBashCommands verbose
screenReader ambiguousWide
syntaxHighlightingDisabled prefersReducedMotion reducedMotion
spinnerTipsEnabled showTurnDuration terminalProgressBarEnabled
promptSuggestionEnabled skipWebFetchPreflight skipDangerousModePermissionPrompt
"""
_TEXTS = """
model language outputStyle agent apiKeyHelper awsAuthRefresh awsCredentialExport gcpAuthRefresh otelHeadersHelper
autoMemoryDirectory plansDirectory prUrlTemplate
"""
_LISTS = """
fallbackModel availableModels permissions.additionalDirectories enabledMcpjsonServers disabledMcpjsonServers
allowedHttpHookUrls httpHookAllowedEnvVars claudeMdExcludes worktree.symlinkDirectories worktree.sparsePaths
webFetch.allowedPrivateHosts
companyAnnouncements
"""
_MANAGED_SWITCHES = ("allowManagedPermissionRulesOnly", "allowManagedHooksOnly", "allowManagedMcpServersOnly")
MANAGED_ONLY = frozenset({*_MANAGED_SWITCHES, "claudeMd", "extensions"})

KINDS: dict[str, Kind] = {  # `*` is any name, `**` any keys
    "permissions.allow": RULES,
    "permissions.ask": RULES,
    "permissions.deny": RULES,
    "permissions.defaultMode": _choice(*mode_names().split(", "), "manual"),
    "permissions.disableBypassPermissionsMode": _choice("disable"),
    "permissions.disableAutoMode": _choice("disable"),
    **dict.fromkeys(_SWITCHES.split(), SWITCH),
    **dict.fromkeys(_MANAGED_SWITCHES, SWITCH),
    "claudeMd": TEXT,
    **dict.fromkeys(_TEXTS.split(), TEXT),
    **dict.fromkeys(_LISTS.split(), TEXTS),
    "env.*": ANY_TEXT,
    "effortLevel": _choice(*get_args(Effort)),
    "cleanupPeriodDays": _whole(1),
    "autoCompactWindow": _whole(100_000, 1_000_000),
    "attribution.commit": ANY_TEXT,
    "attribution.pr": ANY_TEXT,
    "attribution.sessionUrl": SWITCH,
    "extensions": OBJECT,
    "hooks": OBJECT,
    "statusLine": OBJECT,
    "subagentStatusLine": OBJECT,
    "fileSuggestion": OBJECT,
    "allowedMcpServers": OBJECTS,
    "deniedMcpServers": OBJECTS,
    "modelOverrides.*": TEXT,
    "skillOverrides.*": _choice(*SKILL_SWITCH),
    "enabledPlugins.*": SWITCH,
    "extraKnownMarketplaces.*": OBJECT,
    "sandbox.**": ANYTHING,
    "worktree.baseRef": TEXT,
    "worktree.bgIsolation": TEXT,
    "editorMode": _choice("normal", "vim"),
    "theme": Kind(
        f"one of {', '.join(theme_names())}",
        lambda value: isinstance(value, str) and (value in theme_names() or value.startswith("custom:")),
    ),
    "preferredNotifChannel": _choice(*get_args(Channel)),
    "notifications": _choice("on", "off"),
    "viewMode": _choice("default", "verbose", "focus"),
    "skillListingBudgetFraction": Kind("a number from 0 to 1", _is_share),
    "skillListingMaxDescChars": _whole(1, 100_000),
    "check": TEXT,
    "checkTries": _whole(1, 20),
    "coder.transport": _choice(*get_args(Transport)),
    "coder.provider": _choice(*get_args(Provider)),
    "coder.keyHeader": _choice(*get_args(KeyHeader)),
    "coder.idleTimeout": Kind(f"a number of seconds up to {LONGEST_IDLE}", _is_seconds),
}
WHOLE = frozenset(
    {"extensions", "hooks", "statusLine", "subagentStatusLine", "fileSuggestion"}
)  # never shown in pieces


def path_of(key: str) -> tuple[str, ...]:
    """The keys that lead to a dotted one. What follows `env.` and its like is one name, dots and all."""
    section, _, name = key.partition(".")
    return (section, name) if f"{section}.*" in KINDS and name else tuple(key.split("."))


def kind_of(key: str) -> Kind | None:
    """None for a key that is not known."""
    section, _, name = key.partition(".")
    below = KINDS.get(f"{section}.*") or KINDS.get(f"{section}.**")
    return KINDS.get(key) or (below if name else None)


def is_group(key: str) -> bool:
    """Whether it holds settings, such as `permissions`, and is none itself."""
    return any(name.startswith(f"{key}.") for name in KINDS)


def unknown(key: str) -> str:
    """What to say of a key that is no setting."""
    if is_group(key):
        below = next(name for name in KINDS if name.startswith(f"{key}."))
        example = re.sub(r"\*+$", "NAME", below)
        return f"{key} is a group of settings. Name one of them, such as {example}."
    by_lower = {name.lower(): name for name in KINDS if not name.endswith("*")}
    by_lower |= {name.rpartition(".")[2].lower(): name for name in by_lower.values()}
    near = get_close_matches(key.lower(), by_lower, n=1)
    hint = f" Did you mean {by_lower[near[0]]}?" if near else ""
    return f"there is no setting {key}.{hint}"


def value_of(key: str, kind: Kind, text: str) -> object:
    """What a person typed, as JSON where that fits the key, else as the text it is. Raises ConfigError."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        value = text
    for candidate in (value, text):
        if kind.fits(candidate):
            return candidate
    if kind.is_list:
        raise ConfigError(f"{key} is {kind.says}. To add one: coder config add {key} VALUE.")
    raise ConfigError(f"{key} must be {kind.says}.")


def _refuse_constant(name: str) -> object:
    raise ValueError(name)  # NaN and Infinity are no JSON
