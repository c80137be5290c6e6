"""What the runs of a batch stand on here: commits, work trees with what a session finds in its own folder, money spent.
Joins the batch with the rest of coder. Must not know what is shown.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from coder.app.worktree import forget_trust
from coder.app.worktree_bringing import bring
from coder.batch.local.backend import Isolation, Setup
from coder.batch.local.copy import Copies
from coder.batch.local.worktree import Grounds
from coder.batch.reading import Problem
from coder.batch.task import Task
from coder.cli import batch_child
from coder.cli.arguments import parse
from coder.cli.batch_page import base_key
from coder.config.flags import Flags
from coder.config.load import load
from coder.config.paths import config_home
from coder.config.trust import carry
from coder.core.errors import ConfigError
from coder.core.visible import visible_line
from coder.git.call import Git
from coder.git.repository import repository_of
from coder.git.worktrees.trees import Checkout, WorkTree, main_checkout
from coder.telemetry.spending import read, total
from coder.workspace.shell import child_environment

ISOLATIONS: Final = ("auto", "worktree", "copy", "none")


class Ground:
    """`asked` is one of ISOLATIONS. `problems` are those of tasks that cannot be run where they say."""

    def __init__(self, env: Mapping[str, str], here: Path, asked: str, *, drops_ignored: bool) -> None:
        self._env, self._here, self._asked, self._drops_ignored = env, here, asked, drops_ignored
        self._home = config_home(env)
        self._kinds: dict[Path, Isolation] = {}
        self._links: dict[Path, tuple[str, ...]] = {}
        self.problems: tuple[Problem, ...] = ()

    def isolation(self, folder: Path) -> Isolation:
        if folder not in self._kinds:
            self._kinds[folder] = self._kind(folder)
        return self._kinds[folder]

    def _kind(self, folder: Path) -> Isolation:
        if self._asked == "copy":
            return "copy"
        if self._asked == "none":
            return "none"
        if self._asked == "auto" and repository_of(Path(os.path.realpath(folder))) is None:
            return "copy"
        return "worktree"  # where that cannot be, it is said before anything begins

    def bases(self, tasks: Sequence[Task]) -> dict[str, str]:
        """The commit that each begins at, by `base_key`. Blocks. What is wrong is in `problems` then."""
        found: dict[str, str] = {}
        wrong: dict[str, str] = {}
        problems: list[Problem] = []
        for task in tasks:
            key = base_key(task)
            if key not in found and key not in wrong:
                try:
                    found[key] = self._base(task)
                except ConfigError as error:
                    wrong[key] = str(error)
            if key in wrong:
                problems.append(Problem(task.line, wrong[key]))
        self.problems = tuple(problems)
        return found

    def _base(self, task: Task) -> str:
        folder = task.cwd
        if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
            raise ConfigError(f"cwd {visible_line(str(folder))} is no folder that can be read")
        if self.isolation(folder) != "worktree":
            if task.base:
                raise ConfigError("base is a commit, and without a work tree nothing begins at one")
            return ""
        main = main_checkout(folder)
        git = Git(self._env, (folder, main.top))
        if not git.is_there:
            raise ConfigError("work trees need git, and there is none on your PATH")
        asked = ("rev-parse", "-q", "--verify", "--end-of-options", f"{task.base or 'HEAD'}^{{commit}}")
        answer = git.answer(folder, *asked, seconds=30.0)
        if not answer.ok:
            if answer.problem:
                raise ConfigError(f"git cannot read {visible_line(str(main.top))}: {visible_line(answer.problem)}")
            if not task.base:
                raise ConfigError(f"{visible_line(str(main.top))} has no commit yet to begin at")
            raise ConfigError(f"base {visible_line(task.base)!r} is no commit of {visible_line(str(main.top))}")
        return answer.text.split()[-1]

    def setup(self, parallel: int, folder: Path, more: tuple[str, ...]) -> Setup:
        command = (sys.executable, "-P", batch_child.__file__, "{held}")
        return Setup(
            command=command,
            env=self._env,
            parallel=parallel,
            grounds=Grounds(self._env, self._prepare, self._forget, self._drops_ignored),
            copies=Copies(self._env, folder / "copies", self._carry, self._forget),
            isolation=self.isolation,
            check_env=child_environment,
            more=more,
        )

    def _prepare(self, main: Checkout, tree: WorkTree) -> tuple[str, ...]:
        if main.top not in self._links:
            env = {**self._env, "ANTHROPIC_API_KEY": "unused"}
            self._links[main.top] = load(replace(Flags(), cwd=str(main.top)), env, self._here).worktrees.links
        said = bring(Git(self._env, (main.top,)), main, tree, self._links[main.top])
        self._carry(main.top, tree.path)
        return said

    def _carry(self, source: Path, target: Path) -> None:
        carry(self._home, source, target)

    def _forget(self, folder: Path) -> None:
        forget_trust(self._home, folder)


def cost_of(env: Mapping[str, str]) -> Callable[[str], float | None]:
    """What a session did cost by the ledger, None: nobody knows. For those that left no result."""

    def cost(session: str) -> float | None:
        try:
            rows = [row for row in read(config_home(env)).rows if row.session == session]
        except (OSError, ConfigError):
            return None
        found = total(rows)
        return None if not rows or found.unpriced or found.unsure else found.dollars

    return cost


def more_arguments(given: Sequence[str]) -> tuple[str, ...]:
    """Those for every run. Raises ConfigError for what coder does not take, and what is the batch's to say."""
    if not given:
        return ()
    if not given[0].startswith("-"):
        raise ConfigError(f"one file of tasks, not {visible_line(given[0])!r} too. Flags for the runs come after --.")
    found = parse(["-p", *given])
    flags = found.flags
    ours = {
        "a prompt": found.prompt,
        "--resume": flags.resume,
        "-c": flags.continue_ or None,
        "-w": flags.worktree,
        "--cwd": flags.cwd,
        "--session-id": flags.session_id,
        "--record": found.record,
        "--replay": found.replay,
        "--output-format": found.output_format if found.output_format != "text" else None,
        "--max-budget-usd (say --task-budget-usd)": flags.max_budget_usd,
        "--time-budget (say --timeout)": flags.time_budget,
    }
    if taken := [name for name, value in ours.items() if value is not None]:
        raise ConfigError(f"{taken[0]} cannot be given to the runs of a batch. docs/batch.md lists what can be said.")
    return tuple(given)
