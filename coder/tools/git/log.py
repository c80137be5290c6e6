"""Git log: commits, one line each; those that touched a path, or have a text in their message or their change."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.tools import Reads, ToolContext, ToolOutput
from coder.core.visible import visible_line
from coder.core.workspace import Workspace
from coder.git import log
from coder.git.log import Commit
from coder.git.revision import is_shallow, range_of
from coder.tools.git.diff import resolved
from coder.tools.git.reader import Reader, Sight, chosen, reads
from coder.tools.git.room import MOST
from coder.tools.git.verb import GitParams
from coder.tools.report import checked, count, printable

_LIMIT = 20
_MOST = 500
_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class _Found:
    """`notes` say what the list does not have."""

    commits: tuple[Commit, ...]
    has_more: bool
    notes: tuple[str, ...] = ()


class Log:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def access(self, params: GitParams, workspace: Workspace) -> Reads:
        return reads(params, workspace)

    def summary(self, params: GitParams) -> str:
        grep = f'"{params.grep}"' if params.grep else ""
        return " ".join(filter(None, ("log", params.rev, grep, *params.paths)))

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput:
        sight = await self._reader.sight(context)
        paths = chosen(params, context)
        span = await _span(params, sight)
        limit = min(params.limit or _LIMIT, _MOST)
        if params.grep:
            found = await _with_text(sight, checked("grep", params.grep), span, paths, limit)
        else:
            found = await _plain(sight, span, paths, limit)
        lines, shown = _lines(found)
        if not shown:
            lines.append("No commits" + (" with that text." if params.grep else " there."))
        elif found.has_more or len(shown) < len(found.commits):
            lines.append(f"(There are more: {_onward(params, shown, limit)} shows them.)")
        elif is_shallow(sight.view):
            lines.append("(A shallow clone: older history is not here.)")
        data = {"action": "log", "commits": [data_of(each) for each in shown]}
        return ToolOutput("\n".join([*lines, *found.notes]), data, count(len(shown), "commit"))


def data_of(commit: Commit) -> dict[str, object]:
    return {
        "id": commit.id,
        "date": commit.date,
        "author": visible_line(commit.author),
        "subject": visible_line(commit.subject),
    }


def line_of(commit: Commit) -> str:
    names = f" ({printable(commit.names)})" if commit.names else ""
    subject = visible_line(commit.subject)
    shown = subject if len(subject) <= _SUBJECT else f"{subject[:_SUBJECT]}…"
    return f"{commit.id[:10]} {commit.date} {visible_line(commit.author)[:60]}: {shown}{names[:200]}"


def _onward(params: GitParams, shown: Sequence[Commit], limit: int) -> str:
    """How to see the rest. Only where history is a line does a `rev` leave nothing out: behind a merge, and between
    commits that are not all there, others lie beside the last one's parent."""
    ways = ["a higher `limit`"] if len(shown) >= limit and limit < _MOST else []
    is_line = not params.grep and not params.paths and all(len(each.parents) == 1 for each in shown)
    span = range_of(params.rev) if params.rev else None
    if is_line and (span is None or not span.since_fork):
        ways.append(f"`rev={f'{span.left}..' if span else ''}{shown[-1].id[:10]}~1`")
    elif not params.grep and not ways:
        ways.append(f"`git log --skip={len(shown)}` in Bash")
    return " or ".join(filter(None, (", ".join([*ways, "`paths`"]), "`grep`")))


async def _span(params: GitParams, sight: Sight) -> list[str]:
    """Hashes for `git log`. Raises ToolError."""
    if params.rev is None:
        return [await resolved(sight, "HEAD")]
    span = range_of(params.rev)
    if span is None:
        return [await resolved(sight, params.rev)]
    left, right = await resolved(sight, span.left), await resolved(sight, span.right)
    return [f"{left}...{right}"] if span.since_fork else [right, f"^{left}"]


async def _plain(sight: Sight, span: Sequence[str], paths: Sequence[str], limit: int) -> _Found:
    follow = ["--follow"] if len(paths) == 2 and await asyncio.to_thread(Path(paths[1]).is_file) else []
    answer = await sight.told("log", *log.COMMITS, log.FORM, f"--max-count={limit + 1}", *follow, *span, *paths)
    found = log.commits(answer.out, is_whole=not answer.cut)
    notes = ("(git took too long; this is how far it came.)",) if answer.cut else ()
    return _Found(found[:limit], len(found) > limit, notes)


async def _with_text(sight: Sight, text: str, span: Sequence[str], paths: Sequence[str], limit: int) -> _Found:
    """Commits with the text in their message, and those that brought or took one such text: not in files that are kept
    back, for that would tell what is in them."""
    form = (*log.COMMITS, log.FORM)
    quoted = ("--fixed-strings", "--regexp-ignore-case", f"--grep={text}", f"--max-count={limit + 1}")
    changed = ("--name-only", "--no-renames", "--diff-merges=off", "--no-textconv", "--no-ext-diff", f"-S{text}")
    told, seen = await asyncio.gather(
        sight.told("log", *form, *quoted, *span, *paths),
        sight.told("log", *form, *changed, "--ignore-submodules=all", *span, *paths),
    )
    by_message = log.commits(told.out, is_whole=not told.cut)
    by_change = list(log.touching(seen.out))[: -1 if seen.cut else None]
    open_ones = [commit for commit, names in by_change if any(not sight.withheld.covers(name) for name in names)]
    merged = sorted({each.id: each for each in (*by_message, *open_ones)}.values(), key=lambda each: -each.time)
    notes = ["(git took too long to look at every change; this is how far it came.)"] if told.cut or seen.cut else []
    if any(sight.withheld.covers(name) for _, names in by_change for name in names):
        notes.append("(Changes of files that a permission rule denies reading were not looked at.)")
    return _Found(tuple(merged[:limit]), len(merged) > limit, tuple(notes))


def _lines(found: _Found) -> tuple[list[str], tuple[Commit, ...]]:
    lines: list[str] = []
    room = MOST
    for number, commit in enumerate(found.commits):
        line = line_of(commit)
        room -= len(line) + 1
        if room < 0:
            return lines, found.commits[:number]
        lines.append(line)
    return lines, found.commits
