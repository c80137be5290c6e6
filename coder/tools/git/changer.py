"""What the changing actions of one session share: whose it is, what commands are given, whom the person trusts.

Must not know which actions there are.
"""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.tools import Runs
from coder.core.workspace import Workspace
from coder.git.call import Git
from coder.git.earlier import Earlier
from coder.git.hooks import hooks_in
from coder.git.repository import Repository
from coder.git.theirs import TheirGit
from coder.git.view import Refusal, view
from coder.permissions.gitstarts import git_starts
from coder.tools.git.ground import Ground
from coder.tools.report import checked, printable

_SECONDS = 10.0
_SPECIAL = frozenset('"$`\\!')  # what double quotes leave its meaning


def _minds(group: int, begins: bool) -> None:
    pass


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Changer:
    """`environment` is what commands of the session are given, `trailer` what its commits end with ("" for nothing).
    `is_trusted` says whether what a repository names may be run; `mind` is told of process groups."""

    session: str
    environment: Callable[[], Mapping[str, str]]
    trailer: Callable[[], str]
    is_trusted: Callable[[Repository], bool]
    earlier: Callable[[], Earlier] = Earlier
    mind: Callable[[int, bool], None] = _minds

    async def ground(self, workspace: Workspace, hooks: Iterable[str], *, asked: bool) -> Ground:
        """The repository of the working folder, for an action that starts such `hooks`. `asked`: the person is told of
        what is started. Raises ToolError outside of one and where the repository would have something run that nobody
        has said yes to: in a folder that is not trusted, what a rule or a mode allows runs nothing of it."""
        env = self.environment()
        found = await view(Git(env, workspace.roots), workspace.cwd, workspace.roots)
        if isinstance(found, Refusal):
            raise ToolError(found.text)
        if found.is_bare:
            raise ToolError(f"{printable(str(workspace.cwd))} is in no work tree: there are no files to change here.")
        repository = found.repository
        theirs = TheirGit(env, workspace.roots, self.mind)
        folder = await self._hooks_folder(theirs, workspace.cwd)
        names = tuple(hooks)
        is_trusted = self.is_trusted(repository)
        brings = () if is_trusted else await asyncio.to_thread(_brings, repository, folder, names)
        if brings and not asked:
            raise ToolError(
                "Nothing was changed: git would start what the repository brings along "
                f"({printable(', '.join(brings))}), and nobody was asked: this folder is not trusted. The person can "
                "trust it with `coder trust add`, or for one run with --trust-folder."
            )
        return Ground(found, theirs, hooks_in(folder, names), self.earlier(), is_trusted, brings)

    async def _hooks_folder(self, theirs: TheirGit, cwd: Path) -> Path:
        """Where git looks for hooks, by all settings together. Asking runs nothing."""
        done = await theirs.run(cwd, "rev-parse", "--git-path", "hooks", seconds=_SECONDS)
        if not done.ok:
            raise ToolError(f"git cannot use the repository here: {printable(done.said.removeprefix('fatal: '))}")
        return cwd / done.said


def command(*words: str) -> Runs:
    """The same as a command line, by which it is judged, and which a person reads when they are asked."""
    return Runs(" ".join(("git", *map(_quoted, words))))


def _quoted(word: str) -> str:
    """For a shell; an apostrophe stays readable where nothing else in the word means anything to one."""
    return f'"{word}"' if "'" in word and not _SPECIAL & set(word) else shlex.quote(word)


def paths_of(paths: Iterable[str], workspace: Workspace) -> tuple[str, ...]:
    """Absolute, as git is given them. Raises ToolError."""
    return tuple(str(workspace.resolve(checked("paths", path))) for path in paths)


def _brings(repository: Repository, folder: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    """What of the repository's own git would start. The person's own hooks, which lie elsewhere, do not count."""
    real = os.path.realpath(folder)
    inside = any(
        Path(real).is_relative_to(os.path.realpath(each))
        for each in (repository.top, repository.folder, repository.shared)
    )
    return git_starts(repository.top, folder if inside else Path(os.devnull), names)
