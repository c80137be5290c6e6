"""What one settings file says, checked by hand: wrong values are dropped with a warning, and what would leave a deny
rule unread is an error. Must not know other files, precedence or trust.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from coder.config.jsonfile import Parsed
from coder.core.config import Provider, Transport
from coder.core.errors import ConfigError
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.core.model import Effort
from coder.core.tools import MODES, Mode

if TYPE_CHECKING:
    from coder.config import splice
else:
    splice = LazyModule("coder.config.splice")

KeyHeader = Literal["authorization", "x-api-key"]
_MODE_NAMES: dict[str, Mode] = {**{mode: mode for mode in MODES}, "manual": "default"}
_NEVER_TWICE = frozenset({"permissions", "deny", "ask"})  # a repeated one would silently lose rules
LONGEST_IDLE = 3600


@dataclass(frozen=True, slots=True)
class Settings:
    """The keys that are used. None: not set.

    `confirm_irreversible`: whether what cannot be undone is asked about. `managed_rules_only`: nobody but the
    administrator may allow; it means something in managed files only.
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
    checkpoints: bool | None = None


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
    top = _Section(parsed.value, parsed.text, origin)
    top.warnings += [f"{origin}: the key {key!r} stands there twice; the last one counts." for key in parsed.repeated]
    rules = top.section("permissions", strict=True)
    ours = top.section("coder")
    found = Settings(
        allow=rules.texts("allow"),
        ask=rules.texts("ask", strict=True),
        deny=rules.texts("deny", strict=True),
        mode=rules.choice("defaultMode", _MODE_NAMES),
        bypass_disabled=rules.choice("disableBypassPermissionsMode", {"disable": True}) or False,
        confirm_irreversible=top.switch("confirmIrreversible"),
        managed_rules_only=top.switch("allowManagedPermissionRulesOnly"),
        directories=rules.texts("additionalDirectories"),
        env=top.strings("env"),
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
        checkpoints=top.switch("fileCheckpointingEnabled"),
    )
    return found, tuple(top.warnings)


class _Section:
    """One object of a file, read key by key."""

    def __init__(
        self, raw: Json, text: str, origin: str, keys: tuple[str, ...] = (), warnings: list[str] | None = None
    ) -> None:
        self._raw = raw
        self._text = text
        self._origin = origin
        self._keys = keys
        self.warnings: list[str] = [] if warnings is None else warnings

    def section(self, key: str, *, strict: bool = False) -> _Section:
        value = self._raw.get(key)
        if value is not None and not isinstance(value, dict):
            self._refuse(key, "an object", value, strict=strict)
        raw = value if isinstance(value, dict) else {}
        return _Section(raw, self._text, self._origin, (*self._keys, key), self.warnings)

    def text(self, key: str) -> str | None:
        value = self._raw.get(key)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        self._refuse(key, "a text that is not empty", value)
        return None

    def switch(self, key: str) -> bool | None:
        value = self._raw.get(key)
        if value is None or isinstance(value, bool):
            return value
        self._refuse(key, "true or false", value)
        return None

    def seconds(self, key: str) -> float | None:
        value = self._raw.get(key)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= LONGEST_IDLE:
            return float(value)
        self._refuse(key, f"a number of seconds up to {LONGEST_IDLE}", value)
        return None

    def whole(self, key: str, lowest: int, highest: int) -> int | None:
        value = self._raw.get(key)
        if value is None or (type(value) is int and lowest <= value <= highest):
            return value
        self._refuse(key, f"a whole number from {lowest} to {highest}", value)
        return None

    def choice(self, key: str, choices: Mapping[str, Any]) -> Any:
        value = self._raw.get(key)
        if isinstance(value, str) and value in choices:
            return choices[value]
        if value is not None:
            self._refuse(key, "one of " + ", ".join(choices), value)
        return None

    def texts(self, key: str, *, strict: bool = False) -> tuple[str, ...]:
        value = self._raw.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self._refuse(key, "a list of texts", value, strict=strict)
            return ()
        for index, item in enumerate(value):
            if not isinstance(item, str):
                self._refuse(key, "a text", item, index, strict=strict)
        return tuple(item for item in value if isinstance(item, str))

    def strings(self, key: str) -> dict[str, str]:
        """An object of texts; a whole number is taken as its digits."""
        value = self._raw.get(key)
        if value is not None and not isinstance(value, dict):
            self._refuse(key, "an object of texts", value)
        found: dict[str, str] = {}
        for name, item in (value if isinstance(value, dict) else {}).items():
            if not isinstance(item, str | int) or isinstance(item, bool) or "\0" in str(item):
                self._refuse(key, "a text", None if isinstance(item, str) else item, name)
            elif not name or "=" in name or "\0" in name:
                self._refuse(key, "a variable name without '='", None, name)
            else:
                found[name] = str(item)
        return found

    def _refuse(
        self, key: str, expected: str, value: object, below: str | int | None = None, *, strict: bool = False
    ) -> None:
        """`below` is the name or the place of what is wrong inside of the key."""
        keys: tuple[str | int, ...] = (*self._keys, key) if below is None else (*self._keys, key, below)
        where = self._origin
        if self._text:
            where += f", {splice.place(self._text, splice.offset(self._text, keys))}"
        name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in keys)[1:]
        message = f"{where}: {name} must be {expected}{'' if value is None else f', not {_shown(value)}'}."
        if strict:
            raise ConfigError(message)
        self.warnings.append(f"{message} It is not used.")


def _shown(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return repr(value if len(value) <= 40 else value[:40] + "…")
        case int() | float():
            return str(value)[:40]
        case list():
            return "a list"
        case _:
            return "an object"


def _same(choices: Any) -> dict[str, Any]:
    return {name: name for name in get_args(choices)}
