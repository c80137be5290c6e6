"""Git stashes: the newest first, and whose each is: of this session, of another one, or made by hand."""

from __future__ import annotations

from datetime import UTC, datetime

from coder.core.tools import Reads, ToolContext, ToolOutput
from coder.core.visible import visible_line
from coder.core.workspace import Workspace
from coder.git.stashes import Stash, stashes_of
from coder.tools.git.reader import Reader, reads
from coder.tools.git.verb import GitParams
from coder.tools.report import count

_LIMIT = 20
_MESSAGE = 200


class Stashes:
    def __init__(self, reader: Reader, session: str) -> None:
        self._reader = reader
        self._session = session

    def access(self, params: GitParams, workspace: Workspace) -> Reads:
        return reads(params, workspace)

    def summary(self, params: GitParams) -> str:
        return "stashes"

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput:
        sight = await self._reader.sight(context)
        every = stashes_of(sight.view.repository)
        shown = every[: params.limit or _LIMIT]
        lines = [self._line(each) for each in shown] or ["There is no stash."]
        if shown:
            lines.append("(show with `rev` set to one of these names tells what is in it.)")
        if len(every) > len(shown):
            lines.append(f"(… {len(every) - len(shown):,} older; a higher `limit` shows them.)")
        data = {
            "action": "stashes",
            "stashes": [
                {"name": f"stash@{{{each.position}}}", "commit": each.commit, "owner": self._owner(each)}
                for each in shown
            ],
        }
        return ToolOutput("\n".join(lines), data, count(len(every), "stash", "stashes"))

    def _owner(self, stash: Stash) -> str:
        if stash.is_of(self._session):
            return "this session"
        return f"another session of coder ({stash.session})" if stash.session else "by hand"

    def _line(self, stash: Stash) -> str:
        day = datetime.fromtimestamp(min(stash.when, 1 << 35), UTC).strftime("%Y-%m-%d %H:%M")
        message = visible_line(stash.message)[:_MESSAGE]
        return f"stash@{{{stash.position}}} {stash.commit[:10]} {day} UTC [{self._owner(stash)}] {message}"
