"""A session's real tools with checkpoints round them, and a plain look at a tree that knows nothing of checkpoints."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from coder.agent.executor import Executor
from coder.agent.outcome import Outcome
from coder.agent.ports import Ports
from coder.app.checkpointing import Checkpointing
from coder.app.conversation import Conversation
from coder.app.created import Created
from coder.app.recording import Site
from coder.app.toolbox import SessionTools
from coder.core.events import AnyEvent, Notice, RunStarted
from coder.core.messages import Message, Meta, Text, ToolUse
from coder.core.requests import Allow, Reply, Request
from coder.core.tools import Access
from coder.permissions.decide import Decision, decide
from coder.permissions.rules import Rules
from coder.permissions.world import LocalWorld
from coder.tools.registry import ToolSession, builtins
from coder.workspace.local import LocalWorkspace
from tests.support.agents import judged_by
from tests.support.engine import StillControl

GIT_ENV = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_NOSYSTEM": "1",
}


class Bench:
    """One session below `folder`: `project` is its working folder, `home` the person's home, which holds the state."""

    def __init__(
        self,
        folder: Path,
        *,
        project: Path | None = None,
        session_id: str = "session-1",
        state: Path | None = None,
        answering: Callable[[Request], Reply] = lambda request: Allow(),
        conversation: Conversation | None = None,
        env: dict[str, str] | None = None,
        more_roots: Iterable[Path] = (),
        asks: bool = False,
    ) -> None:
        self.home = folder / "home"
        self.project = project or folder / "project"
        for each in (self.home, self.project):
            each.mkdir(parents=True, exist_ok=True)
        self.state = state or self.home / ".coder"
        self.env = {"HOME": str(self.home), "PATH": os.environ["PATH"], **GIT_ENV, **(env or {})}
        self.events: list[AnyEvent] = []
        self.asked: list[Request] = []
        self._answering = answering
        roots = (self.project, *more_roots)
        self.workspace = LocalWorkspace(self.project, roots[1:], self.env)
        world = LocalWorld(self.project, roots, self.home, self.state)
        rules = Rules(confirm_irreversible=asks)
        spill = self.state / "projects" / "spill"

        def judge(call: ToolUse, access: Access) -> Decision:
            return decide(call, access, rules, "default" if asks else "bypassPermissions", world)

        site = Site(
            self.state / "file-history",
            session_id,
            roots,
            self.home,
            (self.state, spill),
            self.env,
            lambda: self.workspace.is_busy,
        )
        self.site = site
        self.checkpoints = Checkpointing(site, self.events.append, conversation=conversation)
        self.executor = Executor(
            SessionTools(builtins(ToolSession()), ()),
            judged_by(judge, self._ask, self.events.append),
            self.workspace,
            StillControl(),
            self.events.append,
            spill,
            ports=Ports(Created((spill,)).watch, checkpoints=self.checkpoints),
        )
        self._count = 0

    async def _ask(self, request: Request) -> Reply:
        self.asked.append(request)
        return self._answering(request)

    def prompt(self, uuid: str, text: str = "do something") -> None:
        """The person says something: a point to go back to."""
        message = Message("user", (Text(text),), Meta(uuid=uuid, kind="prompt"))
        self.checkpoints.on(RunStarted(prompt=message))

    async def call(self, name: str, /, **raw: Any) -> Outcome:
        self._count += 1
        call = ToolUse(f"toolu_{self._count}", name, raw)
        outcomes: dict[str, Outcome] = {}
        await self.executor.run([call], outcomes)
        return outcomes[call.id]

    async def bash(self, command: str, **more: Any) -> Outcome:
        return await self.call("Bash", command=command, **more)

    async def write(self, path: str, text: str) -> Outcome:
        return await self.call("Write", file_path=str(self.project / path), content=text)

    @property
    def notices(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice)]

    async def aclose(self) -> None:
        await self.workspace.aclose()
        await self.checkpoints.aclose()


def tree(folder: Path, *, without: Iterable[str] = (".git",)) -> dict[bytes, tuple[object, ...]]:
    """Everything in a folder by its bytes: type, mode, and content or goal. `without` are names at the top."""
    found: dict[bytes, tuple[object, ...]] = {}
    skipped = {os.fsencode(folder) + b"/" + os.fsencode(name) for name in without}

    def walk(place: bytes) -> None:
        for name in sorted(os.listdir(place)):
            path = place + b"/" + name
            if path in skipped:
                continue
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                found[path] = ("link", os.readlink(path))
            elif stat.S_ISDIR(status.st_mode):
                found[path] = ("folder", stat.S_IMODE(status.st_mode))
                walk(path)
            elif stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    found[path] = ("file", stat.S_IMODE(status.st_mode), file.read())
            else:
                found[path] = ("other", stat.S_IFMT(status.st_mode))

    walk(os.fsencode(folder))
    return found


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), **GIT_ENV}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], env=env, capture_output=True, encoding="utf-8", check=check
    )
    return done.stdout


def git_state(folder: Path) -> dict[str, object]:
    """What the person's repository holds that a rewind must never touch."""
    place = folder / ".git"
    if not place.is_dir():
        return {}
    kept = tree(place, without=("objects", "logs"))
    objects = set(tree(place / "objects"))
    return {"files": kept, "objects": objects, "stash": git(folder, "stash", "list")}
