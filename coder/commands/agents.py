"""Agent files: a name, when to call it, its tools, and its system prompt below. Must not know who runs agents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from coder.commands.command import decoded
from coder.commands.definition import Mistake, Origin
from coder.commands.fields import Fields
from coder.commands.places import Place, files_in
from coder.core.choices import Effort
from coder.frontmatter.found import Search
from coder.frontmatter.read import split
from coder.permissions.names import names

KEYS = names(
    "name description tools disallowedTools model permissionMode maxTurns skills mcpServers hooks memory "
    "background effort isolation color initialPrompt"
)
_MEANT = {
    "allowed-tools": "tools",
    "disallowed-tools": "disallowedTools",
    "permissions": "permissionMode",
    "tool_access": "tools",
}
_NOT_OF_PLUGINS = ("hooks", "mcpServers", "permissionMode")
_MODES = ("default", "acceptEdits", "plan", "auto", "dontAsk", "bypassPermissions")
_ORDER: tuple[Origin, ...] = ("managed", "project", "added", "yours", "plugin", "built-in")
_EFFORTS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True, eq=False)
class Agent:
    """`tools` None: those of who calls it. `prompt` is the system prompt, `opening` what is said to it first.
    `knows_project`: it is told what the project's memory files say, and how git stands. `max_calls` bounds its tool
    calls."""

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
    max_calls: int | None = None


def agent_of(
    data: bytes, file: Path, place: Place, names: tuple[str, ...] = ()
) -> tuple[Agent | None, tuple[Mistake, ...]]:
    """The agent, or None without a name or a description; what is wrong either way. `names` lead to the file."""
    text, mistakes = decoded(data, file)
    head = split(text)
    fields = Fields(head, file, mistakes)
    mistakes += [Mistake(file, problem.line, problem.text, "warning") for problem in head.problems]
    name, description = fields.text("name"), " ".join(fields.text("description").split())
    if not head.meta:
        fields.note("name", "this is no agent: one begins with ---, name: …, description: …, ---")
        return None, tuple(mistakes)
    if problem := _name_problem(name):
        fields.note("name", problem, "error")
    if not description:
        fields.note("description", "description is missing: say when the agent is to be called", "error")
    fields.unknown(KEYS, "an agent", _MEANT)
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
        prompt=head.body.strip(),
        tools=_tools(fields),
        without=fields.rules("disallowedTools"),
        model=fields.text("model"),
        mode="" if is_plugins else fields.choice("permissionMode", _MODES) or "",
        max_turns=fields.whole("maxTurns"),
        skills=fields.listed("skills"),
        servers=() if is_plugins else _servers(fields),
        hooks={} if is_plugins else fields.object("hooks"),
        memory=fields.choice("memory", ("user", "project", "local")) or "",
        background=fields.switch("background", False),
        effort=fields.choice("effort", _EFFORTS),
        isolation=fields.choice("isolation", ("worktree",)) or "",
        color=fields.text("color"),
        opening=fields.text("initialPrompt"),
        first_line=head.first_line,
    )
    found = tuple(sorted(dict.fromkeys(mistakes), key=lambda mistake: mistake.line))
    return (agent if description and not _name_problem(name) else None), found


def load_agents(places: Iterable[Place]) -> tuple[tuple[Agent, ...], tuple[Mistake, ...]]:
    """Each name once, as the strongest place has it: the project's before the person's. Never raises."""
    search, found, mistakes = Search(), dict[str, Agent](), list[Mistake]()
    for place in sorted(places, key=lambda place: _ORDER.index(place.origin)):
        if place.kind != "agents":
            continue
        for file in files_in(place, search):
            data = search.read(file.path)
            if data is None or file.names[-1].upper() == "README":
                continue
            agent, wrong = agent_of(data, file.path, place, file.names)
            mistakes += wrong
            if agent is not None:
                found.setdefault(agent.name, agent)
    mistakes += [Mistake(failing.path, 0, failing.text) for failing in search.failing]
    return tuple(found.values()), tuple(mistakes)


def _name_problem(name: str) -> str:
    if not name:
        return "name is missing: it is what the agent is called by"
    if ":" in name or name.startswith("-"):
        return f"name must not hold a colon nor begin with a dash: {name[:40]!r}"
    return ""


def _tools(fields: Fields) -> tuple[str, ...] | None:
    """A star is every tool, as is saying nothing."""
    if fields.head.meta.get("tools") is None:
        return None
    tools = fields.rules("tools")
    return None if tools in {("*",), ("All", "tools"), ("all",)} else tools


def _servers(fields: Fields) -> tuple[Any, ...]:
    value = fields.head.meta.get("mcpServers")
    if value is None or isinstance(value, list | dict):
        return tuple(value) if isinstance(value, list) else (value,) if value else ()
    return fields.listed("mcpServers")
