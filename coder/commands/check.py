"""Finds every mistake in commands, skills, agents, output styles and hooks of plugins, with file and line.

Must not know how mistakes are shown, and runs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coder.commands.agents import agent_of
from coder.commands.definition import Definition, Mistake
from coder.commands.hook_form import hook_problems
from coder.commands.loader import Catalogue, load
from coder.commands.places import Place, files_in
from coder.commands.styles import style_of
from coder.commands.suggest import near
from coder.commands.targets import targets
from coder.core.config import Guidance, RuleText
from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.core.ordinary import read_ordinary
from coder.frontmatter.folders import REPOSITORY
from coder.frontmatter.found import SIZE, Search
from coder.frontmatter.read import split
from coder.permissions.names import names

if TYPE_CHECKING:
    from coder.commands import bodies
    from coder.permissions import rules
else:  # only texts with commands in them are judged
    bodies, rules = LazyModule("coder.commands.bodies"), LazyModule("coder.permissions.rules")

_TOOLS = names(
    "Bash Read Edit Write Glob Grep WebFetch WebSearch Agent Task Skill TodoWrite NotebookEdit AskUserQuestion "
    "MultiEdit ToolSearch Git TaskOutput TaskStop EnterPlanMode ExitPlanMode Monitor"
)
_GONE = frozenset({"LS", "NotebookRead"})  # tools of older versions, in many files: no mistake of theirs
_LIMIT = Guidance().listing_chars


@dataclass(frozen=True, slots=True)
class Examined:
    """`counts` says how many files of each kind were looked at."""

    mistakes: tuple[Mistake, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


def check(what: Path | Iterable[Place], *, reserved: Collection[str] = ()) -> tuple[Mistake, ...]:
    return examined(what, reserved=reserved).mistakes


def examined(what: Path | Iterable[Place], *, reserved: Collection[str] = ()) -> Examined:
    """`what` is a file, a folder (a project, a plugin, a marketplace, or one that holds such files), or places."""
    found: list[Mistake] = []
    counts: Counter[str] = Counter()
    if isinstance(what, Path):
        places, plugins = targets(what, found)
    else:
        places, plugins = tuple(what), ()
    for plugin in plugins:
        found += plugin.mistakes
        for file, hooks in plugin.hooks:
            counts["hook file"] += 1
            found += hook_file_mistakes(file, hooks)
        places += plugin.places
    catalogue = load(places, reserved=reserved)
    found += catalogue.mistakes
    for one in (*catalogue.definitions, *(shadowed.definition for shadowed in catalogue.shadowed)):
        counts[one.kind] += 1
        found += definition_mistakes(one)
    found += _clashes(catalogue)
    found += _others(places, counts)
    return Examined(in_order(found), counts)


def in_order(found: Iterable[Mistake]) -> tuple[Mistake, ...]:
    return tuple(sorted(dict.fromkeys(found), key=lambda mistake: (str(mistake.path), mistake.line, mistake.text)))


def hook_file_mistakes(file: Path, held: Mapping[str, Any]) -> Iterator[Mistake]:
    """Of the hooks of a plugin, as its file has them."""
    events = held.get("hooks", held)
    if not isinstance(events, dict):
        yield Mistake(file, 0, "hooks must be an object: events with their hooks")
        return
    wrong = tuple(hook_problems(events))
    for event, text in wrong:
        yield Mistake(file, json_line(file, event), text)


def json_line(file: Path, key: str) -> int:
    """Where the key stands in a JSON file; 0 when that cannot be told."""
    try:
        lines = read_ordinary(file, SIZE).decode(errors="replace").split("\n")
    except OSError:
        return 0
    return next((number for number, line in enumerate(lines, 1) if f'"{key}"' in line), 0)


def definition_mistakes(one: Definition) -> Iterator[Mistake]:
    """What loading it does not tell."""
    try:
        text = one.file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    head = split(text)

    def at(key: str, words: str, level: str = "warning") -> Mistake:
        return Mistake(one.file, head.lines.get(key, 1), words, "error" if level == "error" else "warning")

    if not head.body.strip():
        yield Mistake(one.file, one.first_line, f"the {one.kind} says nothing: its text stands below the head")
    if not head.meta.get("description") and (one.kind == "skill" or not one.description):
        yield at("description", "description is missing: it is what people and the model choose by")
    said = len(one.description) + len(one.when)
    if said > _LIMIT:
        yield at(
            "description", f"description and when_to_use are {said:,} characters: the model sees {_LIMIT:,} of them"
        )
    own = one.folder.name if one.folder is not None else one.file.stem
    if one.label and one.kind == "skill" and one.plugin is None and _bare(one.label) != _bare(own):
        yield at("name", f"name is only a label: it is called /{one.name}, after its folder")
    for key, texts in (("allowed-tools", one.grants), ("disallowed-tools", one.without)):
        yield from (at(key, problem) for problem in _rule_problems(key, texts, one.file.parent))
    for event, problem in hook_problems(one.hooks):
        yield Mistake(one.file, _line_of(text, head.lines.get("hooks", 1), event), problem)
    if one.paths and any("\\" in path for path in one.paths):
        yield at("paths", "paths are written with /")
    # What a command mentions is looked for where it is typed, which is known of one in a project's own folder.
    above = next((folder for folder in one.file.parents if folder.name in REPOSITORY), None)
    project = above.parent if above is not None and one.origin == "project" else None
    for line, problem in bodies.body_problems(one, head.body, project):
        yield Mistake(one.file, line, problem, "warning")


def _rule_problems(key: str, texts: Iterable[str], base: Path) -> Iterator[str]:
    for text in texts:
        tool = text.partition("(")[0]
        if tool in _GONE or text == "*":
            continue
        _, wrong = rules.parse_rules([RuleText(text, "allow", "session", "", base)])
        if not wrong:  # whether there is such a tool is said of rules that forbid
            _, wrong = rules.parse_rules([RuleText(text, "ask", "session", "", base)])
        if wrong:
            meant = next((found for found in near(tool, _TOOLS, 1) if found != tool), "")
            why = wrong[0].partition("' ")[2].partition('" ')[0] or wrong[0]
            yield f"{key}: {text[:60]!r} {why.rstrip('.')}" + (f": write {meant}" if meant else "")


def _clashes(catalogue: Catalogue) -> Iterator[Mistake]:
    for shadowed in catalogue.shadowed:
        one, by = shadowed.definition, shadowed.by
        if by is not None and (by.origin, by.plugin) == (one.origin, one.plugin):
            yield Mistake(one.file, 0, f"/{one.name} is {by.file} already, so this one is not used", "warning")


def _others(places: Iterable[Place], counts: Counter[str]) -> Iterator[Mistake]:
    """Agents and output styles."""
    search = Search()
    names: dict[str, Path] = {}
    for place in places:
        if place.kind not in {"agents", "output-styles"}:
            continue
        for file in files_in(place, search):
            data = search.read(file.path)
            if data is None or (file.names[-1].upper() in {"README", "CLAUDE"} and not data.startswith(b"---")):
                continue
            counts["output style" if place.kind == "output-styles" else "agent"] += 1
            if place.kind == "output-styles":
                yield from style_of(data, file.path, place)[1]
                continue
            agent, wrong = agent_of(data, file.path, place, file.names)
            yield from wrong
            if agent is None:
                continue
            yield from _agent_mistakes(data, agent.file, agent.tools or (), agent.without, agent.hooks)
            if agent.name in names:
                yield Mistake(file.path, 0, f"the agent {agent.name} is {names[agent.name]} already", "warning")
            names.setdefault(agent.name, file.path)
    yield from (Mistake(failing.path, 0, failing.text) for failing in search.failing)


def _agent_mistakes(
    data: bytes, file: Path, tools: tuple[str, ...], without: tuple[str, ...], hooks: object
) -> Iterator[Mistake]:
    text = data.decode(errors="replace")
    head = split(text)
    if not head.body.strip():
        yield Mistake(file, head.first_line, "the agent has no system prompt: it stands below the head")
    for key, texts in (("tools", tools), ("disallowedTools", without)):
        for problem in _rule_problems(key, (found for found in texts if "(" not in found), file.parent):
            yield Mistake(file, head.lines.get(key, 1), problem, "warning")
    for event, problem in hook_problems(hooks if isinstance(hooks, dict) else {}):
        yield Mistake(file, _line_of(text, head.lines.get("hooks", 1), event), problem)


def _line_of(text: str, start: int, key: str) -> int:
    lines = text.split("\n")
    return next(
        (number for number, line in enumerate(lines[start:], start + 1) if line.strip().startswith(f"{key}:")), start
    )


def _bare(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign.isalnum())
