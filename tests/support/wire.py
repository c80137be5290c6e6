"""Talks to a real `coder` process over its stdin and stdout as the agent SDKs do. Every wait has a deadline."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

from tests.support.cli import CODER, Place

Json: TypeAlias = dict[str, Any]
Answers: TypeAlias = Mapping[str, Callable[[Json], Json]]
DEADLINE = 60.0
SDK = ("--output-format", "stream-json", "--verbose", "--input-format", "stream-json")
"""The flags that the SDKs always pass; never `-p`."""


class Wire:
    """`answers` has what a host says to what it is asked, by the subtype of the request: the payload, or what it raises
    as an error. `seen` is all that has come, in order, `asked` what was asked of it."""

    def __init__(self, process: subprocess.Popen[bytes], answers: Answers) -> None:
        self.process = process
        self.seen: list[Json] = []
        self.asked: list[Json] = []
        self._answers = answers
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._at = 0
        self._asked = 0
        self._stderr: list[bytes] = []
        self._readers = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=lambda: self._stderr.extend(process.stderr or ()), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, frame: Json) -> None:
        self.write(json.dumps(frame).encode() + b"\n")

    def say(self, content: str | list[Json], **fields: Any) -> None:
        message = {"role": "user", "content": content}
        self.send({"type": "user", "session_id": "", "message": message, "parent_tool_use_id": None, **fields})

    def request(self, subtype: str, **fields: Any) -> str:
        """Asks, and does not wait. Returns the id of the request."""
        self._asked += 1
        name = f"req_{self._asked}_test"
        self.asked.append({"type": "control_request", "request_id": name, "request": {"subtype": subtype, **fields}})
        self.send(self.asked[-1])
        return name

    def answer(self, name: str) -> Json:
        """The answer to a request, whenever it came."""

        def is_it(frame: Json) -> bool:
            return bool(frame["type"] == "control_response" and frame["response"]["request_id"] == name)

        for frame in self.seen:
            if is_it(frame):
                return dict(frame["response"])
        return dict(self.until(is_it)[-1]["response"])

    def ask(self, subtype: str, **fields: Any) -> Json:
        """Asks, and returns the payload of the answer, which must be no error."""
        found = self.answer(self.request(subtype, **fields))
        assert found["subtype"] == "success", found
        return dict(found["response"])

    def until(self, holds: Callable[[Json], bool]) -> list[Json]:
        """What comes, to the first frame for which it holds."""
        come: list[Json] = []
        while True:
            frame = self._next()
            if frame is None:
                raise AssertionError(f"the process ended first: {come} {b''.join(self._stderr)!r}")
            come.append(frame)
            if holds(frame):
                return come

    def result(self) -> Json:
        """The next result."""
        return self.turn()[-1]

    def turn(self) -> list[Json]:
        """What comes, to the next result."""
        return self.until(lambda frame: frame["type"] == "result")

    def started(self, tool: str) -> Json:
        """Waits for a call of a tool."""
        return self.until(lambda f: f["type"] == "assistant" and f["message"]["content"][0].get("name") == tool)[-1]

    def end(self) -> None:
        """Ends the input."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def rest(self, *, ends: bool = True) -> list[Json]:
        """Ends the input, if it is told to, and returns what comes until the process has ended."""
        if ends and self.process.stdin is not None and not self.process.stdin.closed:
            self.end()
        come = []
        while (frame := self._next()) is not None:
            come.append(frame)
        self.process.wait(DEADLINE)
        return come

    def close(self) -> int:
        """Ends the input and returns the exit code."""
        self.rest()
        return self.process.returncode

    @property
    def stderr(self) -> str:
        """All of it; the process has ended."""
        self._readers[1].join(DEADLINE)
        return b"".join(self._stderr).decode()

    def shut(self) -> None:
        """Closes the pipes of a process that has ended."""
        for reader in self._readers:
            reader.join(DEADLINE)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()

    def _next(self) -> Json | None:
        line = self._lines.get(timeout=DEADLINE)
        if not line:
            return None
        assert line.startswith(b"{") and line.endswith(b"}\n"), line
        frame: Json = json.loads(line)
        self.seen.append(frame)
        if frame["type"] == "control_request":
            self._reply(frame)
        return frame

    def _reply(self, frame: Json) -> None:
        request = frame["request"]
        answer = self._answers.get(request["subtype"])
        if answer is None or self.process.stdin is None or self.process.stdin.closed:
            return  # left without an answer, as a host may
        body: Json = {"subtype": "success", "request_id": frame["request_id"]}
        try:
            body["response"] = answer(request)
        except Exception as error:  # noqa: BLE001  # as an SDK does with what a callback raises
            body |= {"subtype": "error", "error": str(error)}
        self.send({"type": "control_response", "response": body})

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line)
        self._lines.put(b"")


@contextmanager
def wired(
    place: Place, *flags: str, url: str | None, env: Mapping[str, str] | None = None, answers: Answers | None = None
) -> Iterator[Wire]:
    """A process that is talked to; it is killed when the block is left, unless it has ended."""
    process = subprocess.Popen(
        [*CODER, *SDK, *flags],
        cwd=place.project,
        env=place.env(url, env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wire = Wire(process, answers or {})
    try:
        yield wire
    finally:
        process.kill()
        process.wait(DEADLINE)
        wire.shut()
