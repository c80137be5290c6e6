"""A session's auto-commit over real checkpoints and a real repository, without a model: runs are shell commands."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from coder.agent.ports import Watched
from coder.app.autocommit.committing import About, AutoCommit
from coder.app.autocommit.place import Spot
from coder.app.autocommit.undoing import Undoing
from coder.app.checkpointing import FOLDER, Checkpointing
from coder.app.recording import Site
from coder.core.events import AnyEvent, Committed, Notice, RunStarted
from coder.core.messages import Message, Meta, Text
from coder.core.tools import Runs
from tests.support.cli import Place
from tests.support.repositories import Repository

SESSION = "3f2a77d0-0000-4000-8000-000000000000"


class Auto:
    """`repository` is that of the project; `person` runs what the person does, outside any run."""

    def __init__(
        self,
        place: Place,
        *,
        repository: Repository | None = None,
        session_id: str = SESSION,
        title: str = "",
        is_denied: Callable[[Path], bool] = lambda path: False,
        branch: str = "",
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.place = place
        self.repository = repository or Repository.make(place)
        self.env = {"HOME": str(place.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", **(env or {})}
        base = place.home / ".coder" / FOLDER
        self.folder = base / session_id
        self.cwd = cwd or place.project
        self.events: list[AnyEvent] = []
        self.is_busy = False
        site = Site(base, session_id, (self.cwd,), place.home, (place.home / ".coder",), self.env, lambda: self.is_busy)
        self.checkpoints = Checkpointing(site, self.events.append)
        self.spot = Spot(self.cwd, base, self.folder, self.env)
        about = About(session_id, None, lambda: title, lambda: "Co-Authored-By: X <x@example.org>", is_denied, branch)
        self.auto = AutoCommit(self.spot, about, self.checkpoints, self.events.append)
        self._count = 0

    async def run(self, prompt: str, *commands: str, at_the_end: Callable[[], None] = lambda: None) -> None:
        """One run: each command is a call. `at_the_end` is called before anything is committed."""
        self._count += 1
        event = RunStarted(prompt=Message("user", (Text(prompt),), Meta(uuid=f"prompt-{self._count}", kind="prompt")))
        for listener in (self.checkpoints, self.auto):
            listener.on(event)
        for command in commands:
            async with self.auto.around(Watched(f"Bash {command}", Runs(command), (), ())):
                self.person(command)
        at_the_end()
        await self.auto.run_ended()

    def person(self, command: str) -> None:
        subprocess.run(["bash", "-c", command], cwd=self.cwd, env=self.env, check=False, capture_output=True)

    @property
    def undoing(self) -> Undoing:
        return Undoing(self.spot, self.checkpoints)

    @property
    def committed(self) -> list[Committed]:
        return [event for event in self.events if isinstance(event, Committed)]

    @property
    def warnings(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice) and event.level == "warning"]

    def git(self, *arguments: str) -> str:
        """What git prints. Names need not be UTF-8. Fails the test when git fails."""
        asked = ["git", *arguments]
        done = subprocess.run(asked, cwd=self.repository.folder, env=self.env, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return os.fsdecode(done.stdout).strip()

    def changed(self, commit: str = "HEAD") -> list[str]:
        """The paths that a commit changes."""
        listed = self.git("diff-tree", "--root", "-r", "--no-commit-id", "--name-only", "--no-renames", "-z", commit)
        return sorted(name for name in listed.split("\0") if name)

    def staged(self) -> str:
        """The index, entry by entry."""
        return self.git("ls-files", "--stage")
