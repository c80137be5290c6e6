"""The repository a changing action works on: looked at so that nothing of it runs, changed as the person would.

Must not know which actions there are.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.requests import Effect
from coder.git.call import Answer
from coder.git.earlier import Earlier
from coder.git.porcelain import ARGUMENTS, Change, Status, parse
from coder.git.progress import progress
from coder.git.repository import Repository
from coder.git.theirs import Done, TheirGit
from coder.git.view import View
from coder.tools.report import printable

LONG = 600.0  # seconds that hooks, filters and a key may take
_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6)  # while another git holds the index
_LOOK = 10.0
_MOST = 8 << 20
_MOST_LISTED = 8
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """`view` looks, `theirs` changes. `hooks` are those that the action starts; `earlier` is what was changed before
    the session began; `brings` what git would start of a repository that is not trusted."""

    view: View
    theirs: TheirGit
    hooks: tuple[str, ...]
    earlier: Earlier
    is_trusted: bool
    brings: tuple[str, ...] = ()

    @property
    def repository(self) -> Repository:
        return self.view.repository

    @property
    def cwd(self) -> Path:
        return self.view.folder

    @property
    def top(self) -> Path:
        return self.repository.top

    @property
    def doing(self) -> str:
        """What is under way, such as a merge; a bisection does not count."""
        found = (each.doing for each in progress(self.repository.folder) if each.doing != "bisect")
        return next(found, "")

    @property
    def runs(self) -> tuple[Effect, ...]:
        """What of the repository the action starts, as it is told to people."""
        if self.brings:
            return (Effect("runs", f"what this folder, which is not trusted, brings along: {', '.join(self.brings)}"),)
        hooks = "hook" if len(self.hooks) == 1 else "hooks"
        return (Effect("runs", f"the {hooks} {', '.join(self.hooks)}"),) if self.hooks else ()

    async def looked(self, *arguments: str, stdin: bytes = b"", most: int | None = _MOST) -> Answer:
        """What git answers that changes and runs nothing; it may fail."""
        return await self.view.asked(*arguments, stdin=stdin, most=most, seconds=_LOOK)

    async def seen(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """As `looked`. Raises ToolError when git fails."""
        answer = await self.looked(*arguments, stdin=stdin)
        if not answer.ok:
            raise ToolError(f"git cannot tell the state of {self.top}: {printable(answer.problem)}.")
        return answer.out

    async def status(self, paths: Iterable[str] = (), untracked: str = "all") -> Status:
        """Of these paths, or of all there is. Raises ToolError."""
        named = ("--", *paths) if paths else ()
        printed = await self.seen("--literal-pathspecs", *ARGUMENTS, f"--untracked-files={untracked}", *named)
        return parse(printed)

    async def head(self) -> str:
        """The commit that is checked out; "" when there is none yet."""
        answer = await self.looked("rev-parse", "--quiet", "--verify", "HEAD^{commit}")
        return answer.text.strip() if answer.ok else ""

    async def do(
        self, *arguments: str, stdin: bytes = b"", seconds: float = LONG, env: Mapping[str, str] | None = None
    ) -> Done:
        """Runs what changes something, when no other git is at it. Raises ToolError when one is for too long."""
        for pause in (*_PAUSES, None):
            done = await self.theirs.run(self.cwd, *arguments, stdin=stdin, seconds=seconds, env=env)
            if done.ok or "index.lock" not in done.said:
                return done
            if pause is not None:
                await asyncio.sleep(pause)
        raise ToolError(_held(self.repository.folder / "index.lock"))

    def was_earlier(self, changes: Iterable[Change]) -> tuple[str, ...]:
        """The paths among them that were changed before the session began."""
        return tuple(change.path for change in changes if self.earlier.holds(self.top, change.path))

    def said_earlier(self, changes: Iterable[Change]) -> tuple[str, ...]:
        """A clause about those of them that were changed before the session began, if any were."""
        every = tuple(changes)
        earlier = self.was_earlier(every)
        if not earlier:
            return ()
        if len(earlier) == len(every):
            return (f"{'it was' if len(every) == 1 else 'all of them were'} changed before this session began",)
        return (f"of these, changed before this session began: {self.listed(earlier)}",)

    def check_submodules(self, changes: Iterable[Change]) -> None:
        """git looks into each submodule it takes along, by settings of its own. Raises ToolError where nobody said yes
        to that."""
        found = () if self.is_trusted else [change.path for change in changes if change.is_submodule]
        if found:
            raise ToolError(
                f"Nothing was changed: {self.listed(found)} is a repository of its own, whose settings git would "
                "follow, and the person has not said that this folder may run things. They can: `coder trust add`."
            )

    def below(self, path: str) -> str:
        """An absolute path as git names it, from the top; links on the way to it are followed. Begins with `..` for one
        that lies elsewhere."""
        folder, name = os.path.split(path)
        return os.path.relpath(Path(os.path.realpath(folder), name), os.path.realpath(self.top))

    def are_there(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Those of them, below the top, at which anything lies."""
        return tuple(path for path in paths if os.path.lexists(self.top / path))

    def near(self, path: str) -> str:
        """A path below the top as it is written from the working folder."""
        return printable(os.path.relpath(self.top / path, self.cwd))

    def listed(self, paths: Iterable[str]) -> str:
        """`a.py, b.py and 3 more`."""
        found = list(dict.fromkeys(paths))
        more = f" and {len(found) - _MOST_LISTED:,} more" if len(found) > _MOST_LISTED else ""
        return ", ".join(map(self.near, found[:_MOST_LISTED])) + more


def changed(what: str) -> Effect:
    return Effect("changes git", what)


def counted(count: int, noun: str = "file") -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def literal(paths: Iterable[str]) -> bytes:
    """For `--pathspec-from-file=- --pathspec-file-nul`: each path below the top, and no other."""
    return b"\0".join(os.fsencode(f":(top,literal){path}") for path in paths)


def failure(done: Done, what: str) -> ToolError:
    """What went wrong, for the model."""
    if done.is_late:
        return ToolError(f"{what} took more than {LONG / 60:.0f} minutes and was ended. It printed:\n{said(done)}")
    return ToolError(f"{what} failed. git says:\n{said(done)}")


def said(done: Done) -> str:
    """What it printed, without colours and progress that is drawn over itself."""
    text = _ESCAPES.sub("", done.said).replace("\r\n", "\n")
    return "\n".join(line.rpartition("\r")[2].rstrip() for line in text.split("\n")) or "(nothing)"


def check_stated(now: tuple[Effect, ...], stated: tuple[Effect, ...]) -> None:
    """What the person was told is what is done. Raises ToolError when it would be something else by now."""
    if stated and stated != now:
        raise ToolError("The repository was changed while the person was asked, so nothing was done. Send it again.")


def _held(lock: Path) -> str:
    try:
        made = lock.stat().st_mtime
        since = time.strftime(" since %H:%M:%S", time.localtime(made))
    except OSError:
        since = ""
    return (
        f"Nothing was changed: another git (an editor, a terminal, another session) holds {lock}{since}. Try again "
        "in a while. If no git runs any more, the person may remove that file; do not remove it yourself."
    )
