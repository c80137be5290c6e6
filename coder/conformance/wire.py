"""A command that is talked to over stdin and stdout, as the agent SDKs do. Must not know what is to be checked."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeAlias

from coder.conformance.bounded import check, read_all
from coder.conformance.check import Unmet
from coder.conformance.frames import frame_in, kinds
from coder.core.messages import Json

Answers: TypeAlias = Mapping[str, Callable[[Json], Json] | None]
SDK = ("--output-format", "stream-json", "--verbose", "--input-format", "stream-json")
"""What the SDKs always pass; never `-p`."""


class Wire:
    """`answers` are given to what the command asks, by subtype: None leaves it without one, and what is not in
    there is answered with an error. `patience` bounds every wait, in seconds. `seen` is all that has been taken, `raw`
    all bytes."""

    def __init__(self, process: asyncio.subprocess.Process, answers: Answers, patience: float) -> None:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        self.process = process
        self.seen: list[Json] = []
        self.asked: list[Json] = []  # what the command asked
        self.raw = bytearray()
        self._stdin, self._stdout = process.stdin, process.stdout
        self._answers, self._patience = answers, patience
        self._number = 0
        self._stderr = asyncio.create_task(read_all(process.stderr, "stderr"))

    async def send(self, *frames: Json) -> None:
        with suppress(ConnectionError):  # whether it left too early is seen by what it did not say
            self._stdin.write(b"".join(json.dumps(frame).encode() + b"\n" for frame in frames))
            await self._stdin.drain()

    def write(self, data: bytes) -> None:
        """Bytes as they are."""
        with suppress(ConnectionError):
            self._stdin.write(data)

    async def say(self, text: str, **fields: object) -> None:
        await self.send(said(text, **fields))

    async def request(self, subtype: str, **fields: object) -> str:
        self._number += 1
        name = f"req_{self._number}_conformance"
        await self.send({"type": "control_request", "request_id": name, "request": {"subtype": subtype, **fields}})
        return name

    async def answer(self, name: str) -> Json:
        """The answer to a request, whenever it came."""
        return _response(
            (await self.until(lambda f: _response(f).get("request_id") == name, f"an answer to {name}"))[-1]
        )

    async def ask(self, subtype: str, **fields: object) -> Json:
        """The payload of an answer that must be a success."""
        found = await self.answer(await self.request(subtype, **fields))
        payload = found.get("response")
        if found.get("subtype") != "success" or not isinstance(payload, dict):
            raise Unmet(f"a success with a payload in answer to {subtype}", found)
        return payload

    async def until(self, holds: Callable[[Json], bool], what: str) -> list[Json]:
        """What comes, to the first frame for which it holds. What came before counts too for answers to requests."""
        if what.startswith("an answer") and (known := [frame for frame in self.seen if holds(frame)]):
            return known
        come: list[Json] = []
        try:
            async with asyncio.timeout(self._patience):
                while (frame := await self._next()) is not None:
                    come.append(frame)
                    if holds(frame):
                        return come
        except TimeoutError:
            raise Unmet(what, f"nothing for {self._patience:g} s after {kinds(self.seen)}") from None
        raise Unmet(what, f"the end of stdout after {kinds(self.seen)}")

    async def turn(self) -> list[Json]:
        """What comes, to the next result."""
        return await self.until(lambda frame: frame.get("type") == "result", "a result")

    async def calls(self, tool: str) -> list[Json]:
        """What comes, to a call of a tool."""
        return await self.until(lambda frame: _has_call(frame, tool), f"a call of {tool}")

    def end(self) -> None:
        with suppress(ConnectionError):
            self._stdin.close()

    async def rest(self, *, ends: bool = True) -> list[Json]:
        """Ends the input, and takes what comes until the process has ended."""
        if ends:
            self.end()
        start = len(self.seen)
        try:
            async with asyncio.timeout(self._patience):
                while await self._next() is not None:
                    pass
                await self.process.wait()
        except TimeoutError:
            raise Unmet("the process to end", f"it runs on for {self._patience:g} s") from None
        return self.seen[start:]

    async def stderr(self) -> bytes:
        """All of it, once the process has ended."""
        return await self._stderr

    async def clean(self) -> None:
        """Ends the input; the process must end well and say nothing on the side."""
        await self.rest()
        if self.process.returncode != 0:
            raise Unmet("exit code 0", f"{self.process.returncode}; stderr {await self._stderr!r}")
        if stderr := await self._stderr:
            raise Unmet("an empty stderr", stderr)

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    async def aclose(self) -> None:
        self.end()
        self._stderr.cancel()
        with suppress(asyncio.CancelledError, Unmet):
            await self._stderr

    async def _next(self) -> Json | None:
        """The next frame that is not for the machinery: what the command asks is answered here, and taken too."""
        while line := await self._line():
            self.raw += line
            check(len(self.raw), "stdout")
            frame = frame_in(line)
            if frame is None:
                continue
            self.seen.append(frame)
            if frame.get("type") == "control_request":
                await self._reply(frame)
            return frame
        return None

    async def _line(self) -> bytes:
        try:
            return await self._stdout.readline()
        except ValueError:  # of asyncio, for a line over the limit of the stream
            raise Unmet("lines of stdout that end", "one of more than 64 MiB") from None

    async def _reply(self, frame: Json) -> None:
        request = frame.get("request")
        asked = request if isinstance(request, dict) else {}
        self.asked.append(asked)
        subtype = str(asked.get("subtype"))
        reply = self._answers.get(subtype)
        if reply is None and subtype in self._answers:
            return
        body: Json = {"request_id": frame.get("request_id")}
        if reply is None:
            body |= {"subtype": "error", "error": "nobody answers this here"}
        else:
            body |= {"subtype": "success", "response": reply(asked)}
        await self.send({"type": "control_response", "response": body})


def said(text: str, **fields: object) -> Json:
    message = {"role": "user", "content": text}
    return {"type": "user", "session_id": "", "message": message, "parent_tool_use_id": None, **fields}


def _response(frame: Json) -> Json:
    found = frame.get("response") if frame.get("type") == "control_response" else None
    return found if isinstance(found, dict) else {}


def _has_call(frame: Json, tool: str) -> bool:
    message = frame.get("message") if frame.get("type") == "assistant" else None
    content = message.get("content") if isinstance(message, dict) else None
    return isinstance(content, list) and any(isinstance(each, dict) and each.get("name") == tool for each in content)
