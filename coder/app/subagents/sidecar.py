"""What lies beside an agent's transcript: who asked for what, how it stands, what it reported. Files of this session
alone, which are read as if anybody had written them. Must not know how agents are run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from coder.core.agents import Brief, Report
from coder.core.dataclass import dataclass
from coder.core.messages import Json, Usage
from coder.core.ordinary import read_ordinary
from coder.core.private import made_private

FOLDER = "subagents"
_NAME = re.compile(r"agent-([A-Za-z0-9_-]{1,64})\.meta\.json")
_MOST_BYTES = 4 << 20
_MOST_FILES = 20_000
_USAGE = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
Standing = Literal["running", "completed", "failed", "stopped"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Kept:
    """What is known of an agent from its sidecar. `state` "running": it was cut off, or runs. `order` is when it began,
    in nanoseconds."""

    id: str
    path: Path
    brief: Brief
    key: str
    kind: str
    model: str
    depth: int
    state: Standing
    background: bool
    order: int
    report: Report | None = None


def transcript_of(folder: Path, id: str) -> Path:
    """`folder` holds the side files of the session."""
    return folder / FOLDER / f"agent-{id}.jsonl"


def sidecar_of(folder: Path, id: str) -> Path:
    return folder / FOLDER / f"agent-{id}.meta.json"


def key_of(brief: Brief) -> str:
    """What names the work, where nobody named it."""
    named = json.dumps(
        [brief.kind, brief.prompt, brief.model, brief.out], ensure_ascii=False, sort_keys=True, default=str
    )
    return brief.key or "made:" + hashlib.sha256(named.encode("utf-8", "replace")).hexdigest()[:32]


def write(folder: Path, kept: Kept) -> Json:
    """Whole or not at all. Returns what was written. Raises OSError. Blocks, shortly."""
    made_private(folder / FOLDER)
    path = sidecar_of(folder, kept.id)
    part = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    row = _row(kept)
    data = json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=str).encode("utf-8", "replace")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
    part.replace(path)
    return row


def read_all(folder: Path) -> tuple[Kept, ...]:
    """All of a session, in the order in which they began. Never raises. Blocks."""
    return tuple(sorted(_found(folder), key=lambda kept: kept.order))


def _found(folder: Path) -> Iterator[Kept]:
    try:
        with os.scandir(folder / FOLDER) as entries:
            names = [entry.name for entry, _ in zip(entries, range(_MOST_FILES), strict=False)]
    except OSError:
        return
    for name in names:
        if (match := _NAME.fullmatch(name)) and (kept := read(folder, match[1])) is not None:
            yield kept


def read(folder: Path, id: str) -> Kept | None:
    """None where there is nothing that can be read."""
    path = sidecar_of(folder, id)
    try:
        raw = json.loads(read_ordinary(path, _MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return _kept(folder, id, raw) if isinstance(raw, dict) else None


def _row(kept: Kept) -> Json:
    brief, report = kept.brief, kept.report
    row: Json = {
        "toolUseId": brief.call,
        "agentType": kept.kind,
        "description": brief.title,
        "model": kept.model,
        "state": kept.state,
        "key": kept.key,
        "depth": kept.depth,
        "background": kept.background,
        "startedAt": kept.order,
        "prompt": brief.prompt,
        "asked": {
            "kind": brief.kind,
            "model": brief.model,
            "effort": brief.effort,
            "turns": brief.turns,
            "isolation": brief.isolation,
            "name": brief.name,
            "out": brief.out,
        },
    }
    if brief.parent != "main":
        row["parentAgentId"] = brief.parent
    if report is not None:
        row["report"] = {
            "text": report.text,
            "error": report.error,
            "value": report.value,
            "artifact": str(report.artifact) if report.artifact is not None else None,
            "branch": report.branch,
            "usage": {name: getattr(report.usage, name) for name in _USAGE},
            "usd": report.usd,
            "toolUses": report.tool_uses,
            "seconds": round(report.seconds, 3),
        }
    return row


def _kept(folder: Path, id: str, raw: Json) -> Kept | None:
    asked = _object(raw.get("asked"))
    state = raw.get("state")
    if state not in ("running", "completed", "failed", "stopped") or not isinstance(raw.get("prompt"), str):
        return None
    effort, turns, out = asked.get("effort"), asked.get("turns"), asked.get("out")
    brief = Brief(
        prompt=raw["prompt"],
        title=_text(raw.get("description")),
        kind=_text(asked.get("kind")),
        model=_text(asked.get("model")),
        effort=effort if effort in ("low", "medium", "high", "xhigh", "max") else None,
        turns=turns if isinstance(turns, int) and turns > 0 else None,
        isolation="worktree" if asked.get("isolation") == "worktree" else "",
        name=_text(asked.get("name")),
        out=out if isinstance(out, dict) else None,
        call=_text(raw.get("toolUseId")),
        parent=_text(raw.get("parentAgentId")) or "main",
        key=_text(raw.get("key")),
    )
    kind, model = _text(raw.get("agentType")), _text(raw.get("model"))
    order, depth = raw.get("startedAt"), raw.get("depth")
    report = None
    if state != "running" and isinstance(raw.get("report"), dict):
        report = _report(id, kind, brief.title, model, state, raw["report"])
    return Kept(
        id=id,
        path=transcript_of(folder, id),
        brief=brief,
        key=_text(raw.get("key")),
        kind=kind,
        model=model,
        depth=depth if isinstance(depth, int) else 1,
        state=state,
        background=raw.get("background") is True,
        order=order if isinstance(order, int) else 0,
        report=report,
    )


def _report(id: str, kind: str, title: str, model: str, state: Any, raw: Json) -> Report:
    usage, usd, artifact, value = _object(raw.get("usage")), raw.get("usd"), raw.get("artifact"), raw.get("value")
    return Report(
        id=id,
        kind=kind,
        title=title,
        model=model,
        state=state,
        text=_text(raw.get("text")),
        error=_text(raw.get("error")),
        value=value if isinstance(value, dict) else None,
        artifact=Path(artifact) if isinstance(artifact, str) and artifact else None,
        branch=_text(raw.get("branch")),
        usage=Usage(**{name: _count(usage.get(name)) for name in _USAGE}),
        usd=float(usd) if isinstance(usd, int | float) else None,
        tool_uses=_count(raw.get("toolUses")),
        seconds=float(raw["seconds"]) if isinstance(raw.get("seconds"), int | float) else 0.0,
    )


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
