"""Who answers what a host asks besides turns, by the name of the request. Must not know what is asked, or the wire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from coder.app.session import Session
from coder.core.errors import CoderError
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.frontends.stream_json.control import Answer, RequestError
from coder.frontends.stream_json.queries import refused, servers, settings, tasks
from coder.frontends.stream_json.queries.around import Around

if TYPE_CHECKING:
    from coder.frontends.stream_json.queries import (
        about,
        calls,
        context,
        files,
        hooks,
        known,
        reading,
        stored,
        suggested,
        written,
    )
else:  # for what is seldom asked
    about, calls, context, files, hooks, known, reading, stored, suggested, written = (
        LazyModule(f"coder.frontends.stream_json.queries.{name}")
        for name in (
            *("about", "calls", "context", "files", "hooks", "known", "reading", "stored", "suggested"),
            "written",
        )
    )

Ask: TypeAlias = Callable[[Session, Json], Awaitable[Json]]


def answers_of(session: Callable[[], Awaitable[Session]], around: Around) -> dict[str, Answer]:
    """`session` gives the one that is open by now, and raises RequestError or CoderError where there can be none."""

    def answer(ask: Ask) -> Answer:
        async def answered(request: Json) -> Json:
            try:
                return await ask(await session(), request)
            except CoderError as error:
                raise RequestError(str(error)) from error

        return answered

    return _refused() | {name: answer(ask) for name, ask in _asked(around).items()}


def _asked(around: Around) -> dict[str, Ask]:
    return {
        "mcp_status": servers.status,
        "mcp_reconnect": servers.reconnect,
        "mcp_toggle": servers.toggle,
        "mcp_call": lambda *asked: calls.call(*asked),
        "file_suggestions": lambda *asked: suggested.files(around, *asked),
        "get_context_usage": lambda *asked: context.usage(*asked),
        "rewind_files": lambda *asked: files.rewind(*asked),
        "stop_task": tasks.stop,
        "background_tasks": partial(tasks.to_background, around),
        "get_task_output": tasks.output,
        "set_max_thinking_tokens": settings.thinking,
        "apply_flag_settings": settings.apply,
        "get_settings": lambda *asked: stored.settings(around, *asked),
        "reload_output_styles": lambda *asked: stored.styles(around, *asked),
        "reload_skills": lambda *asked: known.skills(*asked),
        "list_permission_rules": lambda *asked: known.rules(around, *asked),
        "register_repo_root": lambda *asked: known.register(*asked),
        "rename_session": lambda *asked: known.rename(*asked),
        "get_usage": lambda *asked: known.usage(around, *asked),
        "read_file": lambda *asked: reading.read(*asked),
        "generate_session_title": lambda *asked: known.title(*asked),
        "get_hooks_listing": lambda *asked: hooks.listing(*asked),
        "get_binary_version": lambda *asked: about.version(*asked),
        "get_session_cost": lambda *asked: about.cost(around, *asked),
        "list_models": lambda *asked: about.models(around, *asked),
        "update_settings": lambda *asked: written.update(*asked),
        "mcp_read_resource": lambda *asked: calls.read(*asked),
        "seed_read_state": lambda *asked: reading.seed(*asked),
    }


def _refused() -> dict[str, Answer]:
    def no(why: str) -> Answer:
        async def refuse(request: Json) -> Json:
            raise RequestError(why)

        return refuse

    async def heard(request: Json) -> Json:
        """Nothing is held back from a reader, so that it is the same whether somebody watches."""
        return {}

    return {name: no(f"{name} is not answered: {why}") for name, why in refused.REASONS.items()} | {
        "set_has_subscribers": heard
    }
