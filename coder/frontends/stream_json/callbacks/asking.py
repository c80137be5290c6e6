"""The person behind a host: questions of the session go to it, as the SDKs know them. Must not know how a session is
opened.

What a host answers counts as the person's word, also to what cannot be undone: its callback is the person's own code,
it is told why it is asked, and a program has no word to type. Deny rules and an administrator's settings stay above it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.lazy import LazyModule
from coder.core.requests import Deny, PermissionRequest, Question, Reply, Request, ServerQuestion
from coder.core.visible import visible_line
from coder.frontends.stream_json.callbacks.hooks import TOO_LONG, is_too_long
from coder.frontends.stream_json.callbacks.servers import Ask
from coder.frontends.stream_json.control import HostGone, RequestError

if TYPE_CHECKING:
    from coder.app import permit_answers
    from coder.app.permit_answers import Said
    from coder.app.session import Session
    from coder.frontends.stream_json.callbacks import asked, elicited
else:  # where something is asked
    permit_answers = LazyModule("coder.app.permit_answers")
    asked, elicited = (LazyModule(f"coder.frontends.stream_json.callbacks.{name}") for name in ("asked", "elicited"))

_NOBODY = Deny("nobody is there to ask", nobody=True)


class Asking:
    """`session` is the one that is open. `asks_leave`: the host wants to be asked about calls (`stdio`)."""

    def __init__(
        self, ask: Ask, session: Callable[[], Session | None], say: Callable[[str], None], *, asks_leave: bool
    ) -> None:
        self._ask, self._session, self._say, self._asks_leave = ask, session, say, asks_leave

    async def __call__(self, request: Request) -> Reply:
        match request:
            case ServerQuestion():
                return await self._server(request)
            case PermissionRequest() if self._asks_leave:
                return await self._permission(request)
            case Question() if self._asks_leave:
                return await self._question(request)
            case _:
                return _NOBODY

    async def _permission(self, request: PermissionRequest) -> Reply:
        frame = asked.permission(request, self._roots())
        if is_too_long(frame):
            return Deny(f"the program that decides was not asked: {TOO_LONG}")
        try:
            said = permit_answers.permission_said(await self._ask(frame), request.call.input)
        except HostGone:
            return _NOBODY
        except RequestError as error:
            return Deny(f"the program that decides could not answer: {visible_line(str(error))}")
        return await self._taken(said)

    async def _question(self, request: Question) -> Reply:
        try:
            said = permit_answers.question_said(await self._ask(asked.question(request)))
        except HostGone:
            return _NOBODY
        except RequestError as error:
            return Deny(f"the program that was asked could not answer: {visible_line(str(error))}")
        if isinstance(said.reply, Deny) and said.reply.interrupt and (session := self._session()) is not None:
            session.interrupt()
        return await self._taken(said)

    async def _server(self, request: ServerQuestion) -> Reply:
        """A host that does not know such questions answers with an error: then nobody is there."""
        try:
            return elicited.elicitation_said(await self._ask(elicited.elicitation(request)), request)
        except RequestError:
            return _NOBODY

    async def _taken(self, said: Said) -> Reply:
        session = self._session()
        if said.changes and session is not None:
            for problem in await session.tuning.permit(said.changes):
                self._say(problem)
        return said.reply

    def _roots(self) -> tuple[Path, ...]:
        session = self._session()
        return session.roots if session is not None else ()
