"""What reading actions share: git, the repository of the working folder, and what may not be read there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.tools import Reads, ToolContext
from coder.core.workspace import Workspace
from coder.git.call import Answer, Git
from coder.git.view import Refusal, View, view
from coder.tools.git.verb import GitParams
from coder.tools.git.withheld import Withheld
from coder.tools.report import checked, printable

SECONDS = 5.0
"""How long git may take for an answer that the model waits for."""

_MOST_PATHS = 200
MOST = 8 << 20  # bytes of one answer


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at the repository round the working folder `cwd`."""

    view: View
    cwd: Path
    withheld: Withheld

    @property
    def top(self) -> Path:
        return self.view.repository.top

    def near(self, path: str) -> str:
        """A path below the top as the model should write it: from the working folder, on one line."""
        return printable(os.path.relpath(self.top / path, self.cwd) + "/" * path.endswith("/"))

    async def told(self, *arguments: str, most: int = MOST) -> Answer:
        """Raises ToolError when git fails; an answer that was cut off is returned as it is. Paths are taken literally,
        whatever they look like."""
        answer = await self.view.asked("--literal-pathspecs", *arguments, most=most)
        if answer.code is None and not answer.cut:
            raise ToolError("git is not installed, or not on PATH.")
        if not answer.cut and not answer.ok:
            raise ToolError(explained(answer))
        return answer

    def is_withheld(self, path: str) -> bool:
        """Whether an absolute path may not be read."""
        given = Path(path)
        places = {path, str(Path(os.path.realpath(given.parent)) / given.name)}
        tops = {str(self.top), os.path.realpath(self.top)}
        below = [os.path.relpath(place, top) for place in places for top in tops]
        return any(self.withheld.covers(each) for each in below if not each.startswith("..") and each != ".")

    def left_out(self, count: int) -> list[str]:
        if not count:
            return []
        files = "1 file is" if count == 1 else f"{count:,} files are"
        return [f"({files} left out, for a permission rule denies reading.)"]


class Reader:
    """Looks at repositories for one session. `denied` are gitignore patterns, each below a folder."""

    def __init__(
        self, env: Mapping[str, str], denied: Iterable[tuple[Path, str]] = (), seconds: float = SECONDS
    ) -> None:
        self._env = env
        self._denied = tuple(denied)
        self._seconds = seconds
        self._git: Git | None = None

    async def sight(self, context: ToolContext) -> Sight:
        """Raises ToolError where nothing can be read."""
        workspace = context.workspace
        if self._git is None or not self._git.is_there:
            self._git = Git(self._env, workspace.roots, self._seconds)
        found = await view(self._git, workspace.cwd, workspace.roots)
        if isinstance(found, Refusal):
            raise ToolError(found.text)
        return Sight(found, workspace.cwd, Withheld(self._denied, found.repository.top))


def reads(params: GitParams, workspace: Workspace) -> Reads:
    """What an action touches that reads the files it is given, or the working folder."""
    return Reads(tuple(workspace.resolve(path) for path in params.paths) or (workspace.resolve("."),))


def chosen(params: GitParams, context: ToolContext) -> tuple[str, ...]:
    """The paths of a call, behind `--`. Raises ToolError."""
    if len(params.paths) > _MOST_PATHS:
        raise ToolError(
            f"{len(params.paths):,} paths are too many for one call; give at most {_MOST_PATHS}, or a folder."
        )
    paths = tuple(str(context.workspace.resolve(checked("paths", path))) for path in params.paths)
    return ("--", *paths)


def explained(answer: Answer) -> str:
    """What git said went wrong, with what to do about it."""
    said = printable(answer.problem or f"git failed with code {answer.code}")
    if "index.lock" in said:
        return f"{said} Another git is at work in this repository; wait and retry, and never remove its lock."
    if any(word in said for word in ("promisor", "lazy fetching")):
        return f"git: {said}. Part of this partial clone is not on this machine; git fetch in Bash brings it."
    if any(
        word in said for word in ("index file", "bad signature", "corrupt", "bad object", "bad file", "unable to read")
    ):
        return f"The repository is damaged: {said}. `git fsck` in Bash tells more; do not repair it unasked."
    return f"git: {said}"
