"""git commands that only read, run without a question in a repository whose settings name programs. None may run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from coder.agent.executor import Executor
from coder.agent.outcome import Outcome
from coder.app.toolbox import SessionTools
from coder.core.messages import ToolUse
from coder.core.requests import Deny
from coder.permissions.decide import decide
from coder.permissions.rules import Rules
from coder.permissions.world import LocalWorld
from coder.tools.registry import ToolSession, builtins
from coder.workspace.local import LocalWorkspace
from tests.support.agents import judged_by
from tests.support.engine import Recorder, StillControl

MISSING = "deadbeef" * 5
READING = [
    *("git status", "git status -s", "git diff", "git diff --stat", "git diff HEAD~1", "git diff --cached"),
    *("git diff-index HEAD", "git diff-tree -p HEAD", "git whatchanged -p"),
    *("git log", "git log -p", "git log --stat", "git log -L1,1:f.txt", "git show"),
    *("git show HEAD:f.txt", "git show v1", "git blame f.txt", "git grep a", "git ls-files"),
    *("git ls-files -m", "git describe --tags --dirty", "git branch -vv", "git tag -n", "git for-each-ref"),
    *(
        "git remote -v",
        "git stash list -p",
        "git reflog",
        "git shortlog HEAD",
        "git rev-list HEAD",
        "git check-ignore x",
    ),
    *("git cat-file -p HEAD:f.txt", "git config --list", "git worktree list", "git range-diff HEAD~2..HEAD~1 HEAD~1.."),
    *("git cherry v1 HEAD", "git rev-parse HEAD", "git count-objects -v", f"git show {MISSING}"),
    *("cat f.txt | git grep a", "git status && git diff", "timeout 9 git diff"),
]
# What the environment of our shell switches off: these commands still run without a question.
HARMLESS = {
    "core.fsmonitor": "{canary}",
    "core.pager": "{canary}",
    "pager.log": "{canary}",
    "core.editor": "{canary}",
    "sequence.editor": "{canary}",
    "core.sshCommand": "{canary}",
    "core.askPass": "{canary}",
    "core.alternateRefsCommand": "{canary}",
    "core.hooksPath": "{hooks}",
    "credential.helper": "!{canary}",
    "interactive.diffFilter": "{canary}",
    "trailer.x.command": "{canary}",
    "alias.status": "!{canary}",
    "alias.st": "!{canary}",
    "uploadpack.packObjectsHook": "{canary}",
    "remote.origin.url": "ext::{canary}",
    "remote.origin.uploadpack": "{canary}",
    "protocol.ext.allow": "always",
    "status.submoduleSummary": "true",
}
# What nothing but a question keeps from running.
HARMFUL = {
    "diff.external": "{canary}",
    "diff.evil.textconv": "{canary}",
    "diff.evil.command": "{canary}",
    "filter.evil.clean": "{canary}",
    "filter.evil.smudge": "{canary}",
    "filter.evil.process": "{canary}",
    "gpg.program": "{canary}",
    "gpg.ssh.program": "{canary}",
    "core.worktree": "{outside}",
    "merge.evil.driver": "{canary}",
    "log.showSignature": "true",
    "format.pretty": "%h %-GS",
    "pretty.mine": "%GG",
    "tag.sort": "signature:grade",
    "diff.submodule": "diff",
    "alias.whatchanged": "!{canary}",
    "hook.x.command": "{canary}",
    "remote.origin.promisor": "true",
    "remote.origin.partialCloneFilter": "blob:none",
    "extensions.partialClone": "origin",
    "blame.ignoreRevsFile": "{outside}/x",
    "mailmap.file": "../x",
    "diff.orderFile": "~/x",
    "core.excludesFile": "{outside}/x",
    "core.attributesFile": "{outside}/x",
    "include.path": "../../x",
}
AUTHOR = {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


class Repository:
    """A repository with a submodule, a signed commit and something changed. Whatever runs in it leaves a canary."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.top = folder / "repo"
        self.canaries = folder / "canaries"
        self.programs = 0
        for each in (self.top, self.canaries, folder / "home", folder / "outside", folder / "hooks"):
            each.mkdir()
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "GIT_CONFIG_NOSYSTEM": "1",
            **AUTHOR,
        }
        self._commit()
        for hook in ("pre-commit", "post-checkout", "reference-transaction", "fsmonitor-watchman"):
            for place in (folder / "hooks", self.top / ".git/hooks"):
                self.script(place / hook, f"hook-{hook}")

    def git(self, *words: str, cwd: Path | None = None, given: str = "") -> str:
        done = subprocess.run(
            ["git", *words], cwd=cwd or self.top, env=self.env, input=given, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def _commit(self) -> None:
        self.git("init", "-q", "-b", "main")
        (self.top / "f.txt").write_text("a\n")
        (self.top / "same.txt").write_text("same\n")
        (self.top / "b.bin").write_bytes(b"x\0y")
        (self.top / ".gitattributes").write_text("f.txt diff=evil filter=evil\n*.bin diff=evil\n")
        for text in ("one\n", "two\n"):
            (self.top / "f.txt").write_text(text)
            self.git("add", "-A")
            self.git("commit", "-qm", text)
        self.git("tag", "v1")
        sub = self.top / "sub"
        sub.mkdir()
        self.git("init", "-q", cwd=sub)
        (sub / "s.txt").write_text("s\n")
        (sub / ".gitattributes").write_text("*.txt diff=evil filter=evil\n")
        self.git("add", "-A", cwd=sub)
        self.git("commit", "-qm", "s", cwd=sub)
        self.git("-c", "advice.addEmbeddedRepo=false", "add", "sub")
        self.git("commit", "-qm", "sub")
        self._sign()
        self.dirty()

    def _sign(self) -> None:
        head, _, rest = self.git("cat-file", "commit", "HEAD").partition("\n\n")
        signed = f"{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n{rest}\n"
        commit = self.git("hash-object", "-t", "commit", "-w", "--stdin", given=signed)
        self.git("update-ref", "refs/heads/main", commit)

    def dirty(self) -> None:
        (self.top / "f.txt").write_text("zwo\n")
        (self.top / "b.bin").write_bytes(b"x\0z")
        (self.top / "sub/s.txt").write_text("t\n")
        os.utime(self.top / "same.txt", (1, 1))

    def configure(self, settings: Mapping[str, str], cwd: Path | None = None) -> None:
        for name, value in settings.items():
            self.programs += 1
            script = self.script(self.folder / f"program-{self.programs}", name)
            places = {"canary": script, "hooks": self.folder / "hooks", "outside": self.folder / "outside"}
            self.git("config", name, value.format(**places), cwd=cwd)

    def script(self, path: Path, name: str) -> Path:
        path.write_text(f'#!/bin/sh\ntouch "{self.canaries}/{name}"\ncat "$1" 2>/dev/null\nexit 0\n')
        path.chmod(0o755)
        return path

    def sung(self) -> set[str]:
        names = {path.name for path in self.canaries.iterdir()}
        for name in names:
            (self.canaries / name).unlink()
        return names

    async def run(self, *commands: str) -> list[str]:
        """Through the engine, its gate and its shell, with nobody to ask; the commands that were not run."""
        workspace = LocalWorkspace(self.top, env=self.env)
        world = LocalWorld(self.top, (self.top,), self.folder / "home", self.folder / "home/.coder")
        front = Recorder(Deny("nobody", nobody=True))
        gate = judged_by(lambda call, access: decide(call, access, Rules(), "default", world), front.ask, front.emit)
        tools = SessionTools(builtins(ToolSession()), ())
        executor = Executor(tools, gate, workspace, StillControl(), front.emit, self.folder / "spill")
        outcomes: dict[str, Outcome] = {}
        try:
            await executor.run([ToolUse(each, "Bash", {"command": each}) for each in commands], outcomes)
        finally:
            await workspace.aclose()
        assert "failed inside coder" not in str(outcomes)
        return [command for command in commands if outcomes[command].denied_nobody]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.mark.behaviour("B-725")
async def test_settings_that_our_shell_switches_off_neither_run_nor_ask(repository: Repository) -> None:
    repository.configure(HARMLESS)
    assert await repository.run(*READING) == []
    assert repository.sung() == set()
    repository.dirty()
    subprocess.run(["git", "status"], cwd=repository.top, env=repository.env, check=True, capture_output=True)
    assert "core.fsmonitor" in repository.sung()  # without our shell it would have run


@pytest.mark.behaviour("B-726")
async def test_a_repository_with_everything_in_it_runs_nothing(repository: Repository) -> None:
    repository.configure(HARMLESS | HARMFUL)
    repository.configure({"filter.evil.clean": "{canary}", "diff.external": "{canary}"}, repository.top / "sub")
    await repository.run(*READING, "git log --format='%G?'", "git diff --submodule=diff")
    assert repository.sung() == set()


@pytest.mark.behaviour("B-726")
@pytest.mark.parametrize("name", HARMFUL)
async def test_settings_that_nothing_switches_off_ask_first(repository: Repository, name: str) -> None:
    repository.configure({name: HARMFUL[name]})
    assert await repository.run("git status", "git log -p", "ls") == ["git status", "git log -p"]
    assert repository.sung() == set()


@pytest.mark.behaviour("B-726")
async def test_those_settings_would_run(repository: Repository) -> None:
    """What the question is for: the same commands in the same shell, once somebody has said yes."""
    together = ("diff.evil.textconv", "diff.evil.command", "filter.evil.clean", "gpg.program", "log.showSignature")
    repository.configure({name: HARMFUL[name] for name in together})
    repository.configure({"filter.evil.clean": "{canary}"}, repository.top / "sub")
    workspace = LocalWorkspace(repository.top, env=repository.env)
    for command in READING:
        process = await workspace.start(command, spill=repository.folder / "spill" / "out")
        await process.wait()
    await workspace.aclose()
    assert {"filter.evil.clean", "diff.evil.command", "gpg.program"} <= repository.sung()


@pytest.mark.behaviour("B-726")
@pytest.mark.parametrize("place", [".git/hooks", ".husky"])
async def test_a_hook_that_reading_would_run_asks_first(repository: Repository, place: str) -> None:
    (repository.top / ".husky").mkdir()
    repository.git("config", "core.hooksPath", place)
    assert await repository.run("git diff") == []
    repository.script(repository.top / place / "post-index-change", "hook")
    assert await repository.run("git diff") == ["git diff"]
    assert repository.sung() == set()


@pytest.mark.behaviour("B-726")
@pytest.mark.parametrize("kind", ["embedded", "absorbed", "index 4", "worktree", "included", "split"])
async def test_settings_are_found_wherever_git_reads_them(repository: Repository, kind: str) -> None:
    sub, filters = repository.top / "sub", {"filter.evil.clean": "{canary}"}
    match kind:
        case "embedded":
            repository.configure(filters, sub)
        case "absorbed":
            repository.configure(filters, sub)
            (sub / ".git").rename(repository.top / ".git/elsewhere")
            (sub / ".git").write_text("gitdir: ../.git/elsewhere\n")
        case "index 4":
            repository.configure(filters, sub)
            repository.git("update-index", "--index-version", "4")
        case "split":
            repository.configure(filters, sub)
            repository.git("update-index", "--split-index")
        case "worktree":
            repository.git("config", "extensions.worktreeConfig", "true")
            repository.git("config", "--worktree", "diff.external", "program")
        case _:
            (repository.top / ".git/more").write_text("[include]\npath = most\n")
            (repository.top / ".git/most").write_text('[diff "x"]\n\ttextconv = evil\n')
            repository.git("config", "includeIf.onbranch:main.path", "more")
    repository.sung()
    assert await repository.run("git status") == ["git status"]
    assert repository.sung() == set()


async def test_ordinary_repositories_are_not_asked_about(repository: Repository) -> None:
    repository.git("config", "user.email", "ada@example.org")
    repository.git("config", "remote.origin.url", "https://example.org/x.git")
    repository.git("config", "core.hooksPath", ".husky")
    repository.git("config", "branch.main.remote", "origin")
    for name, value in {
        "log.showSignature": "false",
        "format.pretty": "oneline",
        "blame.ignoreRevsFile": ".git-blame-ignore-revs",
        "core.excludesFile": str(repository.top / "ignored"),
        "include.path": "more",
        "diff.submodule": "log",
        "tag.sort": "-version:refname",
    }.items():
        repository.git("config", name, value)
    (repository.folder / "other").mkdir()
    repository.git("worktree", "add", "-q", str(repository.folder / "other/tree"))
    assert await repository.run("git status", "git diff", "git log -p") == []


async def test_a_repository_that_is_its_own_git_folder_asks(repository: Repository) -> None:
    (repository.top / "sub/.git").rename(repository.folder / "bare")
    for each in (repository.folder / "bare").iterdir():
        each.rename(repository.top / "sub" / each.name)
    repository.top = repository.top / "sub"
    assert await repository.run("git status") == ["git status"]
