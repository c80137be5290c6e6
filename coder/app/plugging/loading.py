"""Puts the plugins of a session into its settings: their places, hooks, servers, and the agent that it is to be.

Must not know where plugins are found, or what is done with the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Any

from coder.app.plugging import trusting
from coder.app.plugging.finding import NotFound, root_of
from coder.app.plugging.options import Missing, named_by_variables, texts_of, variables_of
from coder.app.plugging.styles import forced_styles
from coder.app.plugging.unread import unread
from coder.commands import plugins as folders
from coder.commands.definition import Mistake
from coder.commands.options import Options
from coder.config.jsonfile import read_object
from coder.core.config import Config, HookSource, ServerSource
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.messages import Json
from coder.core.plugins import Plugin, PluginPlace, PluginProblem, PluginSettings
from coder.core.private import made_private
from coder.core.visible import visible_line

_DATA = Path("plugins/data")
_MOST_TOLD = 5  # problems of one plugin


def loaded(config: Config) -> Config:
    """The settings with all of its plugins in them; those that cannot be used are named in `plugins.problems`."""
    assert config.plugins is not None
    config = replace(config, plugins=replace(config.plugins, is_loaded=True))
    for path in _plugins(config).given:
        try:
            config = _with(config, path)
        except NotFound as error:
            config = _wrong(config, path.name, error.kind, f"--plugin-dir {path}", str(error))
    return config


def _with(config: Config, path: Path) -> Config:
    """Raises NotFound."""
    root = root_of(path, config.home)
    found = folders.load_plugin(root)
    name = visible_line(found.name)
    who = f"Plugin {name} ({path})"
    if found.flaw:
        return _wrong(config, name, found.flaw, who, _told(found.mistakes[0], root), whole=True)
    if (same := next((each for each in _plugins(config).loaded if each.name == name), None)) is not None:
        if same.root == root:
            return config
        return _wrong(config, name, "generic-error", who, f"{same.path} has the same name and came first", whole=True)
    options = _plugins(config).options.get(name, {})
    try:
        variables = variables_of(name, found.said.get("userConfig") or {}, options)
    except Missing as error:
        return _wrong(config, name, "user-config-missing", who, str(error), whole=True)
    for mistake in found.mistakes[:_MOST_TOLD]:
        config = _wrong(config, name, _kind(mistake), who, _told(mistake, root))
    for file, held in found.hooks:
        if not isinstance(held.get("hooks", held), dict):
            text = _told(Mistake(file, 0, "hooks must be an object: events with their hooks"), root)
            config = _wrong(config, name, "hook-load-failed", who, text)
    return _added(config, found, path, variables)


@dataclass(frozen=True, slots=True)
class _Running:
    """What a plugin would run, each piece with the file it stands in, the agent that the session would be, and, of one
    that lies in the repository, the styles that it would have."""

    hooks: tuple[tuple[Path, Json], ...]
    servers: tuple[tuple[Path, Json], ...]
    agent: str
    styles: Mapping[str, str]

    @property
    def content(self) -> Json:
        """All of it, for whoever is asked whether it may: handlers of one event are one list."""
        events: Json = {}
        for _, held in self.hooks:
            for event, groups in held.items():
                events[event] = [*events.get(event, []), *(groups if isinstance(groups, list) else [groups])]
        servers = {name: entry for _, held in self.servers for name, entry in held.items()}
        said: Json = {"hooks": events, "mcpServers": servers, "agent": self.agent, "outputStyle": dict(self.styles)}
        return {key: value for key, value in said.items() if value}


def _added(config: Config, found: folders.Plugin, path: Path, variables: Mapping[str, str]) -> Config:
    places = tuple(PluginPlace(place.folder, place.kind, place.single) for place in found.places)
    data = config.home / _DATA / "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in found.name)
    is_brought = trusting.is_brought(path, config.cwd)
    texts, version = _texts(found, variables, is_brought), found.said.get("version")
    version = version if isinstance(version, str) else ""
    plugin = Plugin(found.name, path, found.root, data, places, is_brought, texts, version=version)
    settings = _settings(found.root / "settings.json")
    config = _joined(config, plugin)
    if missing := unread(found.root, found.said, settings):
        text = f"Plugin {plugin.name}: coder does not use its {', '.join(missing)}."
        config = _say(config, text)
    running = _running(config, found, settings, is_brought=is_brought)
    if path in _plugins(config).without_servers:
        running = replace(running, servers=())
    if is_brought:
        trust = trusting.trusting(config, path, found.root, running.content)
        config = replace(config, trust=trust)
        file = trusting.file_of(path, config.cwd)
        if running.content and not (trust is not None and trust.counts(file)):
            return _untrusted(config, plugin)
        config = _with_styles(config, plugin, running.styles)
    return _running_in(config, plugin, running, variables)


def _texts(found: folders.Plugin, variables: Mapping[str, str], is_brought: bool) -> Options:
    """A repository may call what the person set for another plugin of this name no secret: it has its defaults."""
    asked = found.said.get("userConfig") or {}
    try:
        return texts_of(asked, variables_of(found.name, asked, {}) if is_brought else variables)
    except Missing:
        return ()


def _running(config: Config, found: folders.Plugin, settings: Json, *, is_brought: bool) -> _Running:
    hooks = [(file, held.get("hooks", held)) for file, held in found.hooks]
    agent = settings.get("agent")
    seen: set[str] = set()
    servers: list[tuple[Path, Json]] = []
    for file, held in found.servers:  # of two of one name the first counts: it is what is shown, too
        servers.append((file, {name: entry for name, entry in held.items() if name not in seen}))
        seen |= set(held)
    return _Running(
        tuple((file, events) for file, events in hooks if isinstance(events, dict) and events),
        tuple((file, held) for file, held in servers if held),
        agent if isinstance(agent, str) and not config.agents.main else "",
        forced_styles(found.places) if is_brought else {},
    )


def _running_in(config: Config, plugin: Plugin, running: _Running, variables: Mapping[str, str]) -> Config:
    own = {"CLAUDE_PLUGIN_ROOT": str(plugin.root), "CLAUDE_PLUGIN_DATA": str(plugin.data)}
    every = {**variables, **own}
    if running.hooks or running.servers:
        with suppress(OSError):  # whoever needs it will say so
            made_private(plugin.data)
    if running.agent:
        config = replace(config, agents=replace(config.agents, main=_agent(plugin, running.agent)))
    if running.hooks and config.hooks.heads == "all":
        sources = (
            HookSource(str(file), "flag", named_by_variables(events), root=str(plugin.root), variables=every)
            for file, events in running.hooks
        )
        config = replace(config, hooks=replace(config.hooks, sources=(*config.hooks.sources, *sources)))
    if running.servers and config.servers.is_closed:
        text = (
            f"Plugin {plugin.name}: its MCP servers are not used: this session has those it was given, and no others."
        )
        return _say(config, text)
    entries = (
        ServerSource(
            str(file),
            "plugin",
            {f"plugin:{plugin.name}:{name}": _entry(entry, own) for name, entry in servers.items()},
            config.cwd,
            variables=every,
            withholds=plugin.is_brought,
        )
        for file, servers in running.servers
    )
    return replace(config, servers=replace(config.servers, sources=(*config.servers.sources, *entries)))


def _entry(entry: object, own: Mapping[str, str]) -> Any:
    """A program is told where its plugin lies; what its entry says itself counts more."""
    made = named_by_variables(entry)
    if not isinstance(made, dict) or "url" in made or made.get("type") not in (None, "stdio"):
        return made
    given = made.get("env", {})
    return {**made, "env": {**{name: f"${{{name}}}" for name in own}, **given}} if isinstance(given, dict) else made


def _agent(plugin: Plugin, name: str) -> str:
    """One of its own, which it may call without its own name."""
    return name if name.startswith(f"{plugin.name}:") else f"{plugin.name}:{name}"


def _untrusted(config: Config, plugin: Plugin) -> Config:
    named = visible_line(quote(str(plugin.path)))
    text = (
        f"Plugin {plugin.name} lies in the repository you work in, so its hooks, MCP servers and settings are not used "
        f"before you trust them. `coder trust --plugin-dir {named}` shows them, `coder trust add --plugin-dir {named}` "
        "trusts them, --trust-folder does for one run."
    )
    return _say(config, text)


def _settings(file: Path) -> Json:
    try:
        parsed = read_object(file)
    except ConfigError:
        return {}
    return parsed.value if parsed is not None else {}


def _joined(config: Config, plugin: Plugin) -> Config:
    plugins = _plugins(config)
    return replace(config, plugins=replace(plugins, loaded=(*plugins.loaded, plugin)))


def _with_styles(config: Config, plugin: Plugin, styles: Mapping[str, str]) -> Config:
    plugins = _plugins(config)
    approved = replace(plugin, styles=frozenset(styles.values()))
    loaded = tuple(approved if each is plugin else each for each in plugins.loaded)
    return replace(config, plugins=replace(plugins, loaded=loaded))


def _wrong(config: Config, name: str, kind: str, who: str, text: str, *, whole: bool = False) -> Config:
    plugins = _plugins(config)
    line = visible_line(f"{who}{' is not loaded' if whole else ''}: {text.removesuffix('.')}.")
    problems = (*plugins.problems, PluginProblem(visible_line(name), kind, line))
    return _say(replace(config, plugins=replace(plugins, problems=problems)), line)


def _say(config: Config, text: str) -> Config:
    plugins = replace(_plugins(config), notices=(*_plugins(config).notices, text))
    return replace(config, plugins=plugins, warnings=(*config.warnings, text))


def _kind(mistake: Mistake) -> str:
    if mistake.path.name == folders.SERVERS or mistake.text.startswith("mcpServers"):
        return "mcp-config-invalid"
    is_of_hooks = mistake.path.name == "hooks.json" or mistake.text.startswith("hooks")
    return "hook-load-failed" if is_of_hooks else "component-load-failed"


def _told(mistake: Mistake, root: Path) -> str:
    file = mistake.path.relative_to(root) if mistake.path.is_relative_to(root) else mistake.path
    where = f"{file}, line {mistake.line}" if mistake.line else str(file)
    return f"{mistake.text} ({where})"


def _plugins(config: Config) -> PluginSettings:
    assert config.plugins is not None
    return config.plugins
