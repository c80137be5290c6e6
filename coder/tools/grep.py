"""Grep: lines, files or counts of what a regular expression matches. Must not know which engine matches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.core.tools import Reads, ToolContext, ToolOutput
from coder.core.workspace import Workspace
from coder.tools import wildcard
from coder.tools.filetypes import globs_of
from coder.tools.form import Bounds
from coder.tools.report import Places, checked, count, notices, refuse
from coder.tools.search import Search

if TYPE_CHECKING:
    from coder.tools import dialect
    from coder.tools import query as queries
    from coder.tools.query import Findings, Line, Query, Want
else:
    dialect, queries = LazyModule("coder.tools.dialect"), LazyModule("coder.tools.query")

_LIMIT = 250
_FITTING = 5_000  # entries; more never fit into the characters of one answer
_SEPARATE = re.compile(r"(?:\{[^}]*\}|\[[^\]]*\]|\\.|[^\s,{\[\\]|[{\[\\])+", re.DOTALL)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.*?+-]+")


@dataclass(frozen=True, slots=True)
class GrepParams:
    pattern: Annotated[str, "Regular expression, matched line by line"]
    path: Annotated[str | None, "File or folder to search; default: the working folder"] = None
    glob: Annotated[str | None, 'Only these files: "*.py", "src/**/*.{ts,tsx}", "!*.min.js"'] = None
    type: Annotated[str | None, 'Only files of a type: "py", "ts", "rust", "go", "md", ...'] = None
    output_mode: Annotated[
        Literal["content", "files_with_matches", "count"], "Lines, paths or counts; default: files_with_matches"
    ] = "files_with_matches"
    ignore_case: Annotated[bool, "Ignore case"] = field(default=False, metadata={"name": "-i"})
    line_numbers: Annotated[bool, "content: line numbers; default: true"] = field(default=True, metadata={"name": "-n"})
    only_matching: Annotated[bool, "content: only the matching parts"] = field(default=False, metadata={"name": "-o"})
    after: Annotated[int | None, "content: lines after a match", Bounds(0)] = field(
        default=None, metadata={"name": "-A"}
    )
    before: Annotated[int | None, "content: lines before", Bounds(0)] = field(default=None, metadata={"name": "-B"})
    around: Annotated[int | None, "content: lines before and after", Bounds(0)] = field(
        default=None, metadata={"name": "-C"}
    )
    context: Annotated[int | None, "Same as -C", Bounds(0)] = None
    head_limit: Annotated[int, "Most lines or files shown; default: 250, 0: as many as fit", Bounds(0)] = _LIMIT
    offset: Annotated[int, "Lines or files to skip first", Bounds(0)] = 0
    multiline: Annotated[bool, "Match across lines; `.` takes newlines too"] = False


class Grep:
    name = "Grep"
    params = GrepParams

    def __init__(self, search: Search) -> None:
        self._search = search

    def access(self, params: GrepParams, workspace: Workspace) -> Reads:
        return Reads((workspace.resolve(params.path or "."),))

    def summary(self, params: GrepParams) -> str:
        return params.pattern if params.path is None else f"{params.pattern} in {params.path}"

    async def run(self, params: GrepParams, context: ToolContext) -> ToolOutput:
        root = context.workspace.resolve(checked("path", params.path or "."))
        findings = await self._search.run(_query(params, root), context)
        places = Places(root, context.workspace.cwd)
        refuse(findings, places)
        body = _body(params, findings, places)
        text = "\n".join([*body, *_position(params, findings), *notices(findings, places, self._search.seconds)])
        matched = count(findings.total_count, "match" if params.multiline else "line", "matches" * params.multiline)
        summary = f"{matched} in {count(findings.total_files, 'file')}" if findings.total_files else "no matches"
        return ToolOutput(text, _data(params, findings, places, "\n".join(body)), summary)


def _query(params: GrepParams, root: Path) -> Query:
    """Raises ToolError for a pattern, glob or type that cannot be used."""
    wants: dict[str, Want] = {"content": "parts" if params.only_matching else "lines"}
    want = wants.get(params.output_mode, "files")
    dialects = dialect.translate(
        params.pattern, ignore_case=params.ignore_case, multiline=params.multiline, extents=want == "parts"
    )
    include, exclude, names = _filters(params, root)
    around = params.around if params.around is not None else params.context or 0
    query: Query = queries.Query(
        root=str(root),
        want=want,
        include=include,
        exclude=exclude,
        names=names,
        rust=dialects.rust,
        clean=dialects.clean,
        escaped=dialects.escaped,
        required=dialects.required,
        multiline=params.multiline,
        before=around if params.before is None else params.before,
        after=around if params.after is None else params.after,
        offset=params.offset,
        limit=min(params.head_limit or _FITTING, _FITTING),
    )
    return query


def _filters(params: GrepParams, root: Path) -> tuple[list[str], list[str], list[str]]:
    """What paths must match, what they must not, and names that ripgrep may go by. Raises ToolError."""
    include: list[str] = []
    exclude: list[str] = []
    names: list[str] = []
    if params.type:
        names = globs_of(params.type)
        include.append("|".join(wildcard.anywhere(name) for name in names))
    patterns = _SEPARATE.findall(checked("glob", params.glob or ""))
    try:
        wanted = [each for pattern in patterns if pattern[0] != "!" for each in _expanded(pattern, root)]
        unwanted = [each for pattern in patterns if pattern[0] == "!" for each in _expanded(pattern[1:], root)]
        if wanted:
            include.append("|".join(wildcard.anywhere(each) for each in wanted))
            last = [each.rpartition("/")[2] for each in wanted]
            names = last if all(_PLAIN_NAME.fullmatch(name) for name in last) else names
        exclude += [f"{wildcard.anywhere(each)}(?:/.*)?" for each in unwanted]
    except wildcard.Malformed as error:
        raise ToolError(f"`glob` {params.glob!r} cannot be read: {error}.") from error
    return include, exclude, names


def _expanded(pattern: str, root: Path) -> list[str]:
    """The patterns without braces; one that begins with `/` is whole, or starts at the root."""
    made = wildcard.expand(pattern)
    made = [f"./{each.removeprefix(f'{root}/').lstrip('/')}" if each.startswith("/") else each for each in made]
    return [f"{each}**" if each.endswith("/") else each for each in made]


def _body(params: GrepParams, findings: Findings, places: Places) -> list[str]:
    if not findings.total_files:
        return ["No matches found"]
    if not findings.files and not findings.lines:
        return ["No entries at this offset"]
    match params.output_mode:
        case "content":
            return list(_lines(params, findings.lines, places))
        case "count":
            return [f"{places.short(hit.path)}:{hit.count}" for hit in findings.files]
        case "files_with_matches":
            return [places.whole(hit.path) for hit in findings.files]


def _lines(params: GrepParams, lines: list[Line], places: Places) -> Iterator[str]:
    """`path:12:text` for a match and `path-13-text` for its neighbours; `--` where lines are left out between them."""
    has_neighbours = any((params.before, params.after, params.around, params.context)) and not params.only_matching
    last: Line | None = None
    for line in lines:
        if has_neighbours and last is not None and (line.path, line.number) != (last.path, last.number + 1):
            yield "--"
        mark = ":" if line.is_match else "-"
        number = f"{line.number}{mark}" if params.line_numbers else ""
        yield f"{places.short(line.path)}{mark}{number}{line.text}"
        last = line


def _position(params: GrepParams, findings: Findings) -> list[str]:
    """Which part of the whole is shown, and the whole's size."""
    made: list[str] = []
    shown = len(findings.lines) or len(findings.files)
    if params.output_mode == "count" and findings.total_files:
        matched = count(
            findings.total_count, "match" if params.multiline else "matching line", "matches" * params.multiline
        )
        made.append(f"({matched} in {count(findings.total_files, 'file')}.)")
    if findings.has_more and shown:
        kind, total = "Files", _total(params, findings)
        if params.output_mode == "content":
            kind = "Lines"
        until = params.offset + shown
        made.append(
            f"({kind} {params.offset + 1}-{until}{f' of {total:,}' if total else ''}; offset={until} shows more.)"
        )
    return made


def _total(params: GrepParams, findings: Findings) -> int | None:
    """How many entries there are in all, where that is known without looking at each."""
    if findings.is_partial:
        return None
    if params.output_mode != "content":
        return findings.total_files
    plain = not (params.only_matching or params.multiline or params.before or params.after)
    return findings.total_count if plain and not (params.around or params.context) else None


def _data(params: GrepParams, findings: Findings, places: Places, content: str) -> Json:
    """The structured result of contracts §14.3."""
    paths = dict.fromkeys([*(hit.path for hit in findings.files), *(line.path for line in findings.lines)])
    data: Json = {
        "mode": params.output_mode,
        "numFiles": len(paths),
        "filenames": [places.whole(path) for path in paths],
        "totalFiles": findings.total_files,
    }
    if params.output_mode == "content":
        data |= {"content": content if findings.lines else "", "numLines": len(findings.lines)}
        if (total := _total(params, findings)) is not None:
            data["totalLines"] = total
    elif params.output_mode == "count":
        data |= {"content": content if findings.files else "", "numMatches": findings.total_count}
    if findings.has_more:
        data["appliedLimit"] = len(findings.lines) or len(findings.files)
    if params.offset:
        data["appliedOffset"] = params.offset
    return data
