"""One job, from what it is about to what becomes of its answer. Must not know flags or how a session is run."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from coder.cli import ci_told as told
from coder.cli.ci_event import Happening, happening
from coder.cli.ci_fence import fenced
from coder.cli.ci_ground import Ground
from coder.core import prompts
from coder.core.errors import ConfigError
from coder.core.ordinary import open_ordinary
from coder.core.visible import visible_line
from coder.frontends.amounts import counted, exact_money
from coder.git.theirs import TheirGit

if TYPE_CHECKING:
    from coder.cli.ci_run import Outcome

Task: TypeAlias = Literal["review", "fix", "triage", "prompt"]
_MOST_DIFF, _MOST_FILES, _MOST_LOG, _MOST_WORDS, _MOST_NAME = 120_000, 8_000, 24_000, 12_000, 300
_PUSH_SECONDS = 300.0
_TITLES = {"review": "Review", "fix": "Fix of the build", "triage": "Triage", "prompt": "coder"}


class Job:
    """`base` and `head` are what the command line says of them, `words` are the maintainer's own."""

    def __init__(self, task: Task, env: Mapping[str, str], here: Path, base: str, head: str, words: str) -> None:
        self.task, self.here = task, here
        self.about: Happening = happening(env)
        self._env, self._words = env, words.strip()
        self._base, self._head = base, head
        self.of_head: frozenset[str] = frozenset()  # paths that the trusted commit does not vouch for
        self._at = self._filled = ""  # the commit that is worked on, and the tree that it was when work began

    def check(self, *, log: str, push: bool) -> None:
        """Before anything is made. Raises ConfigError."""
        if self.task == "fix" and self.about.is_fork:
            raise ConfigError(
                "the commit comes from a fork, or nothing says that it does not: fix would run its code with the "
                "rights of this job. Use it for branches of this repository"
            )
        if self.task == "fix" and not log:
            raise ConfigError("fix needs the log of the failed build: --log FILE")
        if self.task == "triage" and self.about.kind == "commit":
            raise ConfigError("there is no issue to triage. Run it in a job for issues or pull requests.")
        if self.task == "prompt" and not self._words:
            raise ConfigError("there is no prompt: --prompt TEXT")
        if self.task == "prompt" and not self.about.service and not self._base:
            # Anybody may have written what is checked out, and it would be obeyed.
            raise ConfigError(
                "nothing says which commit is to be trusted. Name it: --base origin/main, or --base HEAD for what is "
                "checked out"
            )
        if push and self.task != "fix":
            raise ConfigError("--push is for fix.")

    def prepare(self, ground: Ground, log: str, labels: tuple[str, ...]) -> str:
        """Puts the files in place, and returns the prompt. Raises ConfigError."""
        about, wish = self._about(), self._words
        base, head = self._commits(ground)
        self._at = head
        ground.named(**({"base": base, "head": head} if head != base else {"base": base}))
        if self.task == "fix":
            self._filled = ground.fill(head, configuration=base)
            ground.begin_at(head)
            self.of_head = ground.of_the_head(base, self._filled)
            words = fenced("The end of the log", _end_of(Path(log)), _MOST_LOG, from_end=True)
            return prompts.load("ci/fix", wish=wish, about=about, log=words)
        ground.fill(base)
        ground.begin_at(base)
        if self.task == "triage":
            return prompts.load("ci/triage", wish=wish, about=about, labels=", ".join(labels) or "none")
        if self.task == "prompt":
            return prompts.load("ci/prompt", wish=wish, about=about)
        files, diff = ground.diff(base, head)
        if not diff.strip():
            raise ConfigError(f"{head[:12]} changes nothing since {base[:12]}. There is nothing to review.")
        return prompts.load(
            "ci/review",
            wish=wish,
            about=about,
            files=fenced("Files", files, _MOST_FILES),
            diff=fenced("The change", diff, _MOST_DIFF),
        )

    def check_branch(self, ground: Ground, branch: str) -> None:
        """Before anything is paid for. Raises ConfigError."""
        if self.task == "fix":
            ground.check_free(self._made(branch))

    def _made(self, branch: str) -> str:
        return branch or f"coder/fix-{self._at[:12]}"

    def told(self, ground: Ground, outcome: Outcome, branch: str, *, pushes: bool) -> dict[str, str]:
        """The outputs for later steps. Raises ConfigError."""
        values = {
            "result": outcome.answer or outcome.error,
            "exit-code": str(outcome.code),
            "session-id": outcome.session,
            "cost-usd": "" if outcome.cost is None else f"{outcome.cost:.4f}",
        }
        if self.task != "fix":
            return values
        made = ""
        if outcome.ok and (
            commit := ground.fix(self._at, self._filled, f"fix: make the build pass\n\nSession: {outcome.session}\n")
        ):
            made = self._made(branch)
            ground.hand_over(commit, made)
            print(f"coder: the fix is {commit[:12]} on the branch {visible_line(made)}", file=sys.stderr)
            if pushes:
                self._push(made)
        elif outcome.ok:
            print("coder: nothing was changed, so there is no branch", file=sys.stderr)
        return values | {"branch": made}

    def labels(self, outcome: Outcome, known: tuple[str, ...]) -> tuple[str, ...]:
        """Those that the answer names, of those there are."""
        return told.labels_in(outcome.answer, known) if self.task == "triage" and outcome.ok else ()

    def tell(self, outcome: Outcome, labels: tuple[str, ...], *, comments: bool, sets_labels: bool) -> None:
        """Raises ConfigError."""
        number = f" of #{self.about.number}" if self.about.number else ""
        money = "" if outcome.cost is None else f", {exact_money(outcome.cost)}"
        end = (
            f"{counted(outcome.turns, 'turn')}{money}" if outcome.ok else f"It did not come to its end: {outcome.error}"
        )
        told.write_summary(self._env, f"{_TITLES[self.task]}{number}", f"{outcome.answer}\n\n{end}")
        if outcome.ok and comments:
            told.comment(self.about, self._env, self.here, outcome.answer)
        if labels and sets_labels:
            told.label(self.about, self._env, self.here, labels)

    def _commits(self, ground: Ground) -> tuple[str, str]:
        """The trusted one and the one to work on."""
        about = self.about
        head = ground.commit(self._head or about.head or "HEAD", "head")
        base = self._base or about.base
        if not base and self.task == "fix" and about.default_branch:
            base = f"refs/remotes/origin/{about.default_branch}"
        # Without a base what is checked out is trusted, which is not for a job that strangers set off by their code.
        if not base and (self.task in ("review", "fix") or about.kind == "request" or about.is_fork):
            raise ConfigError("nothing says which commit is to be trusted. Name it: --base origin/main")
        if not base:
            return (own := ground.commit("HEAD", "checkout")), own
        return ground.commit(base, "base"), head

    def _about(self) -> str:
        about = self.about
        parts = (
            ("Title", about.title, _MOST_NAME),
            ("Branch", about.branch, _MOST_NAME),
            ("Author", about.author, _MOST_NAME),
            ("Description", about.body, _MOST_WORDS),
            ("Comment", about.comment, _MOST_WORDS),
        )
        return "\n\n".join(fenced(name, text, most) for name, text, most in parts if text.strip())

    def _push(self, branch: str) -> None:
        reference = f"refs/heads/{branch}"
        git = TheirGit(self._env, (self.here,))
        arguments = ("-c", "core.hooksPath=/dev/null", "push", "origin", f"{reference}:{reference}")
        done = asyncio.run(git.run(self.here, *arguments, seconds=_PUSH_SECONDS))
        if not done.ok:
            said = visible_line(done.said.split("\n")[-1])[:300]
            raise ConfigError(f"the branch {branch} is made, but could not be pushed: {said}")


def _end_of(path: Path) -> str:
    most = 4 * _MOST_LOG
    try:
        with open_ordinary(path) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - most))
            return file.read(most).decode("utf-8", "replace")
    except OSError as error:
        raise ConfigError(f"--log: {path} cannot be read: {error.strerror}.") from error
