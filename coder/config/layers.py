"""All settings files of a session, stacked: the strongest first, with what an untrusted folder may not say taken out.
Must not know flags, environment variables or what the settings are for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from coder.config.jsonfile import parse_object, read_object
from coder.config.paths import Source, doubts, expand
from coder.config.settings import Settings, settings_of
from coder.core.config import Behaviour, RuleText, Scope
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    from coder.config import granted, question, trust
    from coder.core.messages import Json
    from coder.core.trust import Trust
else:  # loaded when a folder brings settings or commands of its own
    granted = LazyModule("coder.config.granted")
    question = LazyModule("coder.config.question")
    trust = LazyModule("coder.config.trust")

T = TypeVar("T")
_REPOSITORY: tuple[Scope, ...] = ("local", "project")
_MCP_FILE = ".mcp.json"


@dataclass(frozen=True, slots=True)
class Layer:
    """One settings file. `origin` is its path, or the flag it came with; `content` what `settings` were made from."""

    scope: Scope
    origin: str
    base: Path
    settings: Settings
    warnings: tuple[str, ...] = ()
    content: Json = field(default_factory=dict, repr=False)

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
    """`layers` are the strongest first. `trust` is None when the folder has no settings of its own, unless it is
    trusted for this run. `servers` is what stands in its .mcp.json, whether that counts or not."""

    layers: tuple[Layer, ...]
    warnings: tuple[str, ...]
    trust: Trust | None = None
    servers: Json = field(default_factory=dict, repr=False)

    def first(self, value: Callable[[Settings], T | None]) -> T | None:
        """The value of the strongest file that sets it."""
        return next((found for layer in self.layers if (found := value(layer.settings)) is not None), None)

    def where(self, value: Callable[[Settings], object], scope: Scope | None = None) -> Layer | None:
        """The strongest file that sets it, of all or of one scope."""
        layers = (layer for layer in self.layers if scope is None or layer.scope == scope)
        return next((layer for layer in layers if value(layer.settings) is not None), None)

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


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """The settings files of the start folder and the `contents` of all its files by name, as they were read, once."""

    layers: tuple[Layer, ...]
    contents: Mapping[str, Json]
    warnings: tuple[str, ...]


def stacked(
    sources: Iterable[Source],
    flag: Layer | None,
    home: Path,
    cwd: Path,
    *,
    strict: bool,
    once: bool = False,
    below: Callable[[Sequence[Layer]], Layer] | None = None,
) -> Stack:
    """Reads the files: the person's and the administrator's, then what was approved, then the folder's own.

    `flag` is the layer of `--settings`, which stands below managed files only; `once` trusts the folder for this run.
    `below` makes what stands just below the managed files, given all that is no folder's. A file that cannot be read
    whole raises ConfigError when `strict`, and always when it is a managed one; otherwise it is left out with a
    warning.
    """
    every = tuple(sources)
    warnings: list[str] = []
    own = _read_all([source for source in every if source.scope not in _REPOSITORY], warnings, strict=strict)
    theirs = folder_files(every, cwd, strict=strict)
    layers = [layer for layer in own if layer.scope == "managed"]
    layers += [] if below is None else [below([*own, *([] if flag is None else [flag])])]
    layers += [] if flag is None else [flag]
    layers += theirs.layers
    layers += [layer for layer in own if layer.scope != "managed"]
    warnings += theirs.warnings
    warnings += [warning for layer in layers for warning in layer.warnings]
    if not theirs.contents:
        return Stack(tuple(layers), tuple(warnings), trust.judge({}, home, cwd, once=True) if once else None)
    judged: Trust = trust.judge(theirs.contents, home, cwd, once=once)
    tamed = [_tamed(layer, judged, cwd, warnings) if layer.scope in _REPOSITORY else layer for layer in layers]
    if judged.off:
        warnings.append(question.notice(judged))
    return Stack(tuple(tamed), tuple(warnings), judged, theirs.contents.get(_MCP_FILE, {}))


def folder_files(sources: Iterable[Source], cwd: Path, *, strict: bool) -> FolderFiles:
    """What stands in the start folder, of the `sources` that lie in it. Runs nothing. Raises ConfigError as above."""
    found = [source for source in sources if source.scope in _REPOSITORY]
    warnings: list[str] = []
    layers = _read_all(found, warnings, strict=strict)
    contents = {_name(layer, cwd): layer.content for layer in layers}
    if any(source.scope == "project" for source in found):
        try:
            if (servers := read_object(cwd / _MCP_FILE)) is not None:
                contents[_MCP_FILE] = servers.value
                again = (
                    f"{cwd / _MCP_FILE}: the key {key!r} stands there twice; the last one counts."
                    for key in servers.repeated
                )
                warnings += again
        except ConfigError as error:
            warnings.append(f"{error} None of its servers is used.")
        contents |= _commands(found, cwd)
    return FolderFiles(tuple(layers), contents, tuple(warnings))


def _commands(found: list[Source], cwd: Path) -> dict[str, Json]:
    """What the heads of commands, skills and agents grant, up to the top of the repository."""
    above: list[Path] = []
    for folder in (cwd, *cwd.parents):
        above.append(folder)
        if os.path.lexists(folder / ".git"):
            break
    else:
        above = [cwd]
    own = [source.path.parent for source in found if source.scope == "project"]
    own += [cwd / ".agents"] if any(folder.parent == cwd for folder in own) else []
    every = own + [level / name for level in above[1:] for name in (".coder", ".claude", ".agents")]
    some = [
        folder
        for folder in dict.fromkeys(every)
        if any((folder / kind).is_dir() for kind in ("skills", "commands", "agents"))
    ]
    return dict(granted.grants(some, cwd, above[-1])) if some else {}


def _read_all(sources: Iterable[Source], warnings: list[str], *, strict: bool) -> list[Layer]:
    layers: list[Layer] = []
    for source in sources:
        doubt = doubts(source.path) if source.scope == "user" else None
        if doubt is not None and doubt.foreign:
            warnings.append(f"{doubt.text} {source.path} is not used.")
            continue
        try:
            layer = _read(source)
        except ConfigError as error:
            if strict or source.scope == "managed":
                raise ConfigError(f"{error} coder does not start, because its deny rules would be missing.") from error
            warnings.append(f"{error} None of it is used: neither its allow rules nor its deny rules are loaded.")
            continue
        if layer is not None and doubt is not None:
            warnings.append(f"{doubt.text} Of {source.path} only what forbids or asks is used.")
            layer = replace(layer, settings=_tightening(layer.settings))
        if layer is not None:
            layers.append(layer)
            warnings += [source.note] if source.note else []
    return layers


def flag_layer(text: str, env: Mapping[str, str], cwd: Path) -> Layer:
    """What `--settings` gives: a JSON object, or the path of a settings file. Raises ConfigError."""
    if text.lstrip().startswith("{"):
        parsed = parse_object(text, "--settings")
        return Layer("flag", "--settings", cwd, *settings_of(parsed, "--settings"), parsed.value)
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
    return Layer(source.scope, origin, source.base, *settings_of(parsed, origin), parsed.value)


def _name(layer: Layer, cwd: Path) -> str:
    path = Path(layer.origin)  # elsewhere only when the person's own folder lies in the same repository
    return (path.relative_to(cwd) if path.is_relative_to(cwd) else path).as_posix()


def _tamed(layer: Layer, judged: Trust, cwd: Path, warnings: list[str]) -> Layer:
    """What a repository says may always tighten, but loosens only when it was approved, and some things never."""
    name = _name(layer, cwd)
    settings, never = _without_forbidden(layer.settings)
    if settings.needs_sandbox and not judged.counts(name):
        warnings.append(f"{name}: sandbox.failIfUnavailable does not count: this folder is not trusted.")
    warnings += [f"{name}: {what} is never taken from a project. Set it in your own settings." for what in never]
    return replace(layer, settings=settings if judged.counts(name) else _tightening(settings))


def _without_forbidden(settings: Settings) -> tuple[Settings, list[str]]:
    never: list[str] = []
    if settings.api_key_helper is not None:
        never.append("apiKeyHelper")
    if settings.mode == "bypassPermissions":
        never.append("defaultMode bypassPermissions")
        settings = replace(settings, mode=None)
    if settings.confirm_irreversible is not None:
        never.append("confirmIrreversible")
    if settings.checkpoints is False:
        never.append("fileCheckpointingEnabled false")
    if settings.servers_allowed is not None:
        never.append("allowedMcpServers")
    settings = replace(settings, servers_allowed=None, managed_servers_only=None)
    return replace(settings, api_key_helper=None, confirm_irreversible=None, checkpoints=None), never


def _tightening(settings: Settings) -> Settings:
    """The part that holds without trust: what forbids or asks, and harmless choices such as the model and the looks."""
    return Settings(
        ask=settings.ask,
        deny=settings.deny,
        bypass_disabled=settings.bypass_disabled,
        model=settings.model,
        effort=settings.effort,
        thinking=settings.thinking,
        suggests=settings.suggests,
        theme=settings.theme,
        vim=settings.vim,
        verbose=settings.verbose,
        screen_reader=settings.screen_reader,
        reduced_motion=settings.reduced_motion,
        still=settings.still,
        ambiguous_wide=settings.ambiguous_wide,
        channel=settings.channel,
        notifications=settings.notifications,
        bundled_off=settings.bundled_off,
        shell_in_commands_off=settings.shell_in_commands_off,
        skill_overrides=settings.skill_overrides,
        listing_share=settings.listing_share,
        listing_chars=settings.listing_chars,
        style=settings.style,
        language=settings.language,
        git=settings.git,
        commit=settings.commit,
        pr=settings.pr,
        co_author=settings.co_author,
        check_tries=settings.check_tries,
        servers_off=settings.servers_off,
        servers_denied=settings.servers_denied,
    )
