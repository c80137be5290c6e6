"""What `coder who --json` prints; docs/who.md has every field. Must not know how it was found out."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from coder.app.who.values import Answer, Cause, Commit, FileRow, Gap, NameRow, Now, Side, Turn
from coder.core.messages import Json


def as_json(found: Answer, *, diff: bool) -> Json:
    raw: Json = {
        "kind": found.what,
        "asked": _text(found.asked),
        "found": found.found,
        "changes": [_file(row, found, diff=diff) for row in found.files] + [_name(row, found) for row in found.names],
        "by_coder": found.ours,
        "by_others": found.others,
        "left_out": found.more,
        "gaps": [_gap(gap) for gap in found.gaps],
    }
    if found.what == "file":
        raw["now"] = _now(found.now) if found.now is not None else None
        raw["near"] = [_text(path) for path in found.near]
    return raw


def _file(row: FileRow, found: Answer, *, diff: bool) -> Json:
    raw: Json = {"when": _time(row.when), "path": _text(row.path), "how": row.how.replace(" ", "_")}
    raw |= {"other_path": _text(row.other) or None}
    raw |= {"before": _side(row.before, diff=diff), "after": _side(row.after, diff=diff)}
    return {**raw, "by": _cause(row.cause, found)}


def _name(row: NameRow, found: Answer) -> Json:
    subjects = found.subjects or {}
    raw: Json = {"when": _time(row.when), "name": _text(row.name)}
    raw |= {"before": _text(row.before) or None, "after": _text(row.after) or None}
    raw |= {"before_subject": subjects.get(row.before), "after_subject": subjects.get(row.after)}
    if found.what == "head":
        raw |= {"branch_before": _text(row.was_on) or None, "branch": _text(row.on) or None}
        raw |= {"began": row.began or None, "ended": row.ended or None}
    raw["other_name"] = _text(row.other) or None
    raw["since"] = _time(row.since) if row.since else None
    raw["steps"] = [
        {"before": step.before, "after": step.after, "when": _time(step.when), "text": step.text} for step in row.steps
    ]
    return {**raw, "by": _cause(row.cause, found)}


def _cause(cause: Cause, found: Answer) -> Json:
    raw: Json = {"what": cause.by, "said": _text(cause.what), "only_meanwhile": cause.during}
    raw |= (
        _turn(cause.turn, found)
        if cause.turn is not None
        else dict.fromkeys(("session", "title", "prompt", "prompt_id"))
    )
    return {**raw, "at_the_same_time": [_turn(each, found) for each in cause.beside]}


def _turn(turn: Turn, found: Answer) -> Json:
    title = (found.titles or {}).get(turn.session)
    return {"session": turn.session, "title": title, "prompt": turn.prompt or None, "prompt_id": turn.prompt_id or None}


def _side(side: Side | None, *, diff: bool) -> Json | None:
    if side is None:
        return None
    raw: Json = {"kind": side.kind, "bytes": side.size, "mode": f"{side.mode:o}", "lines": side.lines}
    if side.kind == "link":
        raw["target"] = _text(side.content)
    return {**raw, "text": side.text} if diff and side.kind == "file" else raw


def _now(now: Now) -> Json:
    changed = _time(now.changed) if now.exists else None
    commits = [_commit(commit) for commit in now.commits]
    return {
        "path": _text(now.path),
        "exists": now.exists,
        "changed": changed,
        "differs": now.differs,
        "commits": commits,
    }


def _commit(commit: Commit) -> Json:
    return {"id": commit.id, "author": commit.author, "when": _time(commit.when), "subject": commit.subject}


def _gap(gap: Gap) -> Json:
    return {"session": gap.session, "title": gap.title, "when": _time(gap.when), "names_it": gap.names_it}


def _time(when: float) -> str:
    try:
        return datetime.fromtimestamp(when, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return "1970-01-01T00:00:00.000Z"


def _text(text: str) -> str:
    """JSON has no lone surrogates: bytes of a name that are no UTF-8 are replaced."""
    return os.fsencode(text).decode("utf-8", "replace")
