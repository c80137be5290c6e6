"""The front end that writes the result alone, as one JSON document; and what is counted for it meanwhile."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from coder.app.session import Session
from coder.app.spent import Spent
from coder.core.events import AnyEvent, MessageAdded, PermissionDenied, RunEnded, StreamEvent, TurnStarted
from coder.core.lazy import LazyModule
from coder.core.messages import Json, ToolUse
from coder.core.requests import Reply, Request
from coder.frontends.outbox import Outbox
from coder.frontends.stream_json import convert
from coder.frontends.stream_json.ended import Turn
from coder.frontends.stream_json.lines import fitted
from coder.frontends.stream_json.partial import Partial
from coder.frontends.stream_json.shows import Shows
from coder.frontends.workflow_json import with_workflow

if TYPE_CHECKING:
    from coder.frontends import unattended
else:  # few runs ask anything
    unattended = LazyModule("coder.frontends.unattended")


class JsonOut:
    """`--output-format json`: exactly the result object, as one document."""

    def __init__(self, fd: int, shows: Shows | None = None) -> None:
        self._shows = shows or Shows()
        self._outbox = Outbox(fd)
        self._denials: list[PermissionDenied] = []
        self._started = time.monotonic()
        self._session_id = ""
        self._session: Session | None = None
        self._partial = Partial(time.monotonic, is_told=self._shows.partial)
        self._in_tools = False  # the last reply has calls, and no request was made since

    def begin(self, session: Session) -> None:
        self._session = session
        self._session_id = session.facts.session_id

    def emit(self, event: AnyEvent) -> None:
        match event:
            case PermissionDenied():
                self._denials.append(event)
            case TurnStarted(agent="main"):
                self._in_tools = False
                self._partial.asks()
            case MessageAdded(agent="main", message=message) if message.meta.kind == "reply":
                self._in_tools = any(isinstance(block, ToolUse) for block in message.content)
            case StreamEvent(agent="main", raw=raw):
                self._piece(raw)
            case _:
                pass

    def _piece(self, raw: Json) -> None:
        if self._partial.wants(raw) and (shape := self._partial.shape(self._session_id, raw)) is not None:
            self._write(shape)

    async def ask(self, request: Request) -> Reply:
        return unattended.reply(request, self._session)

    def finish(self, ended: RunEnded, session: Session) -> None:
        self._write(self._result_of(ended, session, session.spent))
        self._outbox.deliver()

    def _new_turn(self) -> None:
        """What is told of a turn is about the one that begins."""
        self._started, self._in_tools = time.monotonic(), False
        self._partial.turn_begins()

    def _result_of(
        self, ended: RunEnded, session: Session, spent: Spent, user_message: str = "", origin: Json | None = None
    ) -> Json:
        turn = Turn(self._partial.first_ms, self._in_tools, user_message, origin)
        seconds = time.monotonic() - self._started
        denials, self._denials = self._denials, []  # each is in one result
        result = convert.result(session.facts, ended, spent, denials, seconds, turn)
        return with_workflow(result, session)

    def _write(self, message: Json) -> None:
        room = self._shows.room
        limit = room.result if message.get("type") == "result" else room.line
        self._outbox.put(fitted(message, limit, self._where(message)))

    def _where(self, message: Json) -> str:
        """The file that has a message whole; "" where that is none."""
        path = self._session.facts.transcript if self._session is not None else None
        return str(path) if path is not None and message.get("parent_tool_use_id") is None else ""
