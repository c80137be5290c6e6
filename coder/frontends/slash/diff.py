"""`/diff`: every change of this session that still stands, file by file. Must not know how changes are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from coder.checkpoints.compare import Difference
from coder.config.paths import user_home
from coder.core.visible import visible
from coder.frontends.amounts import counted
from coder.frontends.desk import Desk
from coder.frontends.policy.text import short
from coder.frontends.render.theme import Theme, theme_of
from coder.frontends.slash.saying import done, warned
from coder.frontends.styled import Row, Style, columns, foreign, row
from coder.tools.patch import Patch, patch


async def run(desk: Desk, arguments: str) -> None:
    del arguments
    checkpoints = desk.session.checkpoints
    if checkpoints is None or not checkpoints.enabled:
        warned(desk.ui, "Checkpoints are off, so coder does not know what it changed. In a repository: git diff")
        return
    found = await checkpoints.differences()
    if not found:
        done(desk.ui, "No file is different from how it was when this session began.")
        return
    rows = await asyncio.to_thread(diff_rows, found, desk)
    await desk.ui.pager("\n".join(map(_theme(desk).paint, rows)) + "\n")


def diff_rows(found: Iterable[Difference], desk: Desk) -> list[Row]:
    """A line for each file, then each file's lines that went and came. Blocks while it compares."""
    compared = [(each, _patch(each)) for each in found]
    names = [_name(each, desk) for each, _ in compared]
    added, removed = sum(p.added for _, p in compared), sum(p.removed for _, p in compared)
    rows = [row((f"{counted(len(compared), 'file')} changed in this session, +{added} -{removed} lines", "bold"))]
    table = columns([(f"  {name}", _summary(*each)) for name, each in zip(names, compared, strict=True)])
    rows += [row(name, (summary, "dim")) for name, summary in table]
    for name, (each, made) in zip(names, compared, strict=True):
        rows += [row(""), row((name, "bold"), (f"  {_summary(each, made)}", "dim")), *_lines(made)]
    return rows


def _patch(each: Difference) -> Patch:
    return patch(each.before or "", each.after or "")


def _name(each: Difference, desk: Desk) -> str:
    return foreign(short(each.path, desk.config.cwd, user_home(desk.env)))


def _summary(each: Difference, made: Patch) -> str:
    parts = [each.note or made.counts]
    if not each.note and each.before is None:
        parts.append("new")
    elif not each.note and each.after is None:
        parts.append("deleted")
    if each.mixed:
        parts.append("somebody else changed it too")
    return " · ".join(parts)


def _lines(made: Patch) -> Iterator[Row]:
    for hunk in made.hunks:
        old, new = (f"{hunk[side + 'Start']},{hunk[side + 'Lines']}" for side in ("old", "new"))
        yield row((f"@@ -{old} +{new} @@", "dim"))
        for line in hunk["lines"]:
            style: Style = "added" if line.startswith("+") else "removed" if line.startswith("-") else ""
            yield row((visible(line.expandtabs(4)).replace("\n", "\\n"), style))


def _theme(desk: Desk) -> Theme:
    return theme_of(str(desk.setting("theme") or "auto"), desk.env)
