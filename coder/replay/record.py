"""A recording proxy: passes requests on to a real API, streams the answers through, and writes a cassette."""

from __future__ import annotations

import asyncio
import io
import json
import os
import stat
from collections.abc import AsyncGenerator, Mapping
from dataclasses import field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.messages import Json
from coder.replay.canonical import Roots, map_strings, plain_request
from coder.replay.cassette import CassetteWriter, Recorded, condense, is_cassette
from coder.replay.http import Answer, Cut, HttpRequest, HttpServer, Outcome, Send, Step
from coder.replay.problems import Problem, problem_answer

HOP_BY_HOP = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive"})
NOT_PASSED_ON = HOP_BY_HOP | {"host", "accept-encoding", "expect"}
NOT_PASSED_BACK = HOP_BY_HOP | {"content-encoding", "date", "server"}
KEPT_HEADERS = ("content-type", "request-id", "retry-after", "x-should-retry")
_LONGEST_HEAD = 1 << 20  # of the first line of a file that may be a cassette
TIMEOUT = httpx2.Timeout(600.0, connect=10.0)


@dataclass(slots=True)
class _Take:
    """One exchange being recorded; written when it and all before it are finished."""

    request: Json
    secrets: tuple[str, ...]
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    data: bytearray = field(default_factory=bytearray)
    cut: bool = True
    finished: bool = False


class Recorder:
    """A proxy on loopback for `upstream` that writes the cassette `path`. Use as an async context manager.

    Credentials are passed on and never written; `roots` names the paths that will differ on replay. Raises ConfigError
    when the file cannot be written or holds something else. An upstream that cannot be reached is told to the client as
    a 502 in the API's shape, and is not recorded.
    """

    def __init__(self, path: Path, upstream: str, *, roots: Mapping[str, str] | None = None, port: int = 0) -> None:
        self._path = path
        self._upstream = upstream.rstrip("/")
        self._roots = Roots(roots or {})
        self._http = HttpServer(self._handle, port=port)
        self._client = httpx2.AsyncClient(timeout=TIMEOUT, follow_redirects=False)
        self._writer = CassetteWriter()
        self._takes: list[_Take] = []
        self._file: io.TextIOWrapper | None = None

    @property
    def url(self) -> str:
        """The base URL for ANTHROPIC_BASE_URL; valid once started."""
        return self._http.url

    async def __aenter__(self) -> Self:
        try:
            self._file = await asyncio.to_thread(_create, self._path)
        except OSError as error:
            raise ConfigError(f"{self._path}: cannot record there: {error.strerror}") from error
        self._file.write(self._writer.header(self._roots.names))
        await self._http.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.stop()
        await self._client.aclose()
        for take in self._takes:
            take.finished = True
        self._flush()
        if self._file is not None:
            self._file.close()

    async def _handle(self, request: HttpRequest) -> Answer:
        if request.too_large:
            return problem_answer(Problem("Request exceeds the maximum size", 413), "")
        take = _take(request)
        if take is not None:
            self._takes.append(take)
        query = f"?{request.query}" if request.query else ""
        headers = {name: value for name, value in request.headers.items() if name not in NOT_PASSED_ON}
        outgoing = self._client.build_request(
            request.method,
            f"{self._upstream}{request.path}{query}",
            headers={**headers, "accept-encoding": "identity"},
            content=request.body,
        )
        try:
            response = await self._client.send(outgoing, stream=True)
        except httpx2.TransportError as error:
            self._drop(take)
            reason = str(error) or type(error).__name__
            return problem_answer(Problem(f"recording: {self._upstream} cannot be reached: {reason}", 502), "")
        passed = tuple((n, v) for n, v in response.headers.multi_items() if n.lower() not in NOT_PASSED_BACK)
        if take is not None:
            take.status = response.status_code
            take.headers = tuple((n, v) for n, v in passed if n in KEPT_HEADERS or n.startswith("anthropic-ratelimit"))

        def ended(_: Outcome) -> None:
            if take is not None:
                take.finished = True
            self._flush()

        return Answer(response.status_code, passed, _through(response, take), ended=ended)

    def _drop(self, take: _Take | None) -> None:
        if take is not None:
            self._takes.remove(take)
        self._flush()

    def _flush(self) -> None:
        """Writes what is finished, in the order the requests came."""
        while self._takes and self._takes[0].finished and self._file is not None:
            take = self._takes.pop(0)
            if take.status:
                self._file.write(self._writer.exchange(_recorded(take, self._roots)))
        if self._file is not None:
            self._file.flush()


async def _through(response: httpx2.Response, take: _Take | None) -> AsyncGenerator[Step, None]:
    """The body as it arrives, kept in `take` as well."""
    try:
        async for chunk in response.aiter_bytes():
            if take is not None:
                take.data += chunk
            yield Send(chunk)
        if take is not None:
            take.cut = False
    except (httpx2.TransportError, httpx2.DecodingError):
        yield Cut()
    finally:
        await response.aclose()


def _create(path: Path) -> io.TextIOWrapper:
    """The file, emptied. Only a cassette is overwritten."""
    if path.exists() and path.stat().st_size:
        with path.open(encoding="utf-8", errors="replace") as old:
            if not is_cassette(old.readline(_LONGEST_HEAD)):
                raise ConfigError(f"{path}: is there already and is no cassette; choose another name")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK, 0o600)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ConfigError(f"{path}: is no ordinary file; choose another name")
    return os.fdopen(handle, "w", encoding="utf-8", newline="\n")


def _take(request: HttpRequest) -> _Take | None:
    """What to record of a request: model requests with a JSON body only."""
    if request.method != "POST" or request.path.rstrip("/") != "/v1/messages":
        return None
    try:
        body = json.loads(request.body)
    except ValueError:
        return None
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    secrets = tuple(secret for secret in (bearer, request.headers.get("x-api-key", "")) if len(secret) >= 8)
    return _Take(body, secrets) if isinstance(body, dict) else None


def _recorded(take: _Take, roots: Roots) -> Recorded:
    request = plain_request(take.request, roots, take.secrets)
    text = take.data.decode("utf-8", "replace")
    made = Recorded(request, take.status, take.headers, cut=take.cut)
    if "text/event-stream" not in dict(take.headers).get("content-type", ""):
        return replace(made, body=roots.hide(text))
    events = condense(parse_events(text))
    return replace(made, events=tuple(map_strings(event, roots.hide) for event in events))


def parse_events(text: str) -> list[Json]:
    """The JSON objects of a stream's events; what is not JSON, or was cut off, is left out."""
    events: list[Json] = []
    for raw in text.replace("\r\n", "\n").split("\n\n")[:-1]:
        data = "\n".join(line[5:].strip() for line in raw.split("\n") if line.startswith("data:"))
        try:
            event = json.loads(data)
        except ValueError:
            continue
        if isinstance(event, dict):
            events.append(event)
    return events
