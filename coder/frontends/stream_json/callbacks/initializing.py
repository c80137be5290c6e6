"""What a host wants of the session before it begins: its `initialize` request, read and checked, and put into the
configuration. Must not know how a session is opened.

A wish that cannot be followed is an error of the request, never passed over: a guard that nobody calls is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from coder.app.hooking.points import HeadHooks
from coder.app.hosted import HOST
from coder.config.environment import switch, whole
from coder.core.config import Config, HookSource, RuleText, ServerSource
from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.frontends.stream_json.callbacks.chosen_skills import ChosenSkills
from coder.frontends.stream_json.callbacks.entries import hosted_entry, policies
from coder.frontends.stream_json.control import RequestError

if TYPE_CHECKING:
    from coder.hooks import config as hook_config
    from coder.hooks import points
else:  # where a host has hooks
    hook_config, points = LazyModule("coder.hooks.config"), LazyModule("coder.hooks.points")

_NO_SUMMARIES = "CLAUDE_CODE_DISABLE_AGENT_PROGRESS_SUMMARIES"
_BEAT = "CODER_AGENT_SUMMARY_SECONDS"
_EVERY = 30  # seconds
_MOST_NAMED = 5  # of what is wrong, in an error
_MOST_PLUGINS = 1000


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Initialize:
    """`hooks` are matchers with callbacks by event, None: the request says nothing of hooks. `agents` are definitions
    by name, `skills` those that the model is told of (None: all), `servers` the host's own with their settings,
    `started` those that coder is to start or reach, as a file of servers has them (None: nothing is said of them).
    `plugins` are folders and archives; of those in `plugins_without_servers` no server is wanted.
    `system` replaces the system prompt, also when it is empty; `schema` is what an answer has to fit, `planning` how
    to plan, `aliases` which tool is meant by a name. `forwards`: what agents write is told too; `stops_tasks`: the host
    can stop one agent, so that an interrupt leaves those in the background alone. `suggests`: it wants the next prompt
    suggested, `summarizes`: and what agents are doing in a model's words. Both cost requests."""

    hooks: Mapping[str, Any] | None = None
    agents: Mapping[str, Json] = field(default_factory=dict)
    skills: tuple[str, ...] | None = None
    servers: Mapping[str, Json] = field(default_factory=dict)
    started: Json | None = None
    plugins: tuple[str, ...] = ()
    plugins_without_servers: tuple[str, ...] = ()
    system: str | None = None
    appended: str = ""
    appended_for_agents: str = ""
    denied: tuple[str, ...] = ()
    title: str = ""
    schema: Json | None = None
    forwards: bool = False
    planning: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    stops_tasks: bool = False
    suggests: bool = False
    summarizes: bool = False

    def head_hooks(self) -> HeadHooks:
        """The hooks, for a session that is open already: they take the place of those before them."""
        return HeadHooks(HOST, "", self.hooks or {}, hosted=True)


def read(request: Json) -> Initialize:
    """Raises RequestError that says what of it cannot be used. What nobody knows is left out, as it is of files."""
    fields = _Fields(request)
    settings = fields.objects("sdkMcpServerConfigs")
    plugins = fields.plugins("plugins")
    return Initialize(
        hooks=_hooks(fields.object("hooks")),
        agents={name: _agent(value) for name, value in fields.objects("agents").items()},
        skills=fields.texts("skills"),
        servers={name: settings.get(name, {}) for name in fields.texts("sdkMcpServers") or ()},
        started=fields.object("mcpServers"),
        plugins=tuple(plugins),
        plugins_without_servers=tuple(path for path, has_servers in plugins.items() if not has_servers),
        system=_joined(request.get("systemPrompt"), fields),
        appended=fields.text("appendSystemPrompt"),
        appended_for_agents=fields.text("appendSubagentSystemPrompt"),
        denied=fields.texts("disallowedTools") or (),
        title=fields.text("title"),
        schema=fields.object("jsonSchema"),
        forwards=request.get("forwardSubagentText") is True,
        planning=fields.text("planModeInstructions").strip(),
        aliases=fields.named("toolAliases"),
        stops_tasks=request.get("perTaskStopAffordance") is True,
        suggests=request.get("promptSuggestions") is True,
        summarizes=request.get("agentProgressSummaries") is True,
    )


def configured(config: Config, wanted: Initialize, set_since: Mapping[str, object] | None = None) -> Config:
    """The configuration of a session as the host wants it. Nothing of the settings is taken away by that: what a folder
    or an administrator forbids is forbidden. `set_since` are the servers that it has set in the place of its own."""
    hooks, servers, guidance, agents = config.hooks, config.servers, config.guidance, config.agents
    if wanted.hooks:
        hooks = replace(hooks, sources=(*hooks.sources, HookSource(HOST, "session", wanted.hooks, hosted=True)))
    entries: Mapping[str, object] | None = set_since
    if entries is None:
        entries = {name: hosted_entry(settings) for name, settings in wanted.servers.items()}
    if entries:  # also where no others are to be there: it is who starts us that says so
        servers = replace(servers, sources=(ServerSource(HOST, "flag", entries, config.cwd), *servers.sources))
    if wanted.skills is not None:
        guidance = replace(guidance, overrides=ChosenSkills(wanted.skills, guidance.overrides))
    if wanted.agents:
        agents = replace(agents, given={**agents.given, **wanted.agents})
    if wanted.appended_for_agents:
        agents = replace(agents, appended=_both(agents.appended, wanted.appended_for_agents))
    if wanted.summarizes and not switch(config.env, _NO_SUMMARIES):
        agents = replace(agents, summaries=whole(config.env, _BEAT, 1) or _EVERY)
    config = ruled(config, wanted, set_since)
    return replace(
        config,
        hooks=hooks,
        servers=servers,
        guidance=guidance,
        agents=agents,
        system_prompt=config.system_prompt if wanted.system is None else wanted.system,
        append_system_prompt=_both(config.append_system_prompt, wanted.appended),
        json_schema=config.json_schema if wanted.schema is None else wanted.schema,
        plan_instructions=wanted.planning,
        tool_aliases=wanted.aliases,
    )


def ruled(config: Config, wanted: Initialize, set_since: Mapping[str, object] | None = None) -> Config:
    """With the rules of the host: they stand beside those of settings, also when these are read again."""
    own = {name: {**each, "type": "sdk"} for name, each in wanted.servers.items()} if set_since is None else {}
    said = policies(own)
    said["deny"] = (*wanted.denied, *said["deny"])
    rules = (RuleText(rule, kind, "flag", HOST, config.cwd) for kind, texts in said.items() for rule in texts)
    return replace(config, rules=(*rules, *config.rules))


def _hooks(given: Json | None) -> Mapping[str, Any] | None:
    """Those of events that there are. Raises RequestError for one that would never be called."""
    if given is None:
        return None
    known = {event: groups or [] for event, groups in given.items() if event in points.POINTS}
    wrong = hook_config.HookSet.of((HookSource("initialize", "session", known, hosted=True),))[1]
    if wrong:
        more = f" and {len(wrong) - _MOST_NAMED} more" if len(wrong) > _MOST_NAMED else ""
        raise RequestError(" ".join(wrong[:_MOST_NAMED]) + more)
    return known


def _agent(definition: Json) -> Json:
    """As `--agents` has it: null is as good as missing."""
    return {key: value for key, value in definition.items() if value is not None}


def _joined(raw: object, fields: _Fields) -> str | None:
    if isinstance(raw, list):
        return "\n\n".join(fields.texts("systemPrompt") or ())
    return None if raw is None else fields.text("systemPrompt")


def _both(first: str, second: str) -> str:
    return "\n\n".join(filter(None, (first, second)))


class _Fields:
    """Of a request; null is as good as missing. Methods raise RequestError."""

    def __init__(self, raw: Json) -> None:
        self._raw = raw

    def text(self, key: str) -> str:
        value = self._raw.get(key)
        if value is not None and not isinstance(value, str):
            raise RequestError(f"initialize: {key} must be a text")
        return value or ""

    def texts(self, key: str) -> tuple[str, ...] | None:
        value = self._raw.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise RequestError(f"initialize: {key} must be a list of texts")
        return tuple(value)

    def object(self, key: str) -> Json | None:
        value = self._raw.get(key)
        if value is not None and not isinstance(value, dict):
            raise RequestError(f"initialize: {key} must be an object")
        return value

    def plugins(self, key: str) -> dict[str, bool]:
        """Whether servers are wanted of each folder or archive."""
        value = self._raw.get(key)
        if value is None:
            return {}
        if not isinstance(value, list) or len(value) > _MOST_PLUGINS:
            raise RequestError(f"initialize: {key} must be a list of at most {_MOST_PLUGINS}")
        found: dict[str, bool] = {}
        for at, each in enumerate(value):
            path = each.get("path") if isinstance(each, dict) and each.get("type") == "local" else None
            if not isinstance(path, str) or not path.strip() or "\0" in path:
                raise RequestError(f'initialize: {key}[{at}] must be {{"type": "local", "path": "…"}}')
            found[path] = each.get("skipMcpDiscovery") is not True
        return found

    def named(self, key: str) -> dict[str, str]:
        """A text for each name."""
        value = self.object(key) or {}
        for name, each in value.items():
            if not isinstance(each, str) or not each:
                raise RequestError(f"initialize: {key}.{visible_line(name)[:80]} must be a text that is not empty")
        return value

    def objects(self, key: str) -> dict[str, Json]:
        value = self.object(key) or {}
        for name, each in value.items():
            if not isinstance(each, dict):
                raise RequestError(f"initialize: {key}.{visible_line(name)[:80]} must be an object")
        return value
