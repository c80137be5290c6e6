"""Finds every mistake in commands, skills, agents, output styles and hooks of plugins, with file and line.

Must not know how mistakes are shown, and runs nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from coder.commands.agents import agent_of
from coder.commands.definition import Definition, Mistake
from coder.commands.hook_form import hook_problems
from coder.commands.loader import Catalogue, load
from coder.commands.places import KINDS, Kind, Place, files_in
from coder.commands.plugins import MANIFEST, MARKET, Plugin, load_plugin, market_plugins
from coder.commands.styles import style_of
from coder.commands.suggest import near
from coder.core.config import Guidance, RuleText
from coder.core.lazy import LazyModule
from coder.frontmatter.folders import REPOSITORY
from coder.frontmatter.found import Search
from coder.frontmatter.read import split
from coder.permissions.names import names

if TYPE_CHECKING:
    from coder.commands import bodies
    from coder.permissions import rules
else:  # only texts with commands in them are judged
    bodies, rules = LazyModule("coder.commands.bodies"), LazyModule("coder.permissions.rules")

_TOOLS = names(
    "Bash Read Edit Write Glob Grep WebFetch WebSearch Agent Task Skill TodoWrite NotebookEdit AskUserQuestion "
    "MultiEdit ToolSearch TaskOutput TaskStop EnterPlanMode ExitPlanMode Monitor"
)
_GONE = frozenset({"LS", "NotebookRead"})  # tools of older versions, in many files: no mistake of theirs
_LIMIT = Guidance().listing_chars
_MOST_FOLDERS = 20_000


def check(what: Path | Iterable[Place], *, reserved: Collection[str] = ()) -> tuple[Mistake, ...]:
    """`what` is a file, a folder (a project, a plugin, a marketplace, or one that holds such files), or places."""
    found: list[Mistake] = []
    if isinstance(what, Path):
        places, plugins = targets(what, found)
    else:
        places, plugins = tuple(what), ()
    for plugin in plugins:
        found += plugin.mistakes
        for file, hooks in plugin.hooks:
            events = hooks.get("hooks", hooks)
            found += [Mistake(file, 0, text) for _, text in hook_problems(events if isinstance(events, dict) else {})]
            if not isinstance(events, dict):
                found.append(Mistake(file, 0, "hooks must be an object: events with their hooks"))
        places += plugin.places
    catalogue = load(places, reserved=reserved)
    found += catalogue.mistakes
    for one in (*catalogue.definitions, *(shadowed.definition for shadowed in catalogue.shadowed)):
        found += definition_mistakes(one)
    found += _clashes(catalogue)
    found += _others(places)
    return tuple(sorted(dict.fromkeys(found), key=lambda mistake: (str(mistake.path), mistake.line, mistake.text)))


def targets(path: Path, mistakes: list[Mistake]) -> tuple[tuple[Place, ...], tuple[Plugin, ...]]:
    """What there is to check in a file or folder."""
    if path.is_file():
        return (_place_of(path),), ()
    if not path.is_dir():
        mistakes.append(Mistake(path, 0, "there is no such file or folder"))
        return (), ()
    plugins: list[Plugin] = []
    if (path / MARKET).is_file():
        listed, wrong = market_plugins(path)
        plugins += listed
        mistakes += wrong
    if (path / MANIFEST).is_file():
        plugins = [plugin for plugin in plugins if plugin.root != path] + [load_plugin(path)]
    covered = {place.folder for plugin in plugins for place in plugin.places}
    places = [place for place in _folders(path, plugins) if place.folder not in covered]
    return tuple(places), tuple(plugins)


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


def _others(places: Iterable[Place]) -> Iterator[Mistake]:
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


def _place_of(path: Path) -> Place:
    """What a single file is, by where it lies."""
    above = [folder.name for folder in path.parents]
    if path.name == "SKILL.md":
        return Place(path.parent, "skills", "project", single=True)
    kind: Kind = next((_kind(Path(name)) for name in above if name in KINDS[1:]), "commands")
    return Place(path, kind, "project", single=True)


def _folders(root: Path, plugins: Iterable[Plugin]) -> Iterator[Place]:
    """Every folder below that is called like one that holds such files; the folder itself when there is none."""
    if root.name in KINDS:
        yield Place(root, _kind(root), "project", root)
        return
    owned = {plugin.root for plugin in plugins} - {root}
    found = bool(plugins)
    waiting, looked = deque([root]), 0
    while waiting and looked < _MOST_FOLDERS:
        folder, looked = waiting.popleft(), looked + 1
        if folder != root and (folder / MANIFEST).is_file():
            yield from load_plugin(folder).places
            found = True
            continue
        for entry in _inner(folder):
            if entry.name in KINDS or _holds_skills(entry):
                found = True
                yield Place(entry, _kind(entry), "project", root, _prefix(entry.parent, root))
            elif entry not in owned and not (entry / "SKILL.md").is_file():
                waiting.append(entry)
            if entry.name == "skills":  # those of a category lie a folder deeper
                waiting.append(entry)
    if not found:
        single = (root / "SKILL.md").is_file()
        yield Place(root, "skills" if single else "commands", "project", root, single=single)


def _kind(folder: Path) -> Kind:
    return next((kind for kind in KINDS if kind == folder.name), "skills")


def _inner(folder: Path) -> list[Path]:
    try:
        inner = sorted((entry for entry in folder.iterdir() if entry.is_dir() and not entry.is_symlink()), key=_rank)
    except OSError:
        return []
    return [
        entry
        for entry in inner
        if entry.name != "node_modules" and (not entry.name.startswith(".") or entry.name in REPOSITORY)
    ]


def _rank(folder: Path) -> tuple[int, str]:
    """Where two have one name, the one that counts in a session comes first."""
    return (REPOSITORY.index(folder.name) if folder.name in REPOSITORY else len(REPOSITORY), folder.name)


def _holds_skills(folder: Path) -> bool:
    """A category: a folder of skill folders."""
    return folder.parent.name == "skills" and any((entry / "SKILL.md").is_file() for entry in _inner(folder))


def _prefix(folder: Path, root: Path) -> str:
    """Files of different folders of a collection do not shadow one another."""
    names = [name for name in folder.relative_to(root).parts if name not in REPOSITORY]
    return "".join(f"{name}:" for name in names)


def _line_of(text: str, start: int, key: str) -> int:
    lines = text.split("\n")
    return next(
        (number for number, line in enumerate(lines[start:], start + 1) if line.strip().startswith(f"{key}:")), start
    )


def _bare(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign.isalnum())
