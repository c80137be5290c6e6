"""Agent files: a name, when to call it, its tools, and its system prompt below. Must not know who runs agents."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from coder.commands import agent_fields
from coder.commands.command import decoded
from coder.commands.definition import Mistake, Origin
from coder.commands.fields import Fields
from coder.commands.places import Place, files_in
from coder.core import agent_servers
from coder.core.choices import Effort
from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.frontmatter.found import Search, Signature, signature
from coder.frontmatter.read import Head, split
from coder.permissions.names import names

if TYPE_CHECKING:
    from coder.commands import options
else:  # for agents of plugins
    options = LazyModule("coder.commands.options")

KEYS = names(
    "name description tools disallowedTools model permissionMode maxTurns skills mcpServers hooks memory "
    "background effort isolation color initialPrompt "
    f"omitClaudeMd autoCompactWindow {agent_fields.REMINDER}"
)
_MEANT = {
    "allowed-tools": "tools",
    "disallowed-tools": "disallowedTools",
    "permissions": "permissionMode",
    "tool_access": "tools",
}
_NOT_OF_PLUGINS = ("hooks", "mcpServers", "permissionMode")
_MODES = ("default", "acceptEdits", "plan", "auto", "dontAsk", "bypassPermissions")
GIVEN = Path("--agents")  # where those of the command line stand
_ORDER: tuple[Origin, ...] = ("managed", "given", "project", "added", "yours", "plugin", "built-in")


@dataclass(frozen=True, slots=True, eq=False)
class Agent:
    """`tools` None: those of who calls it. `prompt` is the system prompt, `opening` what is said to it first.
    `knows_project`: it is told what the project's memory files say, and how git stands. `max_calls` bounds its tool
    calls. `no_memory`: of memory files only the administrator's are told to it. `compacts_at` is the window, in tokens,
    that it thinks it has. `reads_only`: it changes nothing, in whatever mode the session is. `digest` stands for the
    file as it was read, where something in its head counts only with trust."""

    name: str
    file: Path
    origin: Origin
    description: str
    prompt: str
    tools: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    model: str = ""
    mode: str = ""
    max_turns: int | None = None
    skills: tuple[str, ...] = ()
    servers: tuple[Any, ...] = ()
    hooks: Mapping[str, Any] = field(default_factory=dict)
    memory: Literal["", "user", "project", "local"] = ""
    background: bool = False
    effort: Effort | None = None
    isolation: str = ""
    color: str = ""
    opening: str = ""
    first_line: int = 1
    knows_project: bool = True
    no_memory: bool = False
    compacts_at: int | None = None
    max_calls: int | None = None
    reads_only: bool = False
    digest: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """`agents` count, the strongest first; `hidden` would, were there none of the same name before them. `seen` tells
    whether any of it may have changed since."""

    agents: tuple[Agent, ...] = ()
    hidden: tuple[Agent, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    seen: Mapping[Path, Signature] = field(default_factory=dict)

    def stale(self) -> bool:
        """Whether a file or folder was made, changed or taken away since it was read: one `stat` each."""
        return any(signature(path) != was for path, was in self.seen.items())


def agent_of(
    data: bytes, file: Path, place: Place, names: tuple[str, ...] = ()
) -> tuple[Agent | None, tuple[Mistake, ...]]:
    """The agent, or None without a name or a description; what is wrong either way. `names` lead to the file."""
    text, mistakes = decoded(data, file)
    head = split(text)
    mistakes += [Mistake(file, problem.line, problem.text, "warning") for problem in head.problems]
    if not head.meta:
        text = "this is no agent: one begins with ---, name: …, description: …, ---"
        mistakes.append(Mistake(file, 1, text, "warning"))
        return None, tuple(mistakes)
    return _agent(head, file, place, names, mistakes, hashlib.sha256(data).hexdigest())


def given_agents(said: Mapping[str, Any]) -> tuple[tuple[Agent, ...], tuple[Mistake, ...]]:
    """Those of the command line: objects by name, with the keys of a head and `prompt` for what stands below one."""
    place, found, mistakes = Place(GIVEN, "agents", "given"), list[Agent](), list[Mistake]()
    for name, value in said.items():
        if not isinstance(value, dict):
            mistakes.append(Mistake(GIVEN, 0, f"{name[:40]}: must be an object with description and prompt"))
            continue
        prompt = value.get("prompt")
        wrong: list[Mistake] = []
        if not isinstance(prompt, str) or not prompt.strip():
            wrong.append(Mistake(GIVEN, 0, "prompt is missing: say what the agent is to be"))
        meta = {key: held for key, held in value.items() if key not in ("prompt", "name")}
        head = Head(prompt if isinstance(prompt, str) else "", {**meta, "name": name})
        agent, wrong_too = _agent(head, GIVEN, place, (), wrong, "")
        mistakes += [Mistake(GIVEN, 0, f"{name[:40]}: {each.text}", each.level) for each in wrong_too]
        if agent is not None and not any(each.level == "error" for each in wrong_too):
            found.append(agent)
    return tuple(found), tuple(mistakes)


def _agent(
    head: Head, file: Path, place: Place, names: tuple[str, ...], mistakes: list[Mistake], digest: str
) -> tuple[Agent | None, tuple[Mistake, ...]]:
    fields = Fields(head, file, mistakes)
    name, description = fields.text("name"), " ".join(fields.text("description").split())
    if problem := agent_fields.name_problem(name):
        fields.note("name", problem, "error")
    if not description:
        fields.note("description", "description is missing: say when the agent is to be called", "error")
    fields.unknown(KEYS | agent_fields.NOT_HERE.keys(), "an agent", _MEANT)
    for key, why in agent_fields.NOT_HERE.items():
        if head.meta.get(key):
            fields.note(key, f"{key} does nothing here: {why}")
    is_plugins = place.plugin is not None
    if is_plugins:
        for key in _NOT_OF_PLUGINS:
            if head.meta.get(key):
                fields.note(key, f"{key} does not count in an agent of a plugin")
    agent = Agent(
        name=place.prefix + "".join(f"{above}:" for above in names[:-1] if place.prefix) + name,
        file=file,
        origin=place.origin,
        description=description,
        prompt=_placed(agent_fields.with_reminder(head.body.strip(), fields), place),
        tools=agent_fields.tools(fields),
        without=fields.rules("disallowedTools"),
        model=fields.text("model"),
        mode="" if is_plugins else fields.choice("permissionMode", _MODES) or "",
        max_turns=fields.whole("maxTurns"),
        skills=fields.listed("skills"),
        servers=() if is_plugins else agent_fields.servers(fields),
        hooks={} if is_plugins else fields.object("hooks"),
        memory=fields.choice("memory", ("user", "project", "local")) or "",
        background=fields.switch("background", False),
        effort=agent_fields.effort(fields, place.origin),
        isolation=fields.choice("isolation", ("worktree",)) or "",
        color=fields.text("color"),
        opening=fields.text("initialPrompt"),
        first_line=head.first_line,
        no_memory=fields.switch("omitClaudeMd", False),
        compacts_at=fields.whole("autoCompactWindow"),
    )
    agent = replace(agent, digest=digest) if grants_something(agent) else agent
    found = tuple(sorted(dict.fromkeys(mistakes), key=lambda mistake: mistake.line))
    return (agent if description and not agent_fields.name_problem(name) else None), found


def _placed(text: str, place: Place) -> str:
    """An agent of a plugin may name the folders of that, and its options."""
    for name, folder in (("ROOT", place.plugin), ("DATA", place.data)):
        if folder is not None:
            text = text.replace(f"${{CLAUDE_PLUGIN_{name}}}", str(folder))
    return options.with_options(text, place.options) if place.options else text


def grants_something(agent: Agent) -> bool:
    """Whether anything in the head loosens, runs or reaches what the session would not by itself. What no head can do
    (other modes) needs no trust."""
    own = agent_servers.described(agent.servers)
    return bool(agent.mode == "acceptEdits" or agent.hooks or agent.memory == "user" or own)


def load_agents(places: Iterable[Place]) -> tuple[tuple[Agent, ...], tuple[Mistake, ...]]:
    """Each name once, as the strongest place has it: the project's before the person's. Never raises."""
    loaded = read_agents(places)
    return loaded.agents, loaded.mistakes


def read_agents(
    places: Iterable[Place],
    others: Iterable[Agent] = (),
    yields: Callable[[Agent], bool] = lambda agent: False,
) -> Loaded:
    """With `others`, which stand in no file of a place. Who `yields` comes behind all others. Never raises."""
    search, found, mistakes = Search(), list[Agent](), list[Mistake]()
    for place in places:
        if place.kind != "agents":
            continue
        for file in files_in(place, search):
            was = signature(file.path)
            data = search.read(file.path)
            search.seen[file.path] = was
            if data is None or file.names[-1].upper() == "README":
                continue
            agent, wrong = agent_of(data, file.path, place, file.names)
            mistakes += wrong
            found += (agent,) if agent is not None else ()
    mistakes += [Mistake(failing.path, 0, failing.text) for failing in search.failing]
    ordered = sorted((*found, *others), key=lambda agent: (yields(agent), _ORDER.index(agent.origin)))
    counts: dict[str, Agent] = {}
    for agent in ordered:
        counts.setdefault(agent.name, agent)
    hidden = tuple(agent for agent in ordered if counts[agent.name] is not agent)
    return Loaded(tuple(counts.values()), hidden, tuple(mistakes), search.seen)
