"""One connection to a server, from its first byte to its last, in one task. Must not know why it is made, nor what
follows.

The contexts of the library are entered and left in `run`. Requests may come from any task: each waits in its own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from coder import __version__
from coder.core.messages import Json
from coder.mcp.carrier import Carrier
from coder.mcp.errors import UNREADABLE, Gone, ServerError
from coder.mcp.hosting import Hosting, as_json
from coder.mcp.library import anyio, is_closed, mcp, mcp_types, pydantic, version
from coder.mcp.offers import Heard
from coder.mcp.tap import Tap
from coder.mcp.tasking import as_task, only_tasks
from coder.mcp.veil import Veil, one_line

if TYPE_CHECKING:
    from mcp.client.session import IncomingMessage

DEBOUNCE = 0.2  # seconds; servers tell of a change several times
_PAGES = 100
_UNREAD = re.compile(r"Failed to parse (?:JSON response|SSE message): \d+ validation error")
_LISTEN_AGAIN, _LISTEN_LATEST = 5.0, 300.0  # seconds
_TEMPLATES = "resource templates"
_LEVEL: Literal["info"] = "info"  # of the log messages that are wanted, and all that is graver
_CHANGES = {
    "notifications/tools/list_changed",
    "notifications/prompts/list_changed",
    "notifications/resources/list_changed",
}


class Connection:
    """`heard` is called with what the server offers: first when it is connected, then at each change."""

    def __init__(self, carrier: Carrier, hosting: Hosting, veil: Veil, mode: str) -> None:
        self._hosting, self._veil = hosting, veil
        self._news = asyncio.Event()
        self._changed = self._left = self._over = False
        self._only_tasks = frozenset[str]()  # tools that cannot be called otherwise
        self.tap = Tap(carrier, self._ended)
        self._client = mcp.Client(
            self.tap,
            mode=mode,
            cache=None,
            client_info=mcp_types.Implementation(name="coder", version=__version__),
            sampling_callback=hosting.sample,
            elicitation_callback=hosting.elicit,
            list_roots_callback=hosting.roots,
            logging_callback=hosting.log,
            log_level=_LEVEL,
            message_handler=self._told,
        )

    @property
    def protocol(self) -> str:
        return str(self._client.protocol_version)

    @property
    def is_handshake(self) -> bool:
        """Whether it is one of the older protocol."""
        return self.protocol in version.HANDSHAKE_PROTOCOL_VERSIONS

    async def run(self, heard: Callable[[Heard], Awaitable[None]]) -> None:
        """Returns when it has ended or `leave` was called. Raises whatever the library raises."""
        async with self._client:
            await heard(await self._lists())
            listening = asyncio.create_task(self._listen())
            try:
                while not self._left and not self._over:
                    await self._news.wait()
                    self._news.clear()
                    if self._changed and not self._left and not self._over:
                        await anyio.sleep(DEBOUNCE)
                        self._changed = False
                        await heard(await self._lists())
            finally:
                listening.cancel()
                await asyncio.wait({listening})

    def leave(self) -> None:
        self._left = True
        self._news.set()

    async def call(self, tool: str, arguments: Json, moves: Callable[[float, float | None, str], None]) -> Json:
        async def moved(progress: float, total: float | None, message: str | None) -> None:
            moves(progress, total, message or "")

        async def once() -> Any:
            if tool in self._only_tasks and self.is_handshake:
                return await as_task(self._client.session, tool, arguments, moves)
            return await self._client.call_tool(tool, arguments, progress_callback=moved)

        async def called() -> Any:
            try:
                return await once()
            except mcp.MCPError as error:
                if not await self._hosting.visited(error):
                    raise
                return await once()

        return as_json(await self._answered(called()))

    async def read(self, uri: str) -> Sequence[Json]:
        result = await self._answered(self._client.read_resource(uri))
        return [as_json(content) for content in result.contents]

    async def prompt(self, name: str, arguments: dict[str, str]) -> Sequence[Json]:
        result = await self._answered(self._client.get_prompt(name, arguments))
        return [as_json(one) for one in result.messages]

    async def roots_changed(self) -> None:
        """Only the older protocol has a word for it."""
        if self.is_handshake:
            await self._client.session.send_notification(mcp_types.RootsListChangedNotification())

    async def _answered(self, request: Awaitable[Any]) -> Any:
        try:
            return await request
        except mcp.MCPError as error:
            if is_closed(error):
                raise Gone("the connection was closed") from error
            raise ServerError(_refusal(error.error.message, self._veil)) from error
        except (pydantic.ValidationError, RecursionError) as error:
            raise ServerError("it answered with something that the protocol does not know") from error
        except RuntimeError as error:
            raise ServerError(one_line(str(error), self._veil)) from error

    async def _lists(self) -> Heard:
        """Only what the server says it has is asked for."""
        client = self._client
        capabilities = client.server_capabilities
        self.tap.spoiled.clear()
        unread: list[str] = []

        async def all_of(has: object, name: str, page: Callable[..., Awaitable[Any]], key: str) -> list[Json]:
            if has is None:
                return []
            try:
                return await _paged(page, key)
            except (mcp.MCPError, pydantic.ValidationError, RecursionError) as error:
                why = error.error.message if isinstance(error, mcp.MCPError) else "it is none of the protocol's"
                if self._over or is_closed(error):
                    raise
                if isinstance(error, mcp.MCPError) and error.code == mcp_types.METHOD_NOT_FOUND and name == _TEMPLATES:
                    return []  # many that have resources know no templates
                unread.append(f"its list of {name} cannot be read: {one_line(why, self._veil)}")
                return []

        tools = await all_of(capabilities.tools, "tools", client.list_tools, "tools")
        self._only_tasks = only_tasks(tools)
        prompts = await all_of(capabilities.prompts, "prompts", client.list_prompts, "prompts")
        resources = await all_of(capabilities.resources, "resources", client.list_resources, "resources")
        templates = await all_of(
            capabilities.resources, _TEMPLATES, client.list_resource_templates, "resource_templates"
        )
        info = client.server_info
        return Heard(
            tools,
            prompts,
            resources,
            templates,
            instructions=client.instructions or "",
            title=(info.title or info.name) if info else "",
            version=info.version if info else "",
            problems=[
                *unread,
                *(f"{one_line(name, self._veil)} is not as the protocol has it" for name in self.tap.spoiled),
            ],
        )

    async def _listen(self) -> None:
        """In the newer protocol changes are told to who listens. A stream that was lost is opened again, and all is
        asked for anew, for what was told meanwhile is gone."""
        has = self._client.server_capabilities
        if self.is_handshake:
            if has.logging is not None:
                await self._quieten()
            return
        tools = bool(has.tools and has.tools.list_changed)
        prompts = bool(has.prompts and has.prompts.list_changed)
        resources = bool(has.resources and has.resources.list_changed)
        pause = _LISTEN_AGAIN
        while tools or prompts or resources:
            try:
                async with self._client.listen(
                    tools_list_changed=tools, prompts_list_changed=prompts, resources_list_changed=resources
                ) as events:
                    async for _ in events:
                        pass  # `_told` hears of it as well
            except mcp.MCPError:
                return  # it lets nobody listen
            except (RuntimeError, TimeoutError):
                await self._quieten()
            if self._over or self._left:
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LISTEN_LATEST)
            self._change()

    async def _quieten(self) -> None:
        """The older protocol has a request for what the newer one says with each."""
        request = mcp_types.SetLevelRequest(params=mcp_types.SetLevelRequestParams(level=_LEVEL))
        with suppress(mcp.MCPError, pydantic.ValidationError, RuntimeError):
            await self._client.session.send_request(request, mcp_types.EmptyResult)

    async def _told(self, message: IncomingMessage) -> None:
        if not isinstance(message, Exception) and message.method in _CHANGES:
            self._change()

    def _change(self) -> None:
        self._changed = True
        self._news.set()

    def _ended(self) -> None:
        self._over = True
        self._news.set()


def _refusal(message: str, veil: Veil) -> str:
    """What the library says of an answer that it cannot read is no word for people, and shows the answer."""
    return UNREADABLE if _UNREAD.match(message) else one_line(message, veil)


async def _paged(page: Callable[..., Awaitable[Any]], key: str) -> list[Json]:
    found: list[Json] = []
    cursor, seen = None, set[str]()
    for _ in range(_PAGES):
        result = await page(cursor=cursor)
        for item in map(as_json, getattr(result, key)):
            item.pop("icons", None)  # pictures, whole
            found.append(item)
        cursor = result.next_cursor
        if not cursor or cursor in seen:
            break
        seen.add(cursor)
    return found
