"""What is told to a host that says many things over one process: `init` before each turn, one `result` behind it. Must
not know what is run, or who asks for what.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from uuid import uuid4

from coder.app.session import Session
from coder.core.events import AnyEvent, MessageAdded, PermissionDenied, RunEnded, StateChanged
from coder.core.messages import OF_A_HOST, Json, Usage
from coder.core.requests import Reply, Request
from coder.frontends.commands import OWN
from coder.frontends.stream_json import convert
from coder.frontends.stream_json.out import State, StreamJsonOut, encode
from coder.frontends.stream_json.shows import Shows
from coder.frontends.stream_json.turns_said import Said


class HostOut(StreamJsonOut):
    own_commands = (*OWN, "clear", "context", "cost")
    capabilities = (
        "interrupt_receipt_v1",
        "interrupt_cancel_queued_v1",
        "reload_plugins_refuse_if_busy_v1",
        "mcp_call_check_permissions_v1",
        "mcp_call_result_not_for_model_v1",
        "mcp_call_soft_error_result_v1",
        "mcp_read_resource_v1",
    )

    def __init__(self, fd: int, shows: Shows | None = None) -> None:
        super().__init__(fd, shows)
        self._steered: dict[str, Said] = {}  # said to the run under way, and not read yet
        self._own: set[str] = set()  # ids of what the host said, which is not told to it as news
        self._warned: set[tuple[str, str]] = set()  # which warnings of which session were told
        self._api_seconds = 0.0
        self._has_failed = False  # the last turn
        self._ask: Callable[[Request], Awaitable[Reply]] | None = None
        self._is_closing = False
        self._doing: State = "idle"
        self._open = 0  # questions without an answer

    def asks(self, ask: Callable[[Request], Awaitable[Reply]], *, is_person: bool) -> None:
        """Whom questions go to. `is_person`: it decides about calls, and knows what it has denied."""
        self._ask, self._asks_tool = ask, is_person

    def forward_agents(self) -> None:
        """What agents write is told too, from now on."""
        self._forwards = True

    async def ask(self, request: Request) -> Reply:
        self._open += 1
        self.state(self._doing)
        try:
            return await (self._ask or super().ask)(request)
        finally:
            self._open -= 1
            self.state(self._doing)

    def state(self, now: State) -> None:
        """A turn may begin or end while an agent in the background waits for an answer."""
        self._doing = now
        super().state("requires_action" if self._open else now)

    @property
    def is_broken(self) -> bool:
        """Whether nobody reads any more."""
        return self._outbox.broken

    def send(self, frame: Json) -> None:
        """A frame of the protocol, whole whatever its length: what is cut in it would come back cut."""
        self._outbox.put(encode(frame))

    def turn_begins(self, session: Session) -> None:
        """What has come before belongs to no turn; but what an agent was denied since the last result, to this one."""
        self._new_turn()
        self._api_seconds = session.spent.api_seconds
        self._session, self._session_id = session, session.facts.session_id
        self._write(self._init(session))
        self.state("running")
        news = [warning for warning in session.warnings if (self._session_id, warning) not in self._warned]
        self._warned |= {(self._session_id, warning) for warning in news}
        for warning in news:
            self._write(convert.informational(self._session_id, "warning", warning))

    def said(self, said: Said) -> None:
        """The run, or the conversation, has it now."""
        self._own.add(said.uuid)
        if self._shows.replays:
            synthetic, origin = said.is_synthetic, said.origin
            frame = convert.replayed(self._session_id, said.uuid, said.content, is_synthetic=synthetic, origin=origin)
            self._write(frame)

    def steers(self, said: Said) -> None:
        """It is told as said when the run reads it."""
        self._steered[said.uuid] = said

    @property
    def unread(self) -> tuple[str, ...]:
        """The ids of what was said to the run under way, and it has not read."""
        return tuple(uuid for uuid in self._steered if uuid not in self._own)

    def forget(self, uuids: Collection[str]) -> None:
        """They were taken back before anybody read them."""
        for uuid in uuids:
            self._steered.pop(uuid, None)

    def left(self, uuids: Collection[str]) -> tuple[list[Said], list[Said]]:
        """What was said to the run that has ended: what it read, and, `uuids`, what it did not."""
        told = self._steered.values()
        read, unread = [s for s in told if s.uuid not in uuids], [s for s in told if s.uuid in uuids]
        self._steered = {}
        return read, unread

    def emit(self, event: AnyEvent) -> None:
        match event:
            case MessageAdded(message=message) if message.meta.uuid in self._own:
                return
            case MessageAdded(message=message) if (said := self._steered.get(message.meta.uuid)) is not None:
                self.said(said)
                return
            case PermissionDenied(call=call) if call.id.startswith(OF_A_HOST):
                return  # the answer to that request says so, and no turn was denied anything
            case StateChanged(agent="main") if self._session_id:
                about = {"permissionMode": event.mode}
                self._write(convert.compacting(self._session_id, now=False) | about)
            case _:
                pass
        super().emit(event)

    def turn_ended(self, ended: RunEnded, session: Session, said: Said | None, origin: Json | None = None) -> None:
        """The one result of a message of the host, or of a turn that began by itself for the reason in `origin`."""
        spent = session.spent
        of_turn = replace(spent, api_seconds=max(spent.api_seconds - self._api_seconds, 0.0))
        self._failed(ended)
        self._result(self._result_of(ended, session, of_turn), said, origin)

    def turn_shared(self, ended: RunEnded, session: Session, said: Said) -> None:
        """The result of a message that was read along with the turn of another; nothing is counted twice."""
        shared = replace(ended, turns=0, usage=Usage())
        spent = replace(session.spent, api_seconds=0.0)
        self._result(convert.result(session.facts, shared, spent, [], 0.0), said, None)

    def failed(self, why: str, session_id: str = "") -> None:
        """There is no session: the result of whatever was or will be said."""
        self._result(
            {
                "type": "result", "subtype": "error_during_execution", "is_error": True, "duration_ms": 0,
                "duration_api_ms": 0, "num_turns": 0, "stop_reason": None, "total_cost_usd": 0.0,
                "usage": convert.usage(Usage()), "modelUsage": {}, "permission_denials": [],
                "terminal_reason": "turn_setup_failed", "errors": [why], "session_id": session_id,
                "uuid": str(uuid4()),
            },
            None,
            None,
        )  # fmt: skip

    def reset(self, old: Session, new: Session) -> None:
        """The conversation is another one from now on."""
        self._settle()
        self._agents = self._shells = None  # they were those of the conversation that has ended
        old_id, self._session_id = old.facts.session_id, new.facts.session_id
        self._session = new
        self._api_seconds = 0.0
        self._write(convert.conversation_reset(old_id, self._session_id))

    def is_another(self, session: Session) -> None:
        """The conversation is the same, and what it is made of another."""
        self._session = session

    def printed(self, text: str) -> None:
        """What a command of coder's own printed."""
        self._write(convert.printed(self._session_id, text))

    def reported(self, text: str, usage: Json) -> None:
        """What fills the context."""
        self._write(convert.reported(self._session_id, text, usage))

    def suggests(self, prompt: str) -> None:
        """What may be said next."""
        self._write(convert.suggested(self._session_id, prompt))

    def closing(self) -> None:
        """The session is about to be closed. Behind a failed result nothing is told of that: readers take the last
        message for the reason of a failure."""
        self._is_closing = True

    def close(self) -> None:
        """Returns when everything was written. Raises OSError when it was not: BrokenPipeError when nobody reads it any
        more."""
        self._settle()
        self._outbox.deliver()

    def _result(self, result: Json, said: Said | None, origin: Json | None) -> None:
        if said is not None:
            result["user_message_uuid"] = said.uuid
            origin = said.origin
        if origin is not None:
            result["origin"] = origin
        self._has_failed = result["is_error"] is True
        self._write(result)

    def _write(self, message: Json) -> None:
        if not (self._is_closing and self._has_failed):
            super()._write(message)
