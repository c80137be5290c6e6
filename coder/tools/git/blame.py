"""Git blame: which commit each line of a file is from; lines of one commit stand below it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from coder.core.errors import ToolError
from coder.core.tools import Reads, ToolContext, ToolOutput
from coder.core.visible import visible_line
from coder.core.workspace import Workspace
from coder.git import log
from coder.git.log import Blamed
from coder.tools.git.diff import resolved
from coder.tools.git.reader import Reader, Sight, chosen, reads
from coder.tools.git.room import MOST, line_cut
from coder.tools.git.span import Span, span_of
from coder.tools.git.status import unfiltered
from coder.tools.git.verb import GitParams
from coder.tools.report import count, printable

_LINES = 200


class Blame:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def access(self, params: GitParams, workspace: Workspace) -> Reads:
        return reads(params, workspace)

    def summary(self, params: GitParams) -> str:
        return " ".join(filter(None, ("blame", *params.paths, params.lines)))

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput:
        if len(params.paths) != 1:
            raise ToolError("blame needs one file in `paths`.")
        sight = await self._reader.sight(context)
        if sight.is_withheld(chosen(params, context)[1]):
            raise ToolError(f"{params.paths[0]} is not shown: a permission rule denies reading it.")
        _refuse_elsewhere(sight)
        asked = span_of(params.lines) or Span(1, None)
        most = _LINES if asked.last is None else min(_LINES, asked.last - asked.first + 1)
        rev = [await resolved(sight, params.rev)] if params.rev else []
        lines = await _lines(sight, asked.first, most, [*rev, *chosen(params, context)])
        shown, room = [], MOST
        for row, line in _rows(lines[:most]):
            room -= len(row) + 1
            if room < 0:
                break
            shown.append((row, line))
        last = max((line.number for _, line in shown), default=0)
        text = [row for row, _ in shown] or ["The file is empty."]
        if last and last < lines[-1].number and (asked.last is None or last < asked.last):
            text.append(f'(There are more lines: lines="{last + 1}-" shows them.)')
        if sight.view.filters.names and not rev:
            text.append(unfiltered(sight.view.filters.names))
        told = [line for line in lines if line.number <= last]
        return ToolOutput("\n".join(text), _data(sight, params, told), count(len(told), "line"))


def _refuse_elsewhere(sight: Sight) -> None:
    """git prints a line that is no commit of a file that lists some, and no setting takes one back."""
    for name in sight.view.filters.revision_files:
        place = os.path.realpath(sight.top / os.path.expanduser(name)) if name else ""  # noqa: PTH111  # as git does
        if name and (not Path(place).is_relative_to(os.path.realpath(sight.top)) or sight.is_withheld(place)):
            raise ToolError(f"blame.ignoreRevsFile of this repository ({printable(name)}) lies outside; use log.")


async def _lines(sight: Sight, first: int, most: int, rest: Sequence[str]) -> tuple[Blamed, ...]:
    """One more than `most`, where there is one."""
    arguments = ("blame", "--porcelain", "--no-textconv", f"-L{first},+{most + 1}", "--no-progress")
    try:
        answer = await sight.told(*arguments, *rest)
    except ToolError as error:
        if first == 1 and str(error).endswith("has only 0 lines"):
            return ()
        raise
    found = log.blamed(answer.out)
    if answer.cut and not found:
        raise ToolError("git blame took too long for this file. Ask for fewer `lines`, or use log with `paths`.")
    return found


def _rows(lines: Sequence[Blamed]) -> Iterator[tuple[str, Blamed]]:
    for _, group in groupby(lines, key=lambda line: line.commit):
        run = list(group)
        first = run[0]
        if first.is_committed:
            day = datetime.fromtimestamp(min(first.time, 1 << 35), UTC).date()
            subject = visible_line(first.subject)[:100]
            yield f"{first.commit[:10]} {day} {visible_line(first.author)[:60]}: {subject}", first
        else:
            yield "not committed yet", first
        for line in run:
            yield f"{line.number:6}\t{line_cut(line.text)}", line


def _data(sight: Sight, params: GitParams, lines: Sequence[Blamed]) -> dict[str, object]:
    return {
        "action": "blame",
        "lines": [
            {
                "line": line.number,
                "commit": line.commit if line.is_committed else None,
                "author": visible_line(line.author),
            }
            for line in lines
        ],
    }
