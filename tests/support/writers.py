"""Agents that change files, without a model: a repository, a session's checkpoints, the pen, worktrees of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from coder.app.autocommit.place import Spot
from coder.app.autocommit.undoing import Undoing
from coder.app.checkpointing import FOLDER, Checkpointing
from coder.app.recording import Site
from coder.app.subagents.isolation import Isolated, isolate
from coder.app.subagents.merging import Merging
from coder.app.subagents.origin import Origin
from coder.app.subagents.pen import Pen
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.events import AnyEvent, RunStarted
from coder.core.messages import Message, Meta, Text
from tests.support.cli import Place
from tests.support.repositories import Repository

SESSION = "5e55104e-0000-4000-8000-000000000000"
IDENTITY = "git -c user.name=Ada -c user.email=ada@example.org"


class Writers:
    """A session in a repository of its own."""

    def __init__(
        self,
        place: Place,
        repository: Repository | None = None,
        *,
        cwd: Path | None = None,
        is_denied: Callable[[Path], bool] = lambda path: False,
    ) -> None:
        self.repository = repository or shop(place)
        self.env = {"HOME": str(place.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        self.cwd = cwd or place.project
        config = load(Flags(headless=False), {**self.env, "ANTHROPIC_API_KEY": "unused"}, self.cwd)
        self.origin = Origin(
            config=config,
            env=self.env,
            cwd=self.cwd,
            session_id=SESSION,
            trailer=lambda: "Co-Authored-By: X <x@example.org>",
            is_denied=is_denied,
        )
        base = config.home / FOLDER
        self.events: list[AnyEvent] = []
        site = Site(base, SESSION, (self.cwd,), place.home, (config.home,), self.env, lambda: False)
        self.checkpoints = Checkpointing(site, self.events.append)
        prompt = Message("user", (Text("go"),), Meta(uuid="prompt-1", kind="prompt"))
        self.checkpoints.on(RunStarted(prompt=prompt))
        self.pen = Pen(self.checkpoints)
        self.merging = Merging(self.origin, self.checkpoints, self.pen)
        self.undoing = Undoing(Spot(self.cwd, base, base / SESSION, self.env), self.checkpoints)

    async def isolate(self, id: str = "a1", title: str = "mend the cart") -> Isolated:
        return await isolate(self.origin, id, title)

    def standing_in(self, folder: Path) -> Origin:
        """As for a session in another folder."""
        return replace(self.origin, cwd=folder)

    def sh(self, command: str, folder: Path | None = None) -> str:
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder or self.cwd, env=self.env, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    def branches(self) -> list[str]:
        return self.repository.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()

    def tree(self, id: str = "a1") -> Path:
        return self.repository.folder / ".claude" / "worktrees" / f"agent-{id}"

    def everything(self, id: str = "a1") -> str:
        """What is in its worktree, in any commit, and in any stash."""
        files = [path for path in self.tree(id).rglob("*") if path.is_file() and path.name != ".git"]
        found = [path.read_text("utf-8", "replace") for path in files]
        log = self.repository.folder / ".git" / "worktrees" / f"agent-{id}" / "logs" / "HEAD"
        oids = {line.split()[1] for line in log.read_text().splitlines()} if log.exists() else set()
        logged = [self.repository.git("show", oid) for oid in sorted(oids)]
        staged = self.sh("git diff --cached", self.tree(id)) if self.tree(id).is_dir() else ""
        kept = (self.repository.git("log", "--all", "-p"), self.repository.git("stash", "list", "-p"))
        return "\n".join((*found, *logged, staged, *kept))

    def killed(self, id: str, work: str, *, at: str = "") -> None:
        """Another process makes the worktree, works there and is killed: at once, or as it leaves and has git do what
        has these words."""
        env = self.env
        if at:
            fake = Path(env["HOME"]) / "bin" / "git"
            fake.parent.mkdir()
            fake.write_text(
                f"""#!/bin/sh\ncase "$*" in *"{at}"*) kill -9 $PPID; exit 1;; esac\nexec {shutil.which("git")} "$@"\n"""
            )
            fake.chmod(0o755)
            env = {**env, "PATH": f"{fake.parent}:{env['PATH']}"}
        then = "await made.leave()" if at else "os.kill(os.getpid(), 9)"
        script = _KILLED.format(path=sys.path, project=str(self.cwd), home=env["HOME"], id=id, work=work, then=then)
        done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == -9, done.stderr


def shop(place: Place) -> Repository:
    made = Repository.shop(place)
    made.write(".gitignore", ".env\nbuild/\n__pycache__/\n")
    made.commit("shop: ignore what is made")
    return made


_KILLED = """
import asyncio, os, sys
sys.path[:] = {path!r}
from pathlib import Path
from tests.support.cli import Place
from tests.support.repositories import Repository
from tests.support.writers import Writers
place = Place(Path({home!r}), Path({project!r}))
writers = Writers(place, Repository(place.project, place.home))
async def live():
    made = await writers.isolate({id!r})
    print(writers.sh({work!r}, made.path))
    {then}
asyncio.run(live())
"""
