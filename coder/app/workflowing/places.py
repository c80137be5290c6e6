"""Which workflow files count in a folder, and which of them the person has seen. Must not know what runs them."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from coder.commands.agents import load_agents
from coder.commands.loader import load
from coder.commands.places import Place, places_of
from coder.config.jsonfile import read_object
from coder.config.paths import MANAGED
from coder.config.replace import locked, replace
from coder.core.config import Config
from coder.core.errors import ConfigError
from coder.workflows.checking.nesting import uses_of
from coder.workflows.known import READERS
from coder.workflows.library import SHIPPED, Folder, Library, library_of
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


def has_workflows(config: Config, managed: Path = MANAGED) -> bool:
    """Whether there are any but ours. Reads no file."""
    folders = workflow_folders(config, managed)
    return any(folder.origin != "built-in" and os.path.lexists(folder.path) for folder in folders)


def library(
    config: Config,
    *,
    reserved: Collection[str] = (),
    agents: Mapping[str, bool] | None = None,
    managed: Path = MANAGED,
) -> Library:
    """`reserved` are the names of the session's own commands, `agents` the names of all agents and whether each only
    reads. Blocks while it reads; never raises."""
    places = places_of(config, managed)
    by_files = [place for place in places if place.kind in {"commands", "skills"}]
    commands = {one.name: (one.origin, one.file) for one in load(by_files, reserved=reserved).definitions}
    return library_of(workflow_folders(config, managed), reserved=reserved, commands=commands, agents=agents)


def known_agents(places: Iterable[Place]) -> dict[str, bool]:
    """The agents of files and those built in, and whether each can only read."""
    found = {agent.name: _only_reads(agent.tools) for agent in load_agents(places)[0]}
    return {"general-purpose": False, **dict.fromkeys(READERS, True), **found}


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
        config.home.mkdir(mode=0o700, parents=True, exist_ok=True)
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
