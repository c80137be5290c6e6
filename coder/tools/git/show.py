"""Git show: one commit with what it changed, or a file as it was in one (`REV:path`)."""

from __future__ import annotations

import os
from pathlib import Path

from coder.core.errors import ToolError
from coder.core.tools import Reads, ToolContext, ToolOutput
from coder.core.visible import visible, visible_line
from coder.core.workspace import Workspace
from coder.git import log
from coder.git.log import Commit
from coder.git.repository import repository_of
from coder.git.revision import file_of, has_controls
from coder.tools.git.changes import changes
from coder.tools.git.diff import nothing, resolved
from coder.tools.git.log import data_of
from coder.tools.git.reader import Reader, Sight, chosen, reads
from coder.tools.git.room import MOST, is_binary, line_cut
from coder.tools.git.span import Span, span_of
from coder.tools.git.verb import GitParams
from coder.tools.report import checked, count, printable

_MOST_MESSAGE = 4_000
_MOST_REFS = 500
_MOST_LISTED = 200


class Show:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def access(self, params: GitParams, workspace: Workspace) -> Reads:
        """The file of `REV:path` is judged as the one that lies there now."""
        named = file_of(params.rev or "")
        if named is None:
            return reads(params, workspace)
        return Reads((*reads(params, workspace).paths, _place(named[1], workspace.cwd)))

    def summary(self, params: GitParams) -> str:
        return " ".join(filter(None, ("show", params.rev, *params.paths)))

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput:
        sight = await self._reader.sight(context)
        rev = checked("rev", params.rev or "HEAD")
        named = file_of(rev)
        if named is not None:
            return await _file(sight, params, *named)
        commit = await resolved(sight, rev)
        answer = await sight.told("log", *log.COMMITS, log.WHOLE, "--no-walk", commit)
        (found, *_) = log.commits(answer.out) or (None,)
        if found is None:
            raise ToolError(f"git does not tell of {rev!r} what it should.")
        head = _head(found)
        before = found.parents[0] if found.parents else nothing(found.id)
        room = MOST - sum(map(len, head))
        shown = await changes(sight, [before, found.id], chosen(params, context), params.limit, room)
        body = shown.lines if shown.files else ("It changes no file.", *shown.lines)
        data = {"action": "show", "commit": data_of(found), **shown.data(sight)}
        return ToolOutput("\n".join([*head, "", *body]), data, f"{visible_line(found.subject)[:100]}: {shown.counts}")


def _place(path: str, cwd: Path) -> Path:
    """Where a path of a commit would lie in the work tree: from its top, or from here when it begins with `.`."""
    repository = repository_of(cwd)
    base = cwd if repository is None or path.startswith("./") or path.startswith("../") else repository.top
    return Path(os.path.normpath(base / path.lstrip("/").replace("\0", "")))


def _head(commit: Commit) -> list[str]:
    shown = printable(commit.names)
    shown = shown if len(shown) <= _MOST_REFS else f"{shown[:_MOST_REFS]}…"
    names = f" ({shown})" if shown else ""
    lines = [f"commit {commit.id}{names}"]
    if len(commit.parents) > 1:
        parents = " ".join(each[:10] for each in commit.parents)
        lines.append(f"Merge of {parents}; what follows is against the first.")
    lines.append(f"Author: {visible_line(commit.author)} <{visible_line(commit.email)}>, {commit.moment}")
    if commit.committer != commit.author:
        lines.append(f"Committer: {visible_line(commit.committer)}")
    message = visible(commit.message.strip("\n"))
    if len(message) > _MOST_MESSAGE:
        message = f"{message[:_MOST_MESSAGE]}\n[... message cut: {len(commit.message):,} characters]"
    return [*lines, "", *(f"    {line}".rstrip() for line in message.split("\n"))]


async def _file(sight: Sight, params: GitParams, rev: str, path: str) -> ToolOutput:
    """What `REV:path` holds. Only a commit, or what is staged, is asked for it: a path is then the whole path, which
    is what rules speak of."""
    name = _below_top(sight, path)
    is_staged = rev.startswith(":")
    where = rev if is_staged else await resolved(sight, rev)
    if sight.withheld.covers(name) or sight.withheld.covers(f"{name}/"):
        raise ToolError(f"{printable(name)} is not shown: a permission rule denies reading it.")
    kind, id = await (_in_index if is_staged else _in_commit)(sight, where, name)
    if kind == "tree":
        return await _folder(sight, id, name)
    if kind == "commit":
        what = f"{printable(name)} is a submodule there, at {id[:10]}"
        told = f"{what}; its files are in a repository of its own."
        return ToolOutput(told, {"action": "show", "submodule": id}, "a submodule")
    if kind != "blob":
        raise ToolError(f"There is no {printable(name)} in {'what is staged' if is_staged else printable(rev)}.")
    return await _content(sight, params, id, name)


async def _in_commit(sight: Sight, commit: str, name: str) -> tuple[str, str]:
    """git's word for what lies there, and its hash; both "" for nothing."""
    if not name:
        return "tree", f"{commit}^{{tree}}"
    answer = await sight.told("ls-tree", "-z", "--full-tree", "--", commit, name)
    fields = answer.text.partition("\t")[0].split(" ")
    return (fields[1], fields[2]) if len(fields) == 3 else ("", "")


async def _in_index(sight: Sight, where: str, name: str) -> tuple[str, str]:
    answer = await sight.view.asked("rev-parse", "--verify", "--end-of-options", f"{where}:{name}")
    if not answer.ok:
        return "", ""
    id = answer.text.strip()
    kind = await sight.view.asked("cat-file", "-t", id)
    return kind.text.strip() or "commit", id


def _below_top(sight: Sight, path: str) -> str:
    """The path from the top of the work tree, as it stands in a tree. Raises ToolError."""
    if has_controls(path):
        raise ToolError("`rev` names no file: its path holds control characters.")
    place = path
    if path.startswith(("./", "../")):
        place = os.path.relpath(os.path.normpath(sight.cwd / path), sight.top)
    elif path:
        place = os.path.normpath(path)
    if place == ".":
        place = ""
    if place.startswith(("/", "..")):
        raise ToolError(f"{printable(path)} is no path of this repository: write it from its top, as REV:folder/file.")
    return place


async def _folder(sight: Sight, id: str, name: str) -> ToolOutput:
    answer = await sight.told("ls-tree", "-z", "--name-only", "--full-tree", id)
    listed = [os.fsdecode(each) for each in answer.out.split(b"\0") if each]
    lead = f"{name}/" if name else ""
    names = [each for each in listed if not sight.withheld.covers(lead + each)]
    lines = [printable(each) for each in names[:_MOST_LISTED]]
    if len(names) > _MOST_LISTED:
        lines.append(f"(… {len(names) - _MOST_LISTED:,} more; name one of its folders.)")
    lines += sight.left_out(len(listed) - len(names))
    return ToolOutput(
        "\n".join(lines), {"action": "show", "entries": len(names)}, count(len(names), "entry", "entries")
    )


async def _content(sight: Sight, params: GitParams, id: str, name: str) -> ToolOutput:
    answer = await sight.told("cat-file", "blob", id)
    data = {"action": "show", "path": sight.near(name)}
    if is_binary(answer.out):
        size = f"{'more than ' if answer.cut else ''}{len(answer.out):,} bytes"
        return ToolOutput(f"(A binary file of {size}.)", data, "a binary file")
    text = answer.out.decode("utf-8", "replace").replace("\r\n", "\n")
    every = text.removesuffix("\n").split("\n") if text else []
    span = span_of(params.lines) or Span(1, None)
    lines: list[str] = []
    room = MOST
    for number, line in enumerate(every[span.first - 1 : span.last], span.first):
        shown = f"{number:6}\t{line_cut(line)}"
        room -= len(shown) + 1
        if room < 0 and lines:
            break
        lines.append(shown)
    last = span.first + len(lines) - 1
    if not lines:
        lines.append(f"(It has {count(len(every), 'line')}.)")
    elif last < len(every) and (span.last is None or last < span.last):
        lines.append(f'(Lines {span.first}-{last} of {len(every):,}; lines="{last + 1}-" shows more.)')
    if answer.cut:
        lines.append("(It is larger than is taken; not even its lines are counted whole.)")
    return ToolOutput("\n".join(lines), data | {"numLines": len(every)}, count(len(every), "line"))
