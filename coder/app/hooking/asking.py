"""Whom hooks ask: the small model for those of type `prompt`, an agent that looks for itself for those of type `agent`.
Must not know hooks, or what is asked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from uuid import uuid4

from coder.app.subagents.built_in import HOOK
from coder.app.titles import cheap_model
from coder.core.agents import Agents, Brief, Group
from coder.core.config import Config
from coder.core.errors import ModelError, SessionError
from coder.core.messages import Json, Message, Text
from coder.core.model import Completed, Model, ModelRequest
from coder.models import catalog

_OUTPUT = 1_000  # tokens at most
_MOST = 1_000  # agents that the hooks of a session ask
_VERDICT: Json = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}, "reason": {"type": "string"}, "impossible": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}
_SIDE = {"x-coder-side-request": "hook"}


def asker(model: Callable[[], Model], config: Config) -> Callable[[str, str, float], Awaitable[str]]:
    """`model` accounts for what it is asked."""

    async def ask(prompt: str, name: str, seconds: float) -> str:
        """Raises ModelError or TimeoutError."""
        small = cheap_model(config.env, config.model.name) or catalog.resolve(config.model.name, config.env)
        chosen = catalog.resolve(name, config.env) if name else small
        question = Message("user", (Text(prompt),))
        request = ModelRequest(chosen, (question,), max_tokens=_OUTPUT, headers=_SIDE, purpose="judge")
        async with asyncio.timeout(seconds), aclosing(model().stream(request)) as events:  # type: ignore[type-var]  # streams are generators
            async for event in events:
                if isinstance(event, Completed):
                    return event.message.text
        raise ModelError("the model's reply ended early", "cut")

    return ask


def looker(agents: Callable[[], Agents]) -> Callable[[str, str, float], Awaitable[str]]:
    """`agents` is asked for late. Those it asks count for themselves, not among those of the run."""
    groups: list[Group] = []

    async def ask(prompt: str, name: str, seconds: float) -> str:
        """Raises SessionError, ToolError or TimeoutError."""
        if not groups:
            groups.append(agents().group(_MOST))
        key = f"hook {uuid4().hex}"  # asked anew each time
        about = Brief(prompt=prompt, title="Check of a hook", kind=HOOK, model=name, out=_VERDICT, key=key)
        async with asyncio.timeout(seconds):
            report = await agents().run(replace(about, group=groups[0]))
        if report.state != "completed" or report.value is None:
            raise SessionError(report.error or f"the agent was {report.state}")
        return json.dumps(report.value)

    return ask
