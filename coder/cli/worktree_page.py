"""What `coder worktree` prints: lines for people, objects for programs. Must not know git."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from coder.app.worktree_care import Gone, Row, saved_at
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.sessions.age import age
from coder.sessions.resolve import short_title

_TITLE = 50


def page(rows: Sequence[Row], now: float) -> Iterator[str]:
    if not rows:
        yield "There is no worktree here. To work in one: coder -w NAME"
        return
    wide = max(len(visible_line(row.tree.name)) for row in rows)
    for row in rows:
        branch = visible_line(row.tree.branch) or "no branch"
        yield f"{visible_line(row.tree.name):<{wide}}  {branch}  {words(row)}"
        if row.session is not None:
            yield f"{'':<{wide}}  {age(row.session.modified, now)}: {short_title(row.session, _TITLE)}"
    yield ""
    yield "Go on in one: coder worktree resume NAME"


def words(row: Row) -> str:
    """How a worktree stands."""
    first = []
    if not row.tree.is_there:
        first.append("its folder is gone")
    if row.is_left_behind:
        first.append("left behind by a session that did not end")
    return "; ".join((*first, *row.state.reasons)) or "clean"


def as_json(row: Row) -> Json:
    files, tree, session = row.state.files, row.tree, row.session
    ignored = [name for name in files.untracked if name in files.ignored]
    return {
        "name": tree.name,
        "path": str(tree.path),
        "branch": tree.branch or None,
        "exists": tree.is_there,
        "clean": row.state.is_empty,
        "staged": len(files.staged),
        "changed": len(files.changed),
        "untracked": len(files.untracked) - len(ignored),
        "ignored": len(ignored),
        "unpushed": len(row.state.commits.lost),
        "locked": tree.lock,
        "live": row.state.is_live,
        "left_behind": row.is_left_behind,
        "reasons": list(row.state.reasons),
        "session": None
        if session is None
        else {"id": session.id, "title": session.title, "modified": session.modified},
    }


def gone_page(gone: Gone, top: Path) -> Iterator[str]:
    branch = f", with its branch {visible_line(gone.tree.own_branch)}" if gone.branch_too else ""
    yield f"Removed worktree {visible_line(gone.tree.name)}{branch}."
    if gone.kept is None:
        return
    yield f"Saved: {saved_at(gone.kept)}"
    for ref in gone.kept.refs:
        yield f"  commits: git -C {visible_line(str(top))} branch NAME {visible_line(ref)}"
    if gone.kept.archive is not None:
        yield f"  files:   tar -xf {visible_line(str(gone.kept.archive))} -C FOLDER"


def gone_json(gone: Gone) -> Json:
    kept = gone.kept
    return {
        "removed": gone.tree.name,
        "branch_removed": gone.branch_too,
        "refs": [] if kept is None else list(kept.refs),
        "archive": None if kept is None or kept.archive is None else str(kept.archive),
    }
