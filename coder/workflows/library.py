"""The workflows of several folders: which file a name means, what is wrong in each, and which one hides another.

Must not know which folders count, or whether a repository is trusted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field, replace
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.frontmatter.found import Search
from coder.workflows.checking.check import Checked, check
from coder.workflows.known import Known
from coder.workflows.naming import file_problem
from coder.workflows.reading import read_workflow, workflow_of
from coder.workflows.workflow import Origin, Problem, Workflow

_RANKS: tuple[Origin, ...] = ("managed", "given", "yours", "project", "added", "plugin", "built-in")


@dataclass(frozen=True, slots=True)
class Folder:
    """May be there or not. `within` bounds its links, None: they lead anywhere."""

    path: Path
    origin: Origin
    within: Path | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A file. `note` says why it is not used, "" when it is; `hides` is the command whose place it takes then."""

    name: str
    file: Path
    origin: Origin
    checked: Checked
    note: str = ""
    hides: Path | None = None

    @property
    def workflow(self) -> Workflow | None:
        return self.checked.workflow


@dataclass(frozen=True, slots=True)
class Library:
    """`entries` are those that count first, by name. `problems` are of files that gave nothing at all."""

    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    known: Known = field(default_factory=Known)

    def find(self, name: str) -> Entry | None:
        """By its name, as it is typed."""
        return next((entry for entry in self.entries if entry.name == name.removeprefix("/") and not entry.note), None)

    def workflow(self, name: str) -> Workflow | None:
        """One that can be run: nothing in it is an error."""
        entry = self.find(name)
        return entry.workflow if entry is not None and not entry.checked.errors else None


def library_of(
    folders: Iterable[Folder],
    *,
    reserved: Collection[str] = (),
    commands: Mapping[str, tuple[Origin, Path]] | None = None,
    agents: Mapping[str, bool] | None = None,
    absent: Mapping[str, str] | None = None,
) -> Library:
    """`folders` stand strongest first. `reserved` are names of the session's own commands, `commands` files that are
    commands by the same name: the stronger place wins, and in one place the command. Never raises.
    """
    search = Search()
    found: list[Entry] = []
    taken: dict[str, Path] = {}
    files: set[Path] = set()
    for folder in folders:
        for file in search.below(folder.path, folder.within):
            if file.path in files or file.names[-1].upper() == "README":
                continue
            files.add(file.path)
            data = search.read(file.path)
            if data is None:
                continue
            name = ":".join(file.names)
            workflow, problems = workflow_of(data, file.path, folder.origin, name)
            note = _note(name, file.path, taken, reserved)
            rival = (commands or {}).get(name)
            if not note and rival is not None and _RANKS.index(rival[0]) <= _RANKS.index(folder.origin):
                note = f"the command {rival[1]} comes first"
            hides = rival[1] if rival is not None and not note else None
            found.append(Entry(name, file.path, folder.origin, Checked(file.path, workflow, problems), note, hides))
            if not note:
                taken[name] = file.path
    every = {entry.name: entry.workflow for entry in found if not entry.note and entry.workflow is not None}
    known = Known(agents, every, absent or {})
    checked = (replace(entry, checked=_checked(entry, known)) for entry in found)
    entries = sorted(checked, key=lambda entry: (bool(entry.note), entry.name))
    return Library(tuple(entries), tuple(Problem(one.path, 0, one.text) for one in search.failing), known)


def entry_of(file: Path, known: Known) -> Entry:
    """A file that lies anywhere, as one of the person's. Never raises."""
    workflow, problems = read_workflow(file, "yours")
    return Entry(file.stem, file, "yours", _done(Checked(file, workflow, problems), known))


def _checked(entry: Entry, known: Known) -> Checked:
    return _done(entry.checked, known)


def _done(done: Checked, known: Known) -> Checked:
    return check(done.workflow, done.problems, known) if done.workflow is not None else done


def _note(name: str, file: Path, taken: Mapping[str, Path], reserved: Collection[str]) -> str:
    if problem := next(filter(None, map(file_problem, name.split(":"))), ""):
        return problem
    if name in reserved:
        return f"/{name} is a command of the session itself: give the file another name"
    return f"{taken[name]} comes first" if name in taken else ""
