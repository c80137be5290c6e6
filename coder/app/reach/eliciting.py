"""A server asks the person something: hooks first, then the question, then hooks again. Must not know front ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from coder.app.reach.browsing import opened
from coder.app.reach.noes import Noes
from coder.app.reach.questions import Unaskable, asking_of
from coder.core.messages import Json
from coder.core.requests import Deny, Reply, Request, ServerAnswer, ServerQuestion
from coder.core.visible import visible_line
from coder.mcp.server import Server

_DECLINED: Json = {"action": "decline"}


class AskingHooks(Protocol):
    """None of it raises but CancelledError."""

    async def eliciting(self, server: str, params: Json) -> Json | None:
        """Elicitation: the answer in the person's place, None to ask them."""
        ...

    async def elicited(self, server: str, params: Json, answer: Json) -> Json:
        """ElicitationResult: the answer that is sent."""
        ...


class Elicitation:
    """`ask` puts one question at a time; `say` tells people why nobody was asked; `open_page` shows a page in the
    person's browser and tells whether it could."""

    def __init__(
        self,
        ask: Callable[[Request], Awaitable[Reply]],
        hooks: AskingHooks,
        say: Callable[[str], None],
        open_page: Callable[[str], bool] = opened,
        noes: Noes | None = None,
    ) -> None:
        self._ask = ask
        self._hooks = hooks
        self._say = say
        self._open = open_page
        self._noes = noes or Noes(say)

    async def __call__(self, server: Server, params: Json) -> Json:
        """The answer in the protocol's own JSON."""
        answer = await self._hooks.eliciting(server.name, params)
        if answer is None and self._noes.enough(server.name):
            answer = dict(_DECLINED)
        elif answer is None:
            answer = await self._asked(server, params)
            self._noes.heard(server.name, is_no=answer.get("action") != "accept")
        return _told(await self._hooks.elicited(server.name, params, answer))

    async def _asked(self, server: Server, params: Json) -> Json:
        name = visible_line(server.name)
        asking = asking_of(server.name, params)
        if isinstance(asking, Unaskable):
            self._say(f"MCP server {name} {visible_line(asking.why)}. It was told no.")
            return dict(_DECLINED)
        if asking.left_out:
            left_out = ", ".join(map(visible_line, asking.left_out))
            self._say(
                f"MCP server {name} asks for what looks like a secret ({left_out}): that is left out of the form."
            )
        reply = await self._ask(asking.question)
        match reply:
            case ServerAnswer(action="accept", values=values):
                return await self._accepted(asking.question, values)
            case ServerAnswer(action=action):
                return {"action": action}
            case Deny(nobody=True):
                self._say(f"MCP server {name} asked a question, and nobody is there to answer. It was told no.")
        return dict(_DECLINED)

    async def _accepted(self, question: ServerQuestion, values: Json) -> Json:
        if not question.url:
            return {"action": "accept", "content": values}
        if not await asyncio.to_thread(self._open, question.url):
            self._say(f"No browser could be opened. Open it yourself: {visible_line(question.url)}")
        return {"action": "accept"}


def _told(answer: Json) -> Json:
    """Only a yes has content."""
    action = answer.get("action")
    if action != "accept":
        return {"action": action if action in ("decline", "cancel") else "decline"}
    content = answer.get("content")
    return {"action": "accept", "content": content} if isinstance(content, dict) else {"action": "accept"}
