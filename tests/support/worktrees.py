"""Sessions in worktrees, for tests: what a session may leave there, and ways for it to end."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.cli import DEADLINE, Done, Place
from tests.support.fakeapi import RunningApi, fake_api, tool, turn
from tests.support.repositories import Repository

IDENTITY = "git -c user.name=Ada -c user.email=ada@example.org"
WORK: Mapping[str, str] = {
    "untracked": "echo precious > fresh.txt",
    "ignored .env": "echo SECRET=precious > .env",
    "staged": "echo precious > staged.txt; git add staged.txt",
    "modified": "echo precious >> README.md",
    "deleted": "rm README.md",
    "committed": f"echo precious > done.txt; git add done.txt; {IDENTITY} commit -qm precious",
    "reset away": f"echo precious > done.txt; git add done.txt; {IDENTITY} commit -qm precious; "
    "git reset -q HEAD~1; rm done.txt",
    "made beside the branch": f"git switch -q --detach; {IDENTITY} commit -q --allow-empty -m precious; "
    "git switch -q -",
    "locked": "git worktree unlock .; git worktree lock --reason 'on a stick' .",
    "stash": f"echo precious >> README.md; {IDENTITY} stash push -qm kept",
    "empty": "true",
}
HIDDEN: Mapping[str, str] = {
    "assume-unchanged": "git update-index --assume-unchanged README.md; echo precious >> README.md",
    "skip-worktree": "git update-index --skip-worktree README.md; echo precious >> README.md",
    "excluded": 'echo fresh.txt >> "$(git rev-parse --git-common-dir)/info/exclude"; echo precious > fresh.txt',
    "nested repository": "git init -q inner; echo precious > inner/fresh.txt",
    "untracked in an ignored folder": "mkdir -p build; echo precious > build/fresh.txt",
    "in a cache": "mkdir -p __pycache__; echo precious > __pycache__/notes.txt",
    "core.worktree": "git config extensions.worktreeConfig true; "
    'git config --worktree core.worktree "$(git rev-parse --git-common-dir)/.."; echo precious >> README.md',
    "showUntrackedFiles": "git config status.showUntrackedFiles no; echo precious > fresh.txt",
    "ignoreCase": "git config core.ignoreCase true; echo precious > readme.md",
    "same size and time": "git config core.trustctime false; touch -d 2001-01-01 README.md; "
    "git update-index -q --refresh; printf precious 1<> README.md; touch -d 2001-01-01 README.md",
}


@dataclass(frozen=True, slots=True)
class Ground:
    place: Place
    repository: Repository

    @classmethod
    def make(cls, place: Place) -> Ground:
        repository = Repository.shop(place)
        repository.write(".gitignore", ".env\nbuild/\n__pycache__/\n")
        repository.commit("shop: ignore what is made")
        return cls(place, repository)

    def tree(self, name: str = "task") -> Path:
        return self.repository.folder / ".claude" / "worktrees" / name

    def run(self, *args: str, work: str = "true", name: str = "task") -> Done:
        """A session in the worktree that runs one command and ends well."""
        with fake_api([turn(tool("Bash", command=work)), turn("Done.")], allow_violations=True) as api:
            return self.place.coder(*_ARGS, "-w", name, *args, url=api.url)

    def cut(self, number: int, work: str, name: str = "task") -> Done:
        """The same, but it is sent a signal once the work is done."""
        ready = self.place.home / "ready"
        command = f"{work}; echo now > '{ready}'; sleep 600"
        with fake_api([turn(tool("Bash", command=command, timeout=600_000))], allow_violations=True) as api:
            return self._cut(number, name, ready, api)

    def _cut(self, number: int, name: str, ready: Path, api: RunningApi) -> Done:
        process = self.place.start(*_ARGS, "-w", name, url=api.url)
        while not ready.exists():
            assert process.poll() is None, process.communicate()
        process.send_signal(number)
        out, error = process.communicate(timeout=DEADLINE)
        return Done(process.returncode, out, error)

    def end(self, how: str, work: str) -> Done:
        if how == "normal end":
            return self.run(work=work)
        return self.cut(signal.SIGTERM if how == "crash" else signal.SIGKILL, work)

    def branches(self) -> list[str]:
        return self.repository.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()

    def everything(self) -> str:
        """What is precious, wherever it is now: in the files of the worktree, in any commit, or in an archive."""
        found = [
            path.read_text("utf-8", "replace")
            for path in self.tree().rglob("*")
            if path.is_file() and path.name != ".git"
        ]
        kept = self.repository.git("log", "--all", "-p", "--format=%H")
        stashes = self.repository.git("stash", "list", "-p")
        logs = self._logged()
        archives = [path.read_bytes().decode("latin-1") for path in self.place.home.rglob("*.tar")]
        return "\n".join((*found, kept, stashes, logs, *archives))

    def _logged(self) -> str:
        admin = self.repository.folder / ".git" / "worktrees" / "task" / "logs" / "HEAD"
        if not admin.exists():
            return ""
        oids = {line.split()[1] for line in admin.read_text().splitlines()}
        return "\n".join(self.repository.git("show", oid) for oid in sorted(oids))


_ARGS = ("-p", "go", "--permission-mode", "bypassPermissions")
