"""The small model that a hook of type `prompt` asks. Must not know hooks, or what is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from coder.app.titles import cheap_model
from coder.core.config import Config
from coder.core.errors import ModelError
from coder.core.messages import Message, Text
from coder.core.model import Completed, Model, ModelRequest
from coder.models import catalog

_OUTPUT = 1_000  # tokens at most
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
