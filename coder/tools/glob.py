"""Glob: files by name pattern, the newest first. Must not open any of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.core.tools import Reads, ToolContext, ToolOutput
from coder.core.workspace import Workspace
from coder.tools import wildcard
from coder.tools.report import Places, checked, count, notices, printable, refuse
from coder.tools.search import Search

if TYPE_CHECKING:
    from coder.tools import query as queries
else:
    queries = LazyModule("coder.tools.query")

_MOST = 100


@dataclass(frozen=True, slots=True)
class GlobParams:
    pattern: Annotated[str, 'Name pattern, such as "**/*.py" or "src/**/*.{ts,tsx}"']
    path: Annotated[str | None, "Folder to look in; default: the working folder"] = None


class Glob:
    name = "Glob"
    params = GlobParams

    def __init__(self, search: Search) -> None:
        self._search = search

    def access(self, params: GlobParams, workspace: Workspace) -> Reads:
        return Reads((_Target(params, workspace).root,))

    def summary(self, params: GlobParams) -> str:
        return params.pattern if params.path is None else f"{params.pattern} in {params.path}"

    async def run(self, params: GlobParams, context: ToolContext) -> ToolOutput:
        started = time.monotonic()
        target = _Target(params, context.workspace)
        places = Places(target.root, context.workspace.cwd)
        query = queries.Query(root=str(target.root), want="newest", include=target.filters(), limit=_MOST)
        findings = await self._search.run(query, context)
        if not (findings.problem == "missing" and target.prefix):
            refuse(findings, places)
        names = [places.whole(hit.path) for hit in findings.files]
        lines = list(names)
        if not names:
            why = " does not exist" if findings.problem else ""
            lines.append(f"No files match {printable(params.pattern)}: {places.whole('')}{why or ' has none'}.")
        if findings.has_more:
            total = count(findings.total_files, "file")
            lines.append(f"({len(names)} of {total}, the newest first. Narrow `pattern` or `path` to see the others.)")
        lines += notices(findings, places, self._search.seconds)
        data: Json = {
            "durationMs": round((time.monotonic() - started) * 1000),
            "numFiles": len(names),
            "filenames": names,
            "truncated": findings.has_more or findings.is_partial,
            "totalMatches": findings.total_files,
            "countIsComplete": not findings.is_partial,
        }
        return ToolOutput("\n".join(lines), data, count(findings.total_files, "file"))


class _Target:
    """The folder to walk, which is where the pattern's fixed beginning leads, and the rest of the pattern."""

    def __init__(self, params: GlobParams, workspace: Workspace) -> None:
        self._params = params
        self.prefix, self._rest = wildcard.split_prefix(params.pattern)
        start = self.prefix if self.prefix.startswith(("/", "~")) else f"{params.path or '.'}/{self.prefix}"
        self.root = workspace.resolve(start)

    def filters(self) -> list[str]:
        """What a path below the root must match. Raises ToolError for a pattern that cannot be read."""
        pattern = checked("pattern", self._params.pattern)
        checked("path", self._params.path or "")
        if not pattern:
            raise ToolError('`pattern` is empty; expected a name pattern such as "**/*.py".')
        if ".." in self._rest.split("/"):
            raise ToolError(
                f"`pattern` {pattern!r} goes up with `..` behind a wildcard. Set `path` to the folder above."
            )
        make = wildcard.translate if self.prefix else wildcard.anywhere
        try:
            return ["|".join(make(each) for each in wildcard.expand(self._rest or "**"))]
        except wildcard.Malformed as error:
            raise ToolError(f"`pattern` {pattern!r} cannot be read: {error}.") from error
