"""What runs in the background, for a host: ended, looked at, or sent there. Must not know how it is run."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from coder.app.session import Session
from coder.core.messages import Json
from coder.frontends.stream_json.control import RequestError
from coder.frontends.stream_json.queries import fields
from coder.frontends.stream_json.queries.around import Around

_OFF = "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS"
_TAIL = 8192  # bytes


async def stop(session: Session, request: Json) -> Json:
    """That it has ended is told by itself."""
    name = fields.text(request, "task_id")
    if any(each.id == name for each in session.tasks.all):
        await session.tasks.stop(name)
    elif session.agents is not None and any(row.id == name for row in session.agents.rows()):
        await session.agents.stop(name)
    else:
        raise RequestError(f"there is no task {fields.shown(name)} in this session")
    return {}


async def to_background(around: Around, session: Session, request: Json) -> Json:
    """The commands that the run waits for: all of them, or that of one call. Agents stay where they are."""
    if around.config.env.get(_OFF) == "1":
        raise RequestError(f"background tasks are switched off in this session ({_OFF})")
    if request.get("tool_use_id") is None:
        session.tasks.send_back()
        return {"backgrounded": True}
    return {"backgrounded": session.tasks.send_back(fields.text(request, "tool_use_id"))}


async def output(session: Session, request: Json) -> Json:
    name = fields.text(request, "task_id")
    task = next((each for each in session.tasks.all if each.id == name), None)
    if task is None:
        raise RequestError(f"there is no command {fields.shown(name)} in this session")
    return await asyncio.to_thread(_tail, task.output)


def _tail(path: Path) -> Json:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - _TAIL))
            data = file.read(_TAIL)
    except OSError:
        size, data = 0, b""
    return {"output": data.decode("utf-8", "replace"), "total_bytes": size, "truncated": size > len(data)}
