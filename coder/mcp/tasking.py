"""A call that its server only takes as a task: begun, looked at while it goes on, and its result fetched. Must not know
why it is called, nor for how long it may last.

Tasks are of the protocol of 2025-11 alone. The result is asked for at once, for that is how a server's questions come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from coder.core.messages import Json
from coder.mcp.library import mcp, mcp_types

if TYPE_CHECKING:
    from mcp.client.session import ClientSession

_KEPT = 24 * 3600 * 1000  # milliseconds that the server is asked to keep the result for
_OFTEN, _SELDOM = 0.5, 30.0  # seconds between two looks, whatever the server suggests
_TELL = 1.0


def only_tasks(tools: Sequence[Json]) -> frozenset[str]:
    """The names of the tools, as their server lists them, that cannot be called in any other way."""
    found = set[str]()
    for tool in tools:
        execution = tool.get("execution")
        if isinstance(execution, dict) and execution.get("taskSupport") == "required":
            found.add(str(tool.get("name")))
    return frozenset(found)


async def as_task(
    session: ClientSession, tool: str, arguments: Json, moves: Callable[[float, float | None, str], None]
) -> mcp_types.CallToolResult:
    """Raises what the library raises. Who is cancelled has the server cancel the task."""
    params = mcp_types.CallToolRequestParams(name=tool, arguments=arguments, task=mcp_types.TaskMetadata(ttl=_KEPT))
    begun = await session.send_request(mcp_types.CallToolRequest(params=params), mcp_types.CreateTaskResult)
    number, is_over = begun.task.task_id, False
    looking = asyncio.create_task(_look(session, begun.task, moves))
    try:
        wanted = mcp_types.GetTaskPayloadRequest(params=mcp_types.GetTaskPayloadRequestParams(task_id=number))
        result = await session.send_request(wanted, mcp_types.CallToolResult)
        is_over = True
        return result
    finally:
        looking.cancel()
        if not is_over:
            await _cancel(session, number)


async def _look(
    session: ClientSession, task: mcp_types.Task, moves: Callable[[float, float | None, str], None]
) -> None:
    """Each new word about it is told, and now and then that it still goes on. One that cannot be had is no reason to
    end."""
    wait = min(max((task.poll_interval or 0) / 1000, _OFTEN), _SELDOM)
    request = mcp_types.GetTaskRequest(params=mcp_types.GetTaskRequestParams(task_id=task.task_id))
    told, said, quiet = 0, task.status_message or "", 0.0
    while True:
        await asyncio.sleep(wait)
        quiet += wait
        with suppress(mcp.MCPError, ValueError, RuntimeError):
            word = (await session.send_request(request, mcp_types.GetTaskResult)).status_message or ""
            if word != said or quiet >= _SELDOM:
                told, said, quiet = told + 1, word, 0.0
                moves(float(told), None, word)


async def _cancel(session: ClientSession, number: str) -> None:
    request = mcp_types.CancelTaskRequest(params=mcp_types.CancelTaskRequestParams(task_id=number))
    with suppress(mcp.MCPError, ValueError, RuntimeError, TimeoutError):
        async with asyncio.timeout(_TELL):
            await session.send_request(request, mcp_types.CancelTaskResult)
