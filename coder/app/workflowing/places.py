"""Which workflow files count in a folder, and which of them the person has seen. Must not know what runs them."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from coder.app.rulebook import rules_of
from coder.app.subagents.built_in import switched_off
from coder.app.subagents.listing import denying
from coder.app.subagents.roster import roster_of
from coder.commands.loader import load
from coder.commands.places import places_of
from coder.config.jsonfile import read_object
from coder.config.paths import MANAGED
from coder.config.replace import locked, replace
from coder.core.config import Config
from coder.core.errors import ConfigError
from coder.core.private import made_private
from coder.permissions.rules import Rules
from coder.workflows.checking.nesting import uses_of
from coder.workflows.library import Folder, Library, library_of
from coder.workflows.shelved import SHIPPED
from coder.workflows.workflow import Workflow

KIND = "workflows"
_READING = frozenset({"Read", "Grep", "Glob", "LS", "NotebookRead", "WebFetch", "WebSearch", "TodoWrite", "ToolSearch"})
_SEEN = "workflows.json"  # in the config home: {"seen": {"/real/path/of/file.md": "<sha256>"}}
_MOST_SEEN = 2_000


def workflow_folders(config: Config, managed: Path = MANAGED) -> tuple[Folder, ...]:
    """The strongest first, as for commands: the administrator's, the person's, the project's, those of added folders,
    ours. A folder of a repository counts as the repository's, whoever's it looks like."""
    if not config.guidance.commands:
        return ()
    places = places_of(config, managed)
    found = [
        Folder(place.folder.parent / KIND, place.origin, place.within)
        for place in places
        if place.kind == "agents" and place.plugin is None
    ]
    return (*found, *([Folder(SHIPPED, "built-in", SHIPPED)] if config.guidance.bundled else []))


def library(
    config: Config,
    *,
    reserved: Collection[str] = (),
    agents: Mapping[str, bool] | None = None,
    absent: Mapping[str, str] | None = None,
    managed: Path = MANAGED,
) -> Library:
    """`reserved` are the names of the session's own commands, `agents` the names of all agents and whether each only
    reads, `absent` why others cannot be asked. Blocks while it reads; never raises."""
    places = places_of(config, managed)
    by_files = [place for place in places if place.kind in {"commands", "skills"}]
    definitions = load(by_files, reserved=reserved).definitions
    commands = {one.name: (one.origin, one.file) for one in definitions}
    for one in definitions:  # one in a folder is reached by its last name, too
        commands.setdefault(one.name.rpartition(":")[2], (one.origin, one.file))
    folders = workflow_folders(config, managed)
    return library_of(folders, reserved=reserved, commands=commands, agents=agents, absent=absent)


def library_here(config: Config, reserved: Collection[str] = (), rules: Rules | None = None) -> Library:
    """With the agents that a session of these settings may ask; `rules` None: those of the settings."""
    agents, absent = known_agents(config, rules)
    return library(config, reserved=reserved, agents=agents, absent=absent)


def known_agents(config: Config, rules: Rules | None = None) -> tuple[dict[str, bool], dict[str, str]]:
    """The agents that may be asked, and whether each can only read; then why others may not, by their names."""
    env = {**os.environ, **config.env}
    held = rules if rules is not None else rules_of(config)[0]
    spawns = config.agents.spawns
    agents: dict[str, bool] = {}
    absent = {name: f"{variable} switches it off" for name, variable in switched_off(env).items()}
    for agent in roster_of(config, env).all():
        absent.pop(agent.name, None)
        if rule := denying(held, agent.name):
            absent[agent.name] = f"a rule denies it: {rule}"
        elif spawns and agent.name not in spawns:
            absent[agent.name] = f"this session may ask only {', '.join(spawns)}"
        else:
            agents[agent.name] = agent.reads_only or _only_reads(agent.tools)
    return agents, absent


def unseen(config: Config, library: Library, workflow: Workflow) -> tuple[Workflow, ...]:
    """Of a workflow and all that it uses, those of a repository that the person has not said yes to as they are now.
    Raises ConfigError when what was seen cannot be read."""
    reached: dict[str, Workflow] = {}
    waiting = [workflow]
    while waiting:
        one = waiting.pop()
        if one.name not in reached:
            reached[one.name] = one
            waiting += filter(None, map(library.workflow, uses_of(one)))
    foreign = [one for one in reached.values() if one.origin in {"project", "added"}]
    seen = _seen(config.home) if foreign else {}
    return tuple(one for one in foreign if seen.get(os.path.realpath(one.file)) != one.digest)


def may_run_unasked(config: Config, library: Library, workflow: Workflow) -> bool:
    """Where nobody can be asked: what was seen, and everything in a folder that is trusted."""
    trust = config.trust
    is_trusted = trust is not None and trust.is_trusted
    every = unseen(config, library, workflow)
    return not every or (is_trusted and all(one.origin == "project" for one in every))


def remember(config: Config, workflows: Iterable[Workflow]) -> None:
    """The person has seen these, and said yes. Raises ConfigError."""
    file = config.home / _SEEN
    try:
        made_private(config.home)
        with locked(config.home) as is_locked:
            seen = _seen(config.home)
            for one in workflows:
                path = os.path.realpath(one.file)
                seen.pop(path, None)
                seen[path] = one.digest
            kept = dict(list(seen.items())[-_MOST_SEEN:])
            replace(file, json.dumps({"seen": kept}, indent=2).encode("ascii") + b"\n", 0o600, locked=is_locked)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}. You will be asked again.") from error


def _seen(home: Path) -> dict[str, str]:
    parsed = read_object(home / _SEEN)
    held = parsed.value.get("seen", {}) if parsed is not None else {}
    if not isinstance(held, dict):
        raise ConfigError(f"{home / _SEEN}: 'seen' must be an object. Correct it or remove the file.")
    return {path: digest for path, digest in held.items() if isinstance(digest, str)}


def _only_reads(tools: tuple[str, ...] | None) -> bool:
    return tools is not None and all(tool.partition("(")[0] in _READING for tool in tools)
