"""Git diff: what is not staged, what is, what changed since a commit, in a range, or since a branch was left."""

from __future__ import annotations

from coder.core.errors import ToolError
from coder.core.tools import Reads, ToolContext, ToolOutput
from coder.core.workspace import Workspace
from coder.git.revision import EMPTY_TREES, commit_of, fork_of, range_of
from coder.git.view import Refusal
from coder.tools.git.changes import changes
from coder.tools.git.reader import Reader, Sight, chosen, reads
from coder.tools.git.status import unfiltered
from coder.tools.git.verb import GitParams
from coder.tools.report import printable


class Diff:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def access(self, params: GitParams, workspace: Workspace) -> Reads:
        return reads(params, workspace)

    def summary(self, params: GitParams) -> str:
        named = ("staged" if params.staged else "", f"since {params.base}" if params.base else "", params.rev or "")
        return " ".join(("diff", *filter(None, named), *params.paths))

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput:
        sight = await self._reader.sight(context)
        paths = chosen(params, context)
        states, what, reads_files = await _states(params, sight)
        if reads_files and sight.view.is_bare:
            raise ToolError(f"{sight.top} is a bare repository without files: give a range as `rev`.")
        found = await changes(sight, states, paths, params.limit)
        lines = [*found.lines] if found.files else [f"No changes{what}.", *_hint(params), *found.lines]
        if reads_files and sight.view.filters.names:
            lines.append(unfiltered(sight.view.filters.names))
        data = {"action": "diff", **found.data(sight)}
        return ToolOutput("\n".join(lines), data, found.counts if found.files else "no changes")


def _hint(params: GitParams) -> list[str]:
    if params.rev or params.base:
        return []
    other = "what is not staged" if params.staged else "what is staged (`staged`)"
    return [f"(Neither {other} nor untracked files are part of it; status tells of all.)"]


async def resolved(sight: Sight, name: str) -> str:
    """The hash of the commit. Raises ToolError."""
    return _hash(await commit_of(sight.view, name))


async def _states(params: GitParams, sight: Sight) -> tuple[list[str], str, bool]:
    """Arguments of `git diff`, the words for them, and whether files of the work tree are read."""
    staged = ["--cached"] if params.staged else []
    if params.base is not None:
        if params.rev is not None:
            raise ToolError("Give `base` or `rev`, not both: `rev` can be a range such as main...HEAD.")
        base, head = await resolved(sight, params.base), await resolved(sight, "HEAD")
        fork = _hash(await fork_of(sight.view, base, head))
        return [*staged, fork], f" since {printable(params.base)} was left at {fork[:10]}", not staged
    if params.rev is None:
        return staged, " that are staged" if staged else " that are not staged", not staged
    span = range_of(params.rev)
    if span is None:
        return [*staged, await resolved(sight, params.rev)], f" since {printable(params.rev)}", not staged
    if params.staged:
        raise ToolError("`staged` goes with one commit or none; a range has nothing staged in it.")
    left, right = await resolved(sight, span.left), await resolved(sight, span.right)
    if span.since_fork:
        left = _hash(await fork_of(sight.view, left, right))
    return [left, right], f" in {printable(params.rev)}", False


def _hash(found: str | Refusal) -> str:
    if isinstance(found, Refusal):
        raise ToolError(found.text)
    return found


def nothing(commit: str) -> str:
    """The state before the first commit."""
    return EMPTY_TREES[len(commit)]
