"""A process that is talked to over stdin, in the process of the test: real pipes, disk and HTTP, no start-up to wait
for. Every wait has a deadline.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from coder.app.build import open_session
from coder.app.session import Session
from coder.app.starting import NEW, Start
from coder.frontends.slash.registry import reserved
from coder.frontends.stream_json.callbacks.callbacks import Callbacks
from coder.frontends.stream_json.control import Answer
from coder.frontends.stream_json.host import Host
from coder.frontends.stream_json.host_out import HostOut
from coder.frontends.stream_json.host_seat import Wanted
from coder.frontends.stream_json.queries.answering import answers_of
from coder.frontends.stream_json.queries.around import Around
from coder.frontends.stream_json.shows import Shows
from tests.support.linked import MemoryLinks
from tests.support.talks import Talk

Json: TypeAlias = dict[str, Any]
DEADLINE = 60.0


class Hosted:
    """What a test says to it and hears of it; `seen` is all that was taken of what came. `replies` are to what it asks,
    by the subtype: given while the test waits for a frame."""

    def __init__(self, stdin: int) -> None:
        self.seen: list[Json] = []
        self.replies: dict[str, Callable[[Json], Json]] = {}
        self.run: asyncio.Task[int]
        self._stdin = stdin
        self._come: asyncio.Queue[Json | None] = asyncio.Queue()
        self._asked = 0

    def write(self, data: bytes) -> None:
        os.write(self._stdin, data)

    def send(self, *frames: Json) -> None:
        """All of them at once."""
        self.write(b"".join(json.dumps(frame).encode() + b"\n" for frame in frames))

    def say(self, content: str | list[Json], **fields: Any) -> None:
        self.send(said(content, **fields))

    def request(self, subtype: str, **fields: Any) -> str:
        self._asked += 1
        name = f"req_{self._asked}"
        self.send({"type": "control_request", "request_id": name, "request": {"subtype": subtype, **fields}})
        return name

    async def answer(self, name: str) -> Json:
        def is_it(frame: Json) -> bool:
            return bool(frame["type"] == "control_response" and frame["response"]["request_id"] == name)

        found = next((frame for frame in self.seen if is_it(frame)), None) or (await self.until(is_it))[-1]
        return dict(found["response"])

    async def refused(self, subtype: str, **fields: Any) -> str:
        """Why."""
        found = await self.answer(self.request(subtype, **fields))
        assert found["subtype"] == "error", found
        return str(found["error"])

    async def ask(self, subtype: str, **fields: Any) -> Json:
        found = await self.answer(self.request(subtype, **fields))
        assert found["subtype"] == "success", found
        return dict(found["response"])

    async def until(self, holds: Callable[[Json], bool]) -> list[Json]:
        come: list[Json] = []
        async with asyncio.timeout(DEADLINE):
            while (frame := await self._come.get()) is not None:
                self.seen.append(frame)
                come.append(frame)
                self._reply(frame)
                if holds(frame):
                    return come
        raise AssertionError(f"it ended first: {come}")

    def _reply(self, frame: Json) -> None:
        asked = frame.get("request", {})
        if frame["type"] == "control_request" and (reply := self.replies.get(asked["subtype"])) is not None:
            response = {"subtype": "success", "request_id": frame["request_id"], "response": reply(asked)}
            self.send({"type": "control_response", "response": response})

    async def turn(self) -> list[Json]:
        return await self.until(lambda frame: frame["type"] == "result")

    async def result(self) -> Json:
        return (await self.turn())[-1]

    async def used(self, tool: str) -> None:
        """Waits for a call of a tool."""
        await self.until(lambda f: f["type"] == "assistant" and f["message"]["content"][0].get("name") == tool)

    async def streaming(self, seen: Callable[[], bool]) -> None:
        """Waits for what the API saw."""
        async with asyncio.timeout(DEADLINE):
            while not seen():
                await asyncio.sleep(0.005)

    def end(self) -> None:
        with suppress(OSError):
            os.close(self._stdin)
        self._stdin = -1

    async def close(self) -> int:
        """Ends the input, waits for the end and returns the exit code."""
        if self._stdin >= 0:
            self.end()
        async with asyncio.timeout(DEADLINE):
            return await self.run

    async def rest(self) -> list[Json]:
        await self.close()
        come = []
        async with asyncio.timeout(DEADLINE):
            while (frame := await self._come.get()) is not None:
                come.append(frame)
        self.seen += come
        return come

    def reads(self, fd: int, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread of its own."""
        with os.fdopen(fd, "rb") as stream:
            for line in stream:
                loop.call_soon_threadsafe(self._come.put_nowait, json.loads(line))
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._come.put_nowait, None)


class Held:
    """For `opening`: what is opened where `holds` says so waits until it may go on."""

    def __init__(self, holds: Callable[[Wanted], bool] = lambda wanted: True) -> None:
        self._holds = holds
        self._begun, self._may = asyncio.Event(), asyncio.Event()

    async def __call__(self, wanted: Wanted) -> None:
        if self._holds(wanted):
            self._begun.set()
            await self._may.wait()

    async def begun(self) -> None:
        async with asyncio.timeout(DEADLINE):
            await self._begun.wait()

    def goes_on(self) -> None:
        self._may.set()


def said(content: str | list[Json], **fields: Any) -> Json:
    message = {"role": "user", "content": content}
    return {"type": "user", "session_id": "", "message": message, "parent_tool_use_id": None, **fields}


@asynccontextmanager
async def hosted(
    root: Path,
    url: str,
    *,
    start: Start = NEW,
    replays: bool = False,
    answers: Mapping[str, Answer] | None = None,
    links: MemoryLinks | None = None,
    shows: Mapping[str, Any] | None = None,
    mirrors: bool = False,
    opening: Callable[[Wanted], Awaitable[None]] | None = None,
    **flags: Any,
) -> AsyncIterator[Hosted]:
    """`answers` are further ones to what is asked of it, `links` its servers, `shows` how its front end is made;
    `mirrors`: what is stored is told; `opening` is waited for before a session is opened."""
    talk = Talk.at(root, url)
    config = talk.config(**flags)
    theirs_in, ours_in = os.pipe()
    ours_out, theirs_out = os.pipe()
    out = HostOut(theirs_out, Shows(replays=replays, **(shows or {})))

    async def opens(wanted: Wanted) -> Session:
        found = config
        if wanted.plugins:
            unwanted = tuple(path for path, servers in wanted.plugins.items() if not servers)
            dirs = (*flags.get("plugin_dirs", ()), *wanted.plugins)
            found = talk.config(**{**flags, "plugin_dirs": dirs, "plugin_dirs_without_servers": unwanted})
        model = found.model if wanted.model is None else replace(found.model, name=wanted.model)
        made = callbacks.configured(replace(found, mode=wanted.mode or found.mode, model=model))
        if opening is not None:
            await opening(wanted)
        return await open_session(
            made,
            out,
            start=wanted.start or start,
            reserved=reserved(),
            more_servers=None if links is None else lambda: [link.server for link in links.every],
            connect=links,
            mirror=out.mirrored if mirrors else None,
            hosted=callbacks.hosted,
        )

    callbacks = Callbacks(config)
    wire = Hosted(ours_in)
    thread = threading.Thread(target=wire.reads, args=(ours_out, asyncio.get_running_loop()), daemon=True)
    thread.start()
    host = Host(
        opens,
        out,
        theirs_in,
        config,
        {},
        lambda host: {
            **answers_of(host.seat.settled, Around(config, flags.get("settings"))),
            **callbacks.attach(host),
            **(answers or {}),
        },
    )
    wire.run = asyncio.create_task(host.run())
    wire.run.add_done_callback(lambda done: os.close(theirs_out))  # as the end of a process does
    try:
        yield wire
    finally:
        await wire.close()
        os.close(theirs_in)
        await asyncio.to_thread(thread.join)
