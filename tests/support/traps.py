"""Repositories in which reading alone would run a program, by every way git has. Whatever runs leaves a canary.

A new surface of git is a `Trap`: first its `spring`, plain git calls, has to show that it fires. The calls of our own
that none of them may fire for are `OURS` in tests/e2e/test_hostile_git.py.
"""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Calls = tuple[tuple[str, ...], ...]
_ID = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org"}
_ID |= {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org"}
_CHANGED = (
    "a.txt",
    "c.conv",
    "c.conv2",
    "d.drv",
    "f.filt",
    "f.filt2",
    "f.filt3",
    "p.proc",
    "i.inc",
    "w.work",
    "o.own",
    "o.own2",
    "x.dot",
)
_SIGNATURE = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQEzBAABCAAdFiEE\n -----END PGP SIGNATURE-----\n"


@dataclass(frozen=True, slots=True)
class Trapped:
    """`root` is the repository; `canaries` has a file for whatever ran, `programs` what would leave one."""

    root: Path
    home: Path
    canaries: Path
    programs: Path
    env: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, root: Path, home: Path, beside: Path, only: Iterable[str] | None = None) -> Trapped:
        """With every trap, or just some."""
        made = cls(root, home, beside / "canaries", beside / "programs")
        for folder in (root, made.canaries, made.programs):
            folder.mkdir(parents=True, exist_ok=True)
        made._history()
        chosen = [trap for trap in TRAPS if only is None or trap.name in only]
        for trap in chosen:
            made._set(trap)
        for canary in made.canaries.iterdir():  # of what made the repository
            canary.unlink()
        return made

    @property
    def sung(self) -> list[str]:
        """What ran."""
        return sorted(path.name for path in self.canaries.iterdir())

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8", **self.env, **(extra or {})}

    def git(self, *arguments: str, stdin: str = "", at: str = ".", checks: bool = True) -> str:
        """Plain git, as the person would run it."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root / at,
            env=self.environment(_ID),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=30,
        )
        assert not checks or done.returncode == 0, (arguments, done.stderr)
        return done.stdout.strip() if checks else done.stdout + done.stderr

    def spring(self, trap: Trap) -> None:
        """Runs what fires it."""
        for call in trap.spring:
            if call[0] == "tty":
                self._on_a_terminal(*call[1:])
            elif call[0] == "sh":
                subprocess.run(
                    ["/bin/sh", "-c", call[1]], cwd=self.root, env=self.environment(_ID), check=False, timeout=30
                )
            else:
                self.git(*call, checks=False, stdin=trap.stdin)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def add_to(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(text)

    def program(self, name: str, *, copies: bool = False, place: Path | None = None) -> Path:
        path = place or self.programs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        end = "exec cat" if copies else "exit 1"
        path.write_text(f"#!/bin/sh\n/usr/bin/touch {self.canaries / name}\n{end}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    def _set(self, trap: Trap) -> None:
        filled = {
            "run": str(self.program(trap.name)),
            "cat": str(self.program(f"{trap.name}", copies=True, place=self.programs / f"{trap.name}-cat")),
            "root": str(self.root),
        }
        self.add_to(".git/config", trap.config.format_map(filled))
        self.add_to(".git/info/attributes", trap.attributes)
        self.env.update({name: value.format_map(filled) for name, value in trap.env.items()})
        if trap.prepare is not None:
            trap.prepare(self, trap.name)

    def _on_a_terminal(self, *arguments: str) -> None:
        ours, theirs = pty.openpty()
        try:
            subprocess.run(
                ["git", *arguments],
                cwd=self.root,
                env=self.environment({**_ID, "TERM": "xterm"}),
                stdin=subprocess.DEVNULL,
                stdout=theirs,
                stderr=theirs,
                check=False,
                timeout=30,
            )
        finally:
            os.close(ours)
            os.close(theirs)

    def _history(self) -> None:
        """Commits, a merge, a signed commit at the tip, a stash, a submodule, and something changed of every kind."""
        self.git("init", "-q", "-b", "main")
        for name in ("s.txt", *_CHANGED):
            self.write(name, "one\ntwo\nthree\n")
        self.write("m.m", "1\n2\n3\n4\n5\n6\n7\n8\n9\n")
        self.write("lost.txt", "to be lost\n")
        self.git("add", ".")
        self.git("commit", "-qm", "first")
        self.git("branch", "side")
        self.git("checkout", "-q", "side")
        self.write("m.m", "1\n2\n3\n4\n5\n6\n7\n8\n9 of the side\n")
        self.git("commit", "-qam", "of the side")
        self.git("checkout", "-q", "main")
        self.write("m.m", "1 of main\n2\n3\n4\n5\n6\n7\n8\n9\n")
        self.git("commit", "-qam", "of main")
        self.git("merge", "-q", "--no-edit", "side")
        self.git("checkout", "-q", "-b", "other", "HEAD~1")
        self.write("m.m", "1 of main\n2\n3\n4\n5 of the other\n6\n7\n8\n9\n")
        self.git("commit", "-qam", "of the other")
        self.git("checkout", "-q", "main")
        self._submodule()
        commit = self.git("cat-file", "commit", "HEAD")
        head, _, message = commit.partition("\n\n")
        signed = self.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=f"{head}\n{_SIGNATURE}\n{message}\n")
        self.git("update-ref", "refs/heads/main", signed)
        self.write("a.txt", "stashed\n")
        self.git("stash", "-q")
        self.write("s.txt", "staged\n")
        self.git("add", "s.txt")
        for name in _CHANGED:
            self.write(name, "one\nTWO\nthree\n")
        self.write("u.txt", "new\n")

    def _submodule(self) -> None:
        (self.root / "sub").mkdir()
        self.git("init", "-q", "-b", "main", at="sub")
        self.write("sub/x.txt", "one\n")
        self.git("add", ".", at="sub")
        self.git("commit", "-qm", "first", at="sub")
        self.write(".gitmodules", '[submodule "sub"]\n\tpath = sub\n\turl = ./sub\n')
        self.git("-c", "advice.addEmbeddedRepo=false", "add", ".gitmodules", "sub")
        self.git("commit", "-qm", "a submodule")
        self.write("sub/x.txt", "two\n")
        self.git("commit", "-qam", "second", at="sub")
        self.write("sub/x.txt", "owt\n")


@dataclass(frozen=True, slots=True)
class Trap:
    """`config` and `attributes` go into the repository's own files, `env` into the environment of whoever calls git:
    `{run}` is a program that leaves a canary, `{cat}` one that also passes on what it is given."""

    name: str
    spring: Calls
    config: str = ""
    attributes: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[Trapped, str], None] | None = None
    stdin: str = ""


def _hook(name: str) -> Callable[[Trapped, str], None]:
    def prepare(trapped: Trapped, canary: str) -> None:
        trapped.program(canary, copies=True, place=trapped.root / ".git" / "hooks" / name)

    return prepare


def _hooks_path(trapped: Trapped, canary: str) -> None:
    trapped.program(canary, copies=True, place=trapped.root / "hooks" / "post-index-change")


def _included(trapped: Trapped, canary: str) -> None:
    trapped.write("more.config", f'[filter "inc"]\n\tclean = {trapped.programs / canary}-cat\n')


def _included_if(trapped: Trapped, canary: str) -> None:
    trapped.write("if.config", f"[core]\n\tfsmonitor = {trapped.programs / canary}\n")


def _worktree_config(trapped: Trapped, canary: str) -> None:
    trapped.write(".git/config.worktree", f'[filter "work"]\n\tclean = {trapped.programs / canary}-cat\n')


def _of_submodule(key: str) -> Callable[[Trapped, str], None]:
    def prepare(trapped: Trapped, canary: str) -> None:
        section, _, name = key.rpartition(".")
        trapped.add_to("sub/.git/config", f"[{section}]\n\t{name} = {trapped.programs / canary}\n")
        if section.startswith("filter"):
            trapped.add_to("sub/.git/info/attributes", "* filter=sub\n")

    return prepare


def _lost(trapped: Trapped, canary: str) -> None:
    """A branch whose tip holds a file that is only where the promisor is."""
    blob = trapped.git("hash-object", "-w", "--stdin", stdin="gone\n")
    tree = trapped.git("mktree", stdin=f"100644 blob {blob}\tgone.txt\n")
    # Nothing of it is read by plain means, so it is the last word of this trap.
    commit = trapped.git("commit-tree", tree, "-m", "lost", "-p", "other")
    trapped.git("update-ref", "refs/heads/lost", commit)
    place = trapped.root / ".git" / "objects" / blob[:2] / blob[2:]
    place.chmod(0o644)
    place.unlink()
    trapped.add_to(
        ".git/config",
        "[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tpartialClone = promise\n"
        f'[remote "promise"]\n\tpromisor = true\n\turl = ext::{trapped.programs / canary}\n'
        '[protocol "ext"]\n\tallow = always\n',
    )


def _alternates(trapped: Trapped, canary: str) -> None:
    other = trapped.programs.parent / "alternate"
    other.mkdir(exist_ok=True)
    subprocess.run(["git", "init", "-q", str(other)], check=True, env=trapped.environment())
    trapped.write(".git/objects/info/alternates", f"{other}/.git/objects\n")


def _helper(trapped: Trapped, canary: str) -> None:
    trapped.program(canary, place=trapped.root / "bin" / "git-remote-https")


def _git_in_the_way(trapped: Trapped, canary: str) -> None:
    for place in ("git", "bin/git"):
        trapped.program(canary, place=trapped.root / place)


def _persons_filter(trapped: Trapped, canary: str) -> None:
    """The person's own filter is a name, and the repository brings a program of that name."""
    with (trapped.home / ".gitconfig").open("a", encoding="utf-8") as file:
        file.write('[filter "own"]\n\tclean = own-filter\n')
    trapped.program(canary, copies=True, place=trapped.root / "own-filter")


def _persons_filter_taken_over(trapped: Trapped, canary: str) -> None:
    with (trapped.home / ".gitconfig").open("a", encoding="utf-8") as file:
        file.write('[filter "taken"]\n\tclean = cat\n')


_PATH = os.pathsep.join((".", "", "{root}/bin", os.environ.get("PATH", "")))
_TOUCHED = "*.filt filter=evil\n"

TRAPS: tuple[Trap, ...] = (
    Trap("fsmonitor", (("status",),), "[core]\n\tfsmonitor = {run}\n"),
    Trap("hook-post-index-change", (("add", "a.txt"),), prepare=_hook("post-index-change")),
    Trap("hook-reference-transaction", (("branch", "x"),), prepare=_hook("reference-transaction")),
    Trap("hook-post-checkout", (("checkout", "-q", "-b", "y"),), prepare=_hook("post-checkout")),
    Trap("hook-pre-commit", (("commit", "-m", "x"),), prepare=_hook("pre-commit")),
    Trap("hook-commit-msg", (("commit", "-m", "x"),), prepare=_hook("commit-msg")),
    Trap("hook-post-commit", (("commit", "-m", "x"),), prepare=_hook("post-commit")),
    Trap("hook-post-merge", (("stash", "-q"), ("merge", "-q", "other")), prepare=_hook("post-merge")),
    Trap("hooks-path", (("add", "a.txt"),), "[core]\n\thooksPath = hooks\n", prepare=_hooks_path),
    Trap("textconv", (("diff",),), '[diff "conv"]\n\ttextconv = {cat} <\n', "*.conv diff=conv\n"),
    Trap(
        "textconv-of-blame", (("blame", "c.conv2"),), '[diff "conv2"]\n\ttextconv = {cat} <\n', "*.conv2 diff=conv2\n"
    ),
    Trap("diff-external", (("diff",),), "[diff]\n\texternal = {run}\n"),
    Trap("diff-command", (("diff",),), '[diff "drv"]\n\tcommand = {run}\n', "*.drv diff=drv\n"),
    Trap("clean", (("diff",),), '[filter "evil"]\n\tclean = {cat}\n', _TOUCHED),
    Trap(
        "clean-of-status",
        (("status",),),
        '[filter "evil2"]\n\tclean = {cat}\n\trequired = true\n',
        "*.filt2 filter=evil2\n",
    ),
    Trap("smudge", (("checkout", "f.filt3"),), '[filter "evil3"]\n\tsmudge = {cat}\n', "*.filt3 filter=evil3\n"),
    Trap("filter-process", (("diff",),), '[filter "proc"]\n\tprocess = {run}\n', "*.proc filter=proc\n"),
    Trap("filter-with-a-dot", (("diff",),), '[filter "a.B"]\n\tclean = {cat}\n', "*.dot filter=a.B\n"),
    Trap("included", (("diff",),), "[include]\n\tpath = ../more.config\n", "*.inc filter=inc\n", prepare=_included),
    Trap(
        "included-if",
        (("status",),),
        '[includeIf "gitdir:**"]\n\tpath = ../if.config\n',
        prepare=_included_if,
    ),
    Trap(
        "worktree-config",
        (("diff",),),
        "[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tworktreeConfig = true\n",
        "*.work filter=work\n",
        prepare=_worktree_config,
    ),
    Trap(
        "filter-taken-over",
        (("diff",),),
        '[filter "taken"]\n\tclean = {cat}\n',
        "*.own2 filter=taken\n",
        prepare=_persons_filter_taken_over,
    ),
    Trap("filter-on-path", (("diff",),), "", "*.own filter=own\n", {"PATH": _PATH}, _persons_filter),
    Trap("pager", (("tty", "log"),), "[core]\n\tpager = {run}\n"),
    Trap(
        "pager-of-command",
        (("tty", "log"),),
        "[pager]\n\tlog = {run}\n\tdiff = {run}\n\tstatus = {run}\n\tshow = {run}\n",
    ),
    Trap("editor", (("commit",),), "[core]\n\teditor = {run}\n"),
    Trap("sequence-editor", (("stash", "-q"), ("rebase", "-i", "HEAD~1")), "[sequence]\n\teditor = {run}\n"),
    Trap("gpg", (("log", "-1"),), "[log]\n\tshowSignature = true\n[gpg]\n\tprogram = {run}\n"),
    Trap("gpg-by-format", (("log", "-1"),), '[format]\n\tpretty = "%G? %H"\n[gpg]\n\tprogram = {run}\n'),
    Trap("gpg-signs", (("commit", "-m", "x"),), "[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = {run}\n"),
    Trap("alias", (("st",),), '[alias]\n\tst = "!{run}"\n\tstatus = "!{run}"\n\tdiff = "!{run}"\n'),
    Trap(
        "credentials",
        (("credential", "fill"),),
        '[credential]\n\thelper = "!{run}"\n',
        stdin="url=https://x.example\n\n",
    ),
    Trap("askpass", (("credential", "fill"),), "[core]\n\taskPass = {run}\n", stdin="url=https://x.example\n\n"),
    Trap("ssh", (("fetch", "ssh://x.example/y"),), "[core]\n\tsshCommand = {run}\n"),
    Trap("git-proxy", (("fetch", "git://127.0.0.1:9/y"),), "[core]\n\tgitProxy = {run}\n"),
    Trap("protocol-ext", (("fetch", "e"),), '[protocol "ext"]\n\tallow = always\n[remote "e"]\n\turl = ext::{run}\n'),
    Trap("upload-pack", (("fetch", "up"),), '[remote "up"]\n\turl = .\n\tuploadpack = {run}\n'),
    Trap("promisor", (("show", "lost"),), prepare=_lost),
    Trap("submodule-fsmonitor", (("status",),), prepare=_of_submodule("core.fsmonitor")),
    Trap("submodule-filter", (("status",),), prepare=_of_submodule('filter "sub".clean')),
    Trap("submodule-diff", (("diff",),), "[diff]\n\tsubmodule = diff\n", prepare=_of_submodule("diff.external")),
    Trap(
        "submodule-update",
        (("submodule", "update"),),
        '[submodule "sub"]\n\tactive = true\n\turl = ./sub\n\tupdate = "!{run}"\n',
    ),
    Trap(
        "alternate-refs",
        (("rev-list", "--alternate-refs"),),
        "[core]\n\talternateRefsCommand = {run}\n",
        prepare=_alternates,
    ),
    Trap(
        "merge-driver", (("stash", "-q"), ("merge", "other")), '[merge "evil"]\n\tdriver = {run}\n', "*.m merge=evil\n"
    ),
    Trap(
        "remerge",
        (("log", "-m", "-p"),),
        '[log]\n\tdiffMerges = remerge\n[merge "evil2"]\n\tdriver = {run}\n',
        "*.m merge=evil2\n",
    ),
    Trap(
        "trailer",
        (("interpret-trailers", "--trailer", "evil=1"),),
        '[trailer "evil"]\n\tcommand = {run}\n',
        stdin="x\n\nevil: 1\n",
    ),
    Trap("archive", (("archive", "--format=evil", "HEAD"),), '[tar "evil"]\n\tcommand = {run}\n'),
    Trap("env-external-diff", (("diff",),), env={"GIT_EXTERNAL_DIFF": "{run}"}),
    Trap("env-pager", (("tty", "log"),), env={"GIT_PAGER": "{run}"}),
    Trap("env-ssh", (("fetch", "ssh://x.example/y"),), env={"GIT_SSH_COMMAND": "{run}", "GIT_SSH": "{run}"}),
    Trap(
        "env-config",
        (("status",),),
        env={"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": "{run}"},
    ),
    Trap("env-exec-path", (("fetch", "https://127.0.0.1:9/x"),), env={"GIT_EXEC_PATH": "{root}/bin"}, prepare=_helper),
    Trap("git-on-path", (("sh", "git status"),), env={"PATH": _PATH}, prepare=_git_in_the_way),
    Trap(
        "email", (("sh", 'eval echo "$(git config user.email)"'),), '[user]\n\temail = "$({run})"\n\tname = "`{run}`"\n'
    ),
)
NAMES = tuple(trap.name for trap in TRAPS)
