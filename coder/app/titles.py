"""A title for a session from a small model, beside the run. For front ends with somebody in front; costs a little.

Never delays a run and never fails one: a session without a title is called by its first words.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import field

from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.errors import ModelError
from coder.core.events import AnyEvent, RunStarted, UsageReported
from coder.core.messages import Message, Text, Usage, said
from coder.core.model import Completed, Model, ModelRequest
from coder.models import catalog
from coder.sessions.asides import clean_name

SIDE_HEADER = {"x-coder-side-request": "title"}
DEAREST = 0.0015  # US dollars
_PROMPT = 1_500  # characters of the first message that are sent
_INPUT, _OUTPUT = 1_200, 40  # tokens at most
_LONGEST = 80  # characters
_log = logging.getLogger(__name__)


def cheap_model(env: Mapping[str, str], main: str = "default") -> str:
    """The small model, or "" when its price is not known or a title would cost too much. Also "" where `main`, the
    session's model, is one we do not know: its server may have no other, unless the person named one."""
    name = catalog.resolve("haiku", env)
    is_named = bool(env.get("ANTHROPIC_DEFAULT_HAIKU_MODEL", "").strip())
    if not is_named and not catalog.describe(catalog.resolve(main, env)).known:
        return ""
    cost = catalog.price(name, Usage(_INPUT, _OUTPUT))
    return name if cost is not None and cost <= DEAREST else ""


def title_request(model: str, prompt: str) -> ModelRequest:
    """What is asked; the prompt is quoted, so that it is not taken for an order."""
    quoted = Message("user", (Text(f"<first_message>\n{prompt.strip()[:_PROMPT]}\n</first_message>"),))
    return ModelRequest(
        model,
        (quoted,),
        system=(prompts.load("title"),),
        max_tokens=_OUTPUT,
        headers=SIDE_HEADER,
        purpose="title",
    )


def read_title(reply: Message) -> str:
    """The title a reply consists of; "" when it is none."""
    lines = [line.strip() for line in reply.text.splitlines() if line.strip()]
    title = clean_name(lines[0].strip("\"'`“”«»#. ")) if len(lines) == 1 else ""
    return title if len(title) <= _LONGEST else ""


@dataclass(slots=True)
class Titler:
    """A listener: the first prompt of a session without a title gets one. `name` is the model to be asked, "" asks
    nobody; `entitle` takes the title, `emit` the usage. Close it."""

    model: Model
    name: str
    entitle: Callable[[str], None]
    emit: Callable[[AnyEvent], None]
    has_title: bool = False
    _asking: asyncio.Task[None] | None = field(default=None, init=False)

    def on(self, event: AnyEvent) -> None:
        if isinstance(event, RunStarted) and event.agent == "main" and self.name and not self.has_title:
            self.has_title = True  # asked once, whatever comes of it
            if (words := said(event.prompt)).strip():
                self._asking = asyncio.create_task(self._ask(words))

    async def aclose(self, patience: float = 0.0) -> None:
        """Waits `patience` seconds at most for a title that is on its way."""
        asking, self._asking = self._asking, None
        if asking is not None:
            await asyncio.wait({asking}, timeout=patience)
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asking

    async def _ask(self, prompt: str) -> None:
        started = time.monotonic()
        try:
            async with aclosing(self.model.stream(title_request(self.name, prompt))) as events:  # type: ignore[type-var]  # streams are generators
                async for event in events:
                    if isinstance(event, Completed):
                        self._take(event, time.monotonic() - started)
        except ModelError as error:
            _log.info("no title: %s", error)

    def _take(self, completed: Completed, passed: float) -> None:
        self.emit(UsageReported(model=self.name, usage=completed.usage, api_seconds=passed, purpose="title"))
        if title := read_title(completed.message):
            self.entitle(title)
