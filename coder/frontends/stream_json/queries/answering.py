"""Who answers what a host asks besides turns, by the name of the request. Must not know what is asked, or the wire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from coder.app.session import Session
from coder.core.errors import CoderError
from coder.core.messages import Json
from coder.frontends.stream_json.control import Answer, RequestError
from coder.frontends.stream_json.queries import context, files, servers, settings, tasks

Ask: TypeAlias = Callable[[Session, Json], Awaitable[Json]]

_ASKED: dict[str, Ask] = {
    "mcp_status": servers.status,
    "mcp_reconnect": servers.reconnect,
    "mcp_toggle": servers.toggle,
    "mcp_set_servers": servers.set_servers,
    "get_context_usage": context.usage,
    "rewind_files": files.rewind,
    "stop_task": tasks.stop,
    "background_tasks": tasks.to_background,
    "get_task_output": tasks.output,
    "set_max_thinking_tokens": settings.thinking,
    "apply_flag_settings": settings.apply,
}


def answers_of(session: Callable[[], Awaitable[Session]]) -> dict[str, Answer]:
    """`session` gives the one that is open by now, and raises RequestError or CoderError where there can be none."""

    def answer(ask: Ask) -> Answer:
        async def answered(request: Json) -> Json:
            try:
                return await ask(await session(), request)
            except CoderError as error:
                raise RequestError(str(error)) from error

        return answered

    return {name: answer(ask) for name, ask in _ASKED.items()}
