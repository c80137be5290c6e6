"""A model that is built when it is first asked. Must not know which."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from coder.core.model import CountingModel, ModelEvent, ModelRequest


class DeferredModel:
    """Builds its model once, in a thread, because that imports a lot. `build` may raise ModelError."""

    def __init__(self, build: Callable[[], CountingModel]) -> None:
        self._build = build
        self._model: CountingModel | None = None
        self._building = asyncio.Lock()

    async def warm(self) -> CountingModel:
        """Build the model now; cheap when that is done."""
        async with self._building:
            if self._model is None:
                self._model = await asyncio.to_thread(self._build)
            return self._model

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        model = self._model or await self.warm()
        events = model.stream(request)
        try:
            async for event in events:
                yield event
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    async def count_tokens(self, request: ModelRequest) -> int:
        return await (await self.warm()).count_tokens(request)

    async def aclose(self) -> None:
        if self._model is not None:
            await self._model.aclose()
