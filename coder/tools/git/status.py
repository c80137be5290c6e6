"""Git status: the branch, what is going on, and what is changed, in that order and bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.messages import Json
from coder.core.tools import Reads, ToolContext, ToolOutput
from coder.core.workspace import Workspace
from coder.git import porcelain
from coder.git.porcelain import Change
from coder.git.progress import Progress, progress
from coder.git.revision import is_shallow
from coder.git.view import View
from coder.tools.git.reader import Reader, Sight, chosen, reads
from coder.tools.git.verb import GitParams
from coder.tools.report import count, printable

_LIMIT = 40  # names of each kind
_MOST_NAMES = 9_000  # characters of all names together
_CONFLICTS = {
    "DD": "both deleted",
    "AU": "added by us",
    "UD": "deleted by them",
    "UA": "added by them",
    "DU": "deleted by us",
    "AA": "both added",
    "UU": "both modified",
}
_ARTICLES = {"am": "an"}
_WAYS_ON = {
    "merge": "commit when all conflicts are resolved; `git merge --abort` gives up",
    "rebase": "`git rebase --continue` goes on, `--abort` gives up",
    "am": "`git am --continue` goes on, `--abort` gives up",
    "cherry-pick": "`git cherry-pick --continue` goes on, `--abort` gives up",
    "revert": "`git revert --continue` goes on, `--abort` gives up",
    "bisect": "`git bisect good|bad` goes on, `git bisect reset` ends it",
}


@dataclass(frozen=True, slots=True)
class _Found:
    state: porcelain.Status
    going_on: tuple[Progress, ...]
    kept_back: int
    is_cut: bool


class Status:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def access(self, params: GitParams, workspace: Workspace) -> Reads:
        return reads(params, workspace)

    def summary(self, params: GitParams) -> str:
        return " ".join(("status", *params.paths))

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput:
        sight = await self._reader.sight(context)
        if sight.view.is_bare:
            raise ToolError(f"{sight.top} is a bare repository: it has no files of its own, so there is no status.")
        answer = await sight.told(*porcelain.ARGUMENTS, *chosen(params, context))
        if answer.cut == "slow" and not answer.out:
            raise ToolError("git status took too long. Ask with `paths`, or run it in Bash with a longer timeout.")
        state = porcelain.parse(answer.out)
        shown = tuple(change for change in state.changes if not _is_withheld(change, sight))
        found = _Found(
            porcelain.Status(
                state.commit, state.branch, state.upstream, state.ahead, state.behind, state.stashes, shown
            ),
            progress(sight.view.repository.folder),
            len(state.changes) - len(shown),
            bool(answer.cut),
        )
        lines = [*_head(found), *_kind(sight.view), *_changes(found, params.limit or _LIMIT, sight.near)]
        lines += sight.left_out(found.kept_back)
        if sight.view.filters.names:
            lines.append(unfiltered(sight.view.filters.names))
        return ToolOutput("\n".join(lines), _data(found, sight), _summary(found))


def unfiltered(names: Iterable[str]) -> str:
    return (
        f"(Content filters of the repository's own settings were not run: {printable(', '.join(names))}; "
        "files that go through one may look changed.)"
    )


def _is_withheld(change: Change, sight: Sight) -> bool:
    return any(path and sight.withheld.covers(path) for path in (change.path, change.was))


def _head(found: _Found) -> list[str]:
    state = found.state
    branch = printable(state.branch)
    where = f"On branch {branch}" if branch else f"Detached at {state.commit[:10]}, on no branch"
    lines = [where + ("" if state.commit else ", with no commit yet") + _distance(state)]
    for each in found.going_on:
        step = f" (step {each.step} of {each.steps})" if each.steps else ""
        what = f" of {printable(each.branch)}" if each.branch and each.doing == "rebase" else ""
        lines.append(
            f"In the middle of {_ARTICLES.get(each.doing, 'a')} {each.doing}{what}{step}: {_WAYS_ON[each.doing]}."
        )
    if state.stashes:
        lines.append(f"{count(state.stashes, 'stash', 'stashes')}; action stashes lists them.")
    return lines


def _kind(view: View) -> list[str]:
    """What is not as in an ordinary clone."""
    repository, lines = view.repository, list[str]()
    if repository.folder != repository.shared:
        lines.append(f"A linked work tree of {printable(str(repository.shared.parent))}.")
    elif repository.folder.parent != repository.top and "modules" in repository.folder.parts:
        lines.append("A submodule of a repository above.")
    if view.filters.is_sparse:
        lines.append("A sparse checkout: not every file of the branch is in the work tree.")
    if is_shallow(view):
        lines.append("A shallow clone: older history is not here.")
    return lines


def _distance(state: porcelain.Status) -> str:
    if not state.upstream:
        return "."
    upstream = printable(state.upstream)
    if state.ahead is None or state.behind is None:
        return f"; its upstream {upstream} is gone."
    if not state.ahead and not state.behind:
        return f", level with {upstream}."
    parts = [f"{number:,} {word}" for number, word in ((state.ahead, "ahead"), (state.behind, "behind")) if number]
    return f", {' and '.join(parts)} of {upstream}."


def _changes(found: _Found, limit: int, near: Callable[[str], str]) -> list[str]:
    state = found.state
    groups = (
        (
            "Conflicts",
            [f"{_CONFLICTS.get(c.staged + c.unstaged, 'conflict')}: {near(c.path)}" for c in state.conflicts],
        ),
        ("Staged", [_named(c.staged, c, near) for c in state.staged]),
        ("Not staged", [_named(c.unstaged, c, near) for c in state.unstaged]),
        ("Untracked", [near(c.path) for c in state.untracked]),
    )
    lines: list[str] = []
    room = _MOST_NAMES
    for title, names in groups:
        if not names:
            continue
        lines.append(f"{title} ({len(names):,}):")
        shown = 0
        for name in names[:limit]:
            room -= len(name) + 3
            if room < 0:
                break
            lines.append(f"  {name}")
            shown += 1
        if shown < len(names):
            lines.append(f"  … {len(names) - shown:,} more; `paths` or a higher `limit` shows them")
    if found.is_cut:
        lines.append("(git was stopped before it had told all; ask with `paths`.)")
    elif not lines:
        lines.append("Nothing is changed." if not found.kept_back else "Nothing else is changed.")
    return lines


def _named(letter: str, change: Change, near: Callable[[str], str]) -> str:
    name = f"{near(change.was)} -> {near(change.path)}" if change.was and letter in "RC" else near(change.path)
    return f"{letter} {name}{' (submodule)' * change.is_submodule}"


def _summary(found: _Found) -> str:
    state = found.state
    parts = [f"{len(changes):,} {word}" for changes, word in _counted(state) if changes]
    place = printable(state.branch) or f"detached at {state.commit[:10]}"
    doing = [each.doing for each in found.going_on]
    return f"{place}: {', '.join([*doing, *parts]) or 'clean'}"


def _counted(state: porcelain.Status) -> tuple[tuple[tuple[Change, ...], str], ...]:
    return (
        (state.conflicts, "in conflict"),
        (state.staged, "staged"),
        (state.unstaged, "not staged"),
        (state.untracked, "untracked"),
    )


def _data(found: _Found, sight: Sight) -> Json:
    state = found.state
    return {
        "action": "status",
        "branch": printable(state.branch) or None,
        "commit": state.commit or None,
        "upstream": printable(state.upstream) or None,
        "ahead": state.ahead,
        "behind": state.behind,
        "stashes": state.stashes,
        "inProgress": [{"what": each.doing, "step": each.step, "steps": each.steps} for each in found.going_on],
        "conflicts": len(state.conflicts),
        "staged": len(state.staged),
        "unstaged": len(state.unstaged),
        "untracked": len(state.untracked),
        "files": [
            {"path": sight.near(each.path), "staged": each.staged, "unstaged": each.unstaged}
            for each in state.changes[:1000]
        ],
    }
