"""All settings files of a session, stacked: the strongest first, with what an untrusted folder may not say taken out.
Must not know flags, environment variables or what the settings are for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from coder.config.jsonfile import parse_object, read_object
from coder.config.paths import Source, expand
from coder.config.settings import Settings, settings_of
from coder.config.trust import is_trusted
from coder.core.config import Behaviour, RuleText, Scope
from coder.core.errors import ConfigError

T = TypeVar("T")
_REPOSITORY: tuple[Scope, ...] = ("local", "project")


@dataclass(frozen=True, slots=True)
class Layer:
    """One settings file. `origin` is its path, or the flag it came with."""

    scope: Scope
    origin: str
    base: Path
    settings: Settings
    warnings: tuple[str, ...] = ()

    def rules(self) -> Iterator[RuleText]:
        texts: tuple[tuple[Behaviour, tuple[str, ...]], ...] = (
            ("deny", self.settings.deny),
            ("ask", self.settings.ask),
            ("allow", self.settings.allow),
        )
        for behaviour, rules in texts:
            yield from (RuleText(text, behaviour, self.scope, self.origin, self.base) for text in rules)


@dataclass(frozen=True, slots=True)
class Stack:
    """`layers` are the strongest first."""

    layers: tuple[Layer, ...]
    warnings: tuple[str, ...]

    def first(self, value: Callable[[Settings], T | None]) -> T | None:
        """The value of the strongest file that sets it."""
        return next((found for layer in self.layers if (found := value(layer.settings)) is not None), None)

    def where(self, value: Callable[[Settings], object]) -> Layer | None:
        """The strongest file that sets it."""
        return next((layer for layer in self.layers if value(layer.settings) is not None), None)

    @property
    def managed_rules_only(self) -> bool:
        """Whether the administrator keeps everybody else from allowing."""
        return any(layer.scope == "managed" and layer.settings.managed_rules_only for layer in self.layers)

    def rules(self) -> tuple[RuleText, ...]:
        return tuple(rule for layer in self.layers for rule in layer.rules())

    def env(self, *, managed: bool) -> dict[str, str]:
        """The variables that files set: those of managed files, or those of all others."""
        found: dict[str, str] = {}
        for layer in reversed(self.layers):
            if (layer.scope == "managed") is managed:
                found |= layer.settings.env
        return found


def stacked(sources: Iterable[Source], flag: Layer | None, home: Path, cwd: Path, *, strict: bool) -> Stack:
    """Reads the files. `flag` is the layer of `--settings`, which stands below managed files only.

    A file that cannot be read whole raises ConfigError when `strict`, and always when it is a managed one; otherwise
    it is left out with a warning.
    """
    layers: list[Layer] = []
    warnings: list[str] = []
    for source in sources:
        try:
            layer = _read(source)
        except ConfigError as error:
            if strict or source.scope == "managed":
                raise ConfigError(f"{error} coder does not start, because its deny rules would be missing.") from error
            warnings.append(f"{error} None of it is used: neither its allow rules nor its deny rules are loaded.")
            continue
        if layer is not None:
            layers.append(layer)
    if flag is not None:
        layers.insert(sum(layer.scope == "managed" for layer in layers), flag)
    warnings += [warning for layer in layers for warning in layer.warnings]
    if any(layer.scope in _REPOSITORY for layer in layers):
        layers, more = _tamed(layers, cwd, trusted=is_trusted(home, cwd))
        warnings += more
    return Stack(tuple(layers), tuple(warnings))


def flag_layer(text: str, env: Mapping[str, str], cwd: Path) -> Layer:
    """What `--settings` gives: a JSON object, or the path of a settings file. Raises ConfigError."""
    if text.lstrip().startswith("{"):
        return Layer("flag", "--settings", cwd, *settings_of(parse_object(text, "--settings"), "--settings"))
    path = expand(text, env, cwd)
    layer = _read(Source("flag", path, path.parent))
    if layer is None:
        raise ConfigError(f"--settings: there is no file {path}. Give a settings file or a JSON object.")
    return layer


def _read(source: Source) -> Layer | None:
    parsed = read_object(source.path)
    if parsed is None:
        return None
    origin = str(source.path)
    return Layer(source.scope, origin, source.base, *settings_of(parsed, origin))


def _tamed(layers: Iterable[Layer], cwd: Path, *, trusted: bool) -> tuple[list[Layer], list[str]]:
    """What a repository says may always tighten, but loosens only when trusted, and some things never."""
    kept: list[Layer] = []
    warnings: list[str] = []
    unused: list[str] = []
    for layer in layers:
        settings = layer.settings
        if layer.scope in _REPOSITORY:
            name = str(Path(layer.origin).relative_to(cwd))
            settings, never = _without_forbidden(settings)
            warnings += [
                f"{name}: {what} is never taken from a project. Set it in your own settings." for what in never
            ]
            if not trusted:
                unused += [f"{what} of {name}" for what in _loosening(settings)]
                settings = _tightening(settings)
        kept.append(replace(layer, settings=settings))
    if unused:
        verb = "is" if len(unused) == 1 and not unused[0].split(" of ")[0].endswith("s") else "are"
        warnings.append(f"this workspace has not been trusted: {', '.join(unused)} {verb} not used")
    return kept, warnings


def _without_forbidden(settings: Settings) -> tuple[Settings, list[str]]:
    never: list[str] = []
    if settings.api_key_helper is not None:
        never.append("apiKeyHelper")
    if settings.mode == "bypassPermissions":
        never.append("defaultMode bypassPermissions")
        settings = replace(settings, mode=None)
    return replace(settings, api_key_helper=None), never


def _loosening(settings: Settings) -> Iterator[str]:
    if count := len(settings.allow):
        yield f"{count} allow rule{'' if count == 1 else 's'}"
    if settings.mode is not None:
        yield "defaultMode"
    if settings.directories:
        yield "additionalDirectories"
    if settings.env:
        yield "env"
    if any((settings.transport, settings.provider, settings.key_header, settings.idle_timeout)):
        yield "coder"


def _tightening(settings: Settings) -> Settings:
    """The part that holds without trust: what forbids or asks, and harmless choices such as the model."""
    return Settings(
        ask=settings.ask,
        deny=settings.deny,
        bypass_disabled=settings.bypass_disabled,
        model=settings.model,
        effort=settings.effort,
        thinking=settings.thinking,
    )
