"""The front end of a program: events become messages, questions go to its callbacks. Must not know how a session is
made or driven.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Iterator
from typing import TypeVar

from coder.core import events
from coder.core.messages import Text as SaidText
from coder.core.messages import Thinking as SaidThinking
from coder.core.messages import ToolResult
from coder.core.requests import Allow, Answers, Deny, PermissionRequest, Question, Reply, Request
from coder.frontends.embedded.messages import (
    Delta,
    Denied,
    Message,
    Note,
    Result,
    Text,
    Thinking,
    ToolCall,
    ToolDone,
    Waiting,
)
from coder.frontends.embedded.options import Options
from coder.frontends.hook_words import failure

_T = TypeVar("_T")
_NOBODY = Deny("nobody is there to ask", nobody=True)
_BROKEN = "the program could not answer, so the run ends"


class Front:
    """Implements `coder.core.frontend.Frontend`. `broken` is what a callback raised, if one did: the run ends then.
    `own_tools` are the names of the program's tools."""

    def __init__(self, options: Options) -> None:
        self._permission, self._questions = options.permission, options.questions
        self._partial = options.partial
        self._heard: deque[Message] = deque()
        self._more = asyncio.Event()
        self._is_listening = False
        self.own_tools: tuple[str, ...] = ()
        self.denied: list[Denied] = []
        self.broken: BaseException | None = None

    def begin(self) -> None:
        """A prompt is about to be sent."""
        self.denied, self.broken = [], None

    def emit(self, event: events.AnyEvent) -> None:
        for message in self._told(event):
            if isinstance(message, Denied):
                self.denied.append(message)
            if self._is_listening:
                self._heard.append(message)
                self._more.set()

    async def ask(self, request: Request) -> Reply:
        try:
            match request:
                case PermissionRequest() if self._permission is not None:
                    return _reply(await _answered(self._permission(request)))
                case Question() if self._questions is not None:
                    answers = await _answered(self._questions(request.questions))
                    return Deny("no answer") if answers is None else Answers(dict(answers))
                case _:
                    return _NOBODY
        except Exception as error:  # noqa: BLE001  # the program's own code: nothing is allowed, and it is raised there
            self.broken = error
            return Deny(_BROKEN, interrupt=True)

    async def messages(self, running: asyncio.Task[Result]) -> AsyncGenerator[Message]:
        """What is told until the task is done."""
        self._is_listening = True
        running.add_done_callback(lambda _: self._more.set())
        try:
            while True:
                while self._heard:
                    yield self._heard.popleft()
                if running.done():
                    return
                self._more.clear()
                await self._more.wait()
        finally:
            self._is_listening = False
            self._heard.clear()

    def _told(self, event: events.AnyEvent) -> Iterator[Message]:
        agent = event.agent
        match event:
            case events.MessageAdded() if event.message.role == "assistant":
                for block in event.message.content:
                    if isinstance(block, SaidText) and block.text:
                        yield Text(text=block.text, agent=agent)
                    elif isinstance(block, SaidThinking) and block.thinking:
                        yield Thinking(text=block.thinking, agent=agent)
            case events.TextDelta() if self._partial:
                yield Delta(text=event.text, agent=agent)
            case events.ToolStarted(call=call):
                yield ToolCall(id=call.id, name=call.name, input=call.input, summary=event.summary, agent=agent)
            case events.ToolFinished():
                yield _done(event)
            case events.PermissionDenied(call=call):
                yield Denied(
                    id=call.id,
                    name=call.name,
                    input=call.input,
                    why=event.message,
                    nobody=event.nobody,
                    remedy=event.remedy,
                    agent=agent,
                )
            case events.ModelRetrying():
                yield Waiting(
                    seconds=event.delay, attempt=event.attempt, why=event.message, status=event.status, agent=agent
                )
            case events.Notice():
                yield Note(level=event.level, text=event.text, agent=agent)
            case events.CheckpointTaken() | events.Committed():
                yield Note(level="info", text=event.text, agent=agent)
            case events.HookEnded() if text := failure(event):
                yield Note(level="warning", text=text, agent=agent)
            case _:
                pass


async def _answered(given: Awaitable[_T] | _T) -> _T:
    """A plain function will do as a callback."""
    return await given if isinstance(given, Awaitable) else given


def _done(event: events.ToolFinished) -> ToolDone:
    return ToolDone(
        id=event.call.id,
        name=event.call.name,
        text=_text(event.result),
        is_error=event.result.is_error,
        summary=event.summary,
        seconds=event.seconds,
        data=event.data,
        agent=event.agent,
    )


def _text(result: ToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, SaidText))


def _reply(answer: object) -> Reply:
    """Anything that is no clear yes is a no."""
    if isinstance(answer, Allow | Deny):
        return answer
    return Allow() if answer is True else Deny("the program does not allow it")
