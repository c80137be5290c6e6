"""coder as a server: its tools for other programs, over the standard streams, in both eras of the protocol. Must not
know sessions, or what a tool does.

The older era asks the person while a call waits. The newer one has no such request: the call is answered with the
question, and comes again with the answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import json
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import ValidationError

from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.mcp import library
from coder.mcp.hosting import as_json
from coder.mcp.library import anyio, mcp, mcp_types
from coder.mcp.own_streams import OwnStreams
from coder.mcp.server import Answer

if TYPE_CHECKING:
    from mcp.server import lowlevel
    from mcp.server.context import ServerRequestContext
else:
    lowlevel = LazyModule("mcp.server.lowlevel")

_ASKED = "permission"
_MOST_OPEN = 64  # questions of the newer era whose answers may still come
_EVERY = 1.0  # seconds between two words on how a call goes
_LONGEST = 200  # characters of such a word


class Postponed(Exception):
    """The question goes out as the answer to the call, which comes again with what the person said."""


class Caller(Protocol):
    """The program that made a call, and the person in front of it."""

    name: str

    @property
    def can_ask(self) -> bool: ...

    async def ask(self, message: str, schema: Json) -> Json:
        """An ElicitResult. Raises Postponed when nobody waits for it here."""
        ...

    def progress(self, text: str) -> None: ...


class Served(Protocol):
    def listed(self) -> Sequence[Json]:
        """The tools as the protocol lists them."""
        ...

    def has(self, name: str) -> bool: ...

    async def call(self, name: str, given: Json, caller: Caller) -> Answer:
        """May be cancelled. Raises Postponed."""
        ...


@dataclass(frozen=True, slots=True)
class Face:
    """What the other side is told of us."""

    version: str
    instructions: str


async def load() -> None:
    """Everything a server needs, so that no import holds the loop up. Idempotent."""
    await library.load()
    await asyncio.to_thread(importlib.import_module, "mcp.server.lowlevel")


async def serve(served: Served, face: Face, streams: OwnStreams) -> None:
    """Until the other side leaves. Cancelled, it ends what runs."""
    await load()
    serving = _Serving(served)
    server = lowlevel.Server(
        "coder",
        version=face.version,
        title="coder",
        instructions=face.instructions,
        on_list_tools=serving.list_tools,
        on_call_tool=serving.call_tool,
    )
    async with streams as (read, write):
        await server.run(read, write, server.create_initialization_options())


class _Serving:
    def __init__(self, served: Served) -> None:
        self._served = served
        self._open: OrderedDict[str, tuple[str, str]] = OrderedDict()  # what was asked of which call, by its token

    async def list_tools(self, context: ServerRequestContext[Any], params: Any) -> Any:
        return mcp_types.ListToolsResult.model_validate({"tools": list(self._served.listed())}, by_name=False)

    async def call_tool(self, context: ServerRequestContext[Any], params: Any) -> Any:
        given: Json = dict(params.arguments or {})
        if not self._served.has(params.name):
            text = f"Unknown tool: {params.name[:100]}"
            raise mcp.MCPError(code=mcp_types.INVALID_PARAMS, message=text)
        call = _digest(params.name, given)
        caller = _Caller(context, self._answered(call, params))
        telling = asyncio.create_task(caller.tell())
        running = asyncio.create_task(self._served.call(params.name, given, caller))
        try:
            await asyncio.wait({running})
            answer = running.result()
        except Postponed:
            return self._asks(call, caller)
        finally:
            # A scope of the library cancels again at each wait; what is ended here has to be waited for.
            with anyio.CancelScope(shield=True):
                for task in (running, telling):
                    task.cancel()
                await asyncio.wait({running, telling})
        return _result(answer)

    def _answered(self, call: str, params: Any) -> tuple[str, Json] | None:
        """The question that this call was answered with before, and what the person says to it."""
        asked = self._open.pop(params.request_state or "", None)
        reply = (params.input_responses or {}).get(_ASKED)
        if asked is None or asked[0] != call or reply is None:
            return None
        return asked[1], reply if isinstance(reply, dict) else as_json(reply)

    def _asks(self, call: str, caller: _Caller) -> Any:
        token = secrets.token_urlsafe(18)
        self._open[token] = (call, caller.question)
        while len(self._open) > _MOST_OPEN:
            self._open.popitem(last=False)
        request = mcp_types.ElicitRequest.model_validate(
            {"method": "elicitation/create", "params": {"mode": "form", **json.loads(caller.question)}}, by_name=False
        )
        return mcp_types.InputRequiredResult(input_requests={_ASKED: request}, request_state=token)


class _Caller:
    """Implements `Caller` for one call. `answered` is a question that was put before, with the answer to it: it counts
    for that very question."""

    def __init__(self, context: ServerRequestContext[Any], answered: tuple[str, Json] | None) -> None:
        self._context, self._answered = context, answered
        self._text = ""
        self._news = asyncio.Event()
        self.question = ""
        info = context.session.client_params
        self.name = info.client_info.name if info is not None else ""

    @property
    def can_ask(self) -> bool:
        capabilities = self._context.session.client_capabilities
        elicitation = capabilities.elicitation if capabilities is not None else None
        # One that names no way of asking can ask by a form.
        return elicitation is not None and (elicitation.form is not None or elicitation.url is None)

    async def ask(self, message: str, schema: Json) -> Json:
        self.question = json.dumps({"message": message, "requestedSchema": schema})
        if self._answered is not None and self._answered[0] == self.question:
            return self._answered[1]
        session = self._context.session
        if not session.can_send_request:
            raise Postponed
        try:
            result = await session.elicit_form(message, schema, self._context.request_id)
        except (mcp.MCPError, ValidationError):
            return {"action": "cancel"}
        return as_json(result)

    def progress(self, text: str) -> None:
        self._text = text
        self._news.set()

    async def tell(self) -> None:
        """Passes on the last that was said, not more often than is of use."""
        number = 0
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, mcp.MCPError):
            while True:
                await self._news.wait()
                self._news.clear()
                number += 1
                await self._context.session.report_progress(number, None, self._text[-_LONGEST:])
                await asyncio.sleep(_EVERY)


def _digest(name: str, given: Json) -> str:
    text = json.dumps([name, given], sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _result(answer: Answer) -> Any:
    told: Mapping[str, Any] = {"content": list(answer.content), "isError": answer.is_error}
    return mcp_types.CallToolResult.model_validate(told, by_name=False)
