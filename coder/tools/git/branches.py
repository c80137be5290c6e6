"""Git branches: the local ones, the newest first, with how far each is from its upstream and whether it is merged."""

from __future__ import annotations

import asyncio

from coder.core.dataclass import dataclass
from coder.core.tools import Reads, ToolContext, ToolOutput
from coder.core.visible import visible_line
from coder.core.workspace import Workspace
from coder.git.heads import main_branch
from coder.git.revision import commit_of
from coder.git.view import Refusal
from coder.tools.git.reader import Reader, Sight, reads
from coder.tools.git.room import MOST
from coder.tools.git.verb import GitParams
from coder.tools.report import count, printable

_LIMIT = 30
_FIELDS = (
    "%(refname:lstrip=2)",
    "%(objectname)",
    "%(HEAD)",
    "%(upstream:short)",
    "%(upstream:track,nobracket)",
    "%(committerdate:short)",
    "%(worktreepath)",
    "%(contents:subject)",
)
_FORM = f"--format={'%1f'.join(_FIELDS)}%00"


@dataclass(frozen=True, slots=True)
class Branch:
    name: str
    commit: str
    is_current: bool
    upstream: str
    distance: str
    date: str
    folder: str
    subject: str


class Branches:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def access(self, params: GitParams, workspace: Workspace) -> Reads:
        return reads(params, workspace)

    def summary(self, params: GitParams) -> str:
        return "branches"

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput:
        sight = await self._reader.sight(context)
        limit = params.limit or _LIMIT
        main = main_branch(sight.view.repository)
        listed, all_names, merged = await asyncio.gather(
            sight.told("for-each-ref", "--sort=-committerdate", f"--count={limit}", _FORM, "refs/heads"),
            sight.told("for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes"),
            _merged(sight, main),
        )
        branches = [found for record in listed.text.split("\0") if (found := _branch(record))]
        names = all_names.text.split()
        local = sum(name.startswith("refs/heads/") for name in names)
        lines: list[str] = []
        room = MOST
        for each in branches:
            line = _line(each, sight, merged, main)
            room -= len(line) + 1
            if room < 0:
                break
            lines.append(line)
        shown = branches[: len(lines)]
        if not lines:
            lines.append("There is no branch yet; the first commit makes one.")
        if local > len(shown):
            lines.append(f"(… {local - len(shown):,} older; a higher `limit` shows them.)")
        if remote := len(names) - local:
            lines.append(f"({count(remote, 'branch of remotes', 'branches of remotes')}: `git branch -r` in Bash.)")
        data = {"action": "branches", "main": printable(main), "branches": [_data(each, merged) for each in shown]}
        return ToolOutput("\n".join(lines), data, count(local, "branch", "branches"))


async def _merged(sight: Sight, main: str) -> frozenset[str]:
    """The names of the branches that the main one holds."""
    commit = await commit_of(sight.view, f"refs/heads/{main}") if main else Refusal("")
    if isinstance(commit, Refusal) and main:
        commit = await commit_of(sight.view, f"refs/remotes/origin/{main}")
    if isinstance(commit, Refusal):
        return frozenset()
    answer = await sight.told("for-each-ref", f"--merged={commit}", "--format=%(refname:lstrip=2)", "refs/heads")
    return frozenset(answer.text.split("\n"))


def _branch(record: str) -> Branch | None:
    fields = record.removeprefix("\n").split("\x1f", 7)
    if len(fields) != 8:
        return None
    name, commit, head, upstream, distance, date, folder, subject = fields
    return Branch(name, commit, head == "*", upstream, distance, date, folder, subject)


def _line(branch: Branch, sight: Sight, merged: frozenset[str], main: str) -> str:
    notes: list[str] = []
    if branch.upstream:
        notes.append(f"{branch.distance or 'level'} of {printable(branch.upstream)}".replace("level of", "level with"))
    if branch.distance == "gone":
        notes[-1] = f"upstream {printable(branch.upstream)} is gone"
    if branch.name in merged and branch.name != main:
        notes.append(f"merged into {printable(main)}")
    if branch.folder and not branch.is_current:
        notes.append(f"checked out in {printable(branch.folder)}")
    told = f" [{'; '.join(notes)}]" if notes else ""
    head = f"{'*' if branch.is_current else ' '} {printable(branch.name)}{told}"
    return f"{head} {branch.commit[:10]} {branch.date} {visible_line(branch.subject)[:100]}"


def _data(branch: Branch, merged: frozenset[str]) -> dict[str, object]:
    return {
        "name": printable(branch.name),
        "commit": branch.commit,
        "current": branch.is_current,
        "upstream": printable(branch.upstream) or None,
        "distance": branch.distance,
        "merged": branch.name in merged,
    }
