"""Git commit: what is staged, or exactly the files that are named, with the person's hooks and signature."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.ordinary import read_ordinary
from coder.core.requests import Effect
from coder.core.tools import Access, ToolContext, ToolOutput
from coder.core.visible import visible_line
from coder.core.workspace import Workspace
from coder.git.hooks import AMEND, COMMIT
from coder.git.messages.attribution import attributed
from coder.git.theirs import Done
from coder.git.trace import HookRun, hooks_run
from coder.tools.git.changer import Changer, command, paths_of
from coder.tools.git.committing import Coming, coming
from coder.tools.git.ground import Ground, check_stated, counted, failure, said
from coder.tools.git.verb import GitParams

_MOST_TRACE = 8 << 20
_MOST_FILES = 200  # that are read to be compared
_MOST_READ = 1 << 20  # bytes of each
_SHORT = 10


@dataclass(frozen=True, slots=True)
class _Ended:
    done: Done
    hooks: tuple[HookRun, ...]
    touched: tuple[str, ...]  # files that are no longer as they were before


class Commit:
    def __init__(self, changer: Changer) -> None:
        self._changer = changer

    def access(self, params: GitParams, workspace: Workspace) -> Access:
        how = ["--amend"] if params.amend else []
        how += ["-m", params.message] if params.message else ["--no-edit"] if params.amend else []
        return command("commit", *how, *(("--only", "--", *params.paths) if params.paths else ()))

    def summary(self, params: GitParams) -> str:
        subject = (params.message or "").strip().partition("\n")[0]
        quoted = f'"{subject}"' if subject else ""
        return " ".join(filter(None, ("commit", "--amend" if params.amend else "", quoted)))

    async def foresee(self, params: GitParams, workspace: Workspace) -> tuple[Effect, ...]:
        return (await self._coming(params, workspace, asked=True)).effects

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput:
        plan = await self._coming(params, context.workspace, asked=bool(context.stated))
        check_stated(plan.effects, context.stated)
        message = self._message(params)
        how = ["--only"] if params.paths else []
        how += ["--amend"] if params.amend else []
        how += ["--cleanup=whitespace", "--file=-"] if message else ["--no-edit"]
        named = [f":(top,literal){plan.ground.below(path)}" for path in paths_of(params.paths, context.workspace)]
        words = ("commit", "--quiet", *how, *(("--", *named) if named else ()))
        ended = await self._commit(plan, words, message, context.spill_dir)
        now = await plan.ground.head()
        if not ended.done.ok and (now == plan.head or not now):
            raise _refused(plan.ground, ended)
        return await _report(plan, ended, now)

    async def _coming(self, params: GitParams, workspace: Workspace, *, asked: bool) -> Coming:
        message = self._message(params)
        if not (message or params.amend):
            raise ToolError("`message` is empty. Say what the commit does and why.")
        ground = await self._changer.ground(workspace, AMEND if params.amend else COMMIT, asked=asked)
        paths = paths_of(params.paths, workspace)
        return await coming(ground, paths, amend=params.amend, has_message=bool(message))

    def _message(self, params: GitParams) -> str:
        if params.message is not None and "\0" in params.message:
            raise ToolError("`message` holds a NUL character, which no commit message can.")
        message = attributed(params.message or "", self._changer.trailer())
        if params.message and params.message.strip() and not message:
            raise ToolError("`message` says only who wrote it. Say what the commit does and why.")
        return message

    async def _commit(self, plan: Coming, words: tuple[str, ...], message: str, scratch: Path) -> _Ended:
        """Made with a trace, by which it can be told which hook said no."""
        ground = plan.ground
        before = _prints(ground, plan)
        with _scratch(scratch) as folder:
            trace = Path(folder, "trace")
            env = {"GIT_TRACE2_EVENT": str(trace), "GIT_TRACE2_EVENT_NESTING": "2"}
            stdin = message.encode("utf-8", "replace") + b"\n" if message else b""
            done = await ground.do(*words, stdin=stdin, env=env)
            try:
                hooks = hooks_run(read_ordinary(trace, _MOST_TRACE))
            except OSError:
                hooks = ()
        now = _prints(ground, plan)
        return _Ended(done, hooks, tuple(path for path, found in before.items() if now.get(path) != found))


def _scratch(folder: Path) -> tempfile.TemporaryDirectory[str]:
    folder.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="git-", dir=folder)


def _prints(ground: Ground, plan: Coming) -> dict[str, tuple[object, ...] | None]:
    """By which it is seen that a hook has rewritten a file: by its content, while that is little to read, for some
    hooks write the same again."""
    found: dict[str, tuple[object, ...] | None] = {}
    for number, change in enumerate((*plan.status.changes, *plan.changes)):
        path = ground.top / change.path
        try:
            status = os.lstat(path)
            is_little = number < _MOST_FILES and status.st_size <= _MOST_READ and stat.S_ISREG(status.st_mode)
            seen = hash(read_ordinary(path, _MOST_READ)) if is_little else status.st_mtime_ns
            found[change.path] = (seen, status.st_size, status.st_mode)
        except OSError:
            found[change.path] = None
    return found


def _refused(ground: Ground, ended: _Ended) -> ToolError:
    """Why no commit was made, and what to repair."""
    refusing = [hook.name for hook in ended.hooks if hook.code]
    if not refusing or ended.done.is_late:
        running = [hook.name for hook in ended.hooks if hook.code is None]
        return failure(ended.done, f"git commit (the hook {running[-1]} ran)" if running else "git commit")
    lines = [f"Nothing was committed: the hook {refusing[-1]} refused it. It said:", said(ended.done)]
    if ended.touched:
        lines.append(f"The hook changed {ground.listed(ended.touched)}: read that, add it again if it is right.")
    lines.append("Repair what it names, then commit again; hooks are never skipped.")
    return ToolError("\n".join(lines))


async def _report(plan: Coming, ended: _Ended, now: str) -> ToolOutput:
    ground = plan.ground
    told = await ground.looked("log", "-1", "--no-show-signature", "--format=%h%x00%s%x00%b", now)
    short, subject, body = [*told.text.strip().split("\0"), "", "", ""][:3] if told.ok else (now[:_SHORT], "", "")
    verb = "Replaced the last commit by" if plan.replaces else "Committed"
    lines = [f"{verb} {short or now[:_SHORT]} {plan.where}: {visible_line(subject)}"]
    if plan.replaces:
        lines.append(f"Before, it was {plan.replaces}; it stays in `git reflog`.")
    listed = await ground.looked("diff-tree", "-r", "-z", "--root", "--no-commit-id", "--name-only", now)
    if files := [os.fsdecode(path) for path in listed.out.split(b"\0") if path]:
        lines.append(f"{counted(len(files))}: {ground.listed(files)}")
    if credits := [line for line in body.splitlines() if line.casefold().startswith("co-authored-by:")]:
        lines.append(f"It ends with: {'; '.join(map(visible_line, credits))}")
    if earlier := ground.was_earlier(plan.changes):
        lines.append(f"Changed before this session began: {ground.listed(earlier)}. Tell the person.")
    if ended.hooks:
        lines.append(f"Hooks that ran: {', '.join(_told(hook) for hook in ended.hooks)}")
    after = await ground.status(untracked="no")
    left = [change.path for change in (*after.staged, *after.unstaged)]
    lines += _by_hooks(ground, ended.touched, left)
    if ended.done.said:
        lines.append(said(ended.done))
    if left:
        lines.append(f"Not in it: {ground.listed(left)}")
    return ToolOutput("\n".join(lines), summary=f"{short or now[:_SHORT]} {plan.at}")


def _by_hooks(ground: Ground, touched: Iterable[str], left: Collection[str]) -> Iterator[str]:
    """What of the files that hooks changed is committed."""
    files = list(touched)
    if within := [path for path in files if path not in left]:
        yield f"A hook changed {ground.listed(within)}; the commit has that."
    if beside := [path for path in files if path in left]:
        yield f"A hook changed {ground.listed(beside)}; that is not in the commit: read it, then add and commit it too."


def _told(hook: HookRun) -> str:
    return hook.name if not hook.code else f"{hook.name} (failed with {hook.code})"
