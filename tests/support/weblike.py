"""The web as a test has it: names resolve as told, and what goes to an address of the internet goes to loopback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx2

from coder.tools.web.dialling import Dialling
from coder.tools.web.fetching import Bounds, Fetching
from tests.support.rawhttp import RawHttp

PUBLIC = "93.184.216.34"
QUICK = Bounds(total=20.0, connect=5.0, idle=10.0)


@dataclass
class Names:
    """Answers each question about a name with the next of its answers, the last one again when they run out."""

    known: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, port: int) -> tuple[str, ...]:
        answers = self.known.get(host, [[PUBLIC]])
        self.asked.append(host)
        if not answers:
            raise OSError("no such name")
        return tuple(answers[min(self.asked.count(host), len(answers)) - 1])


@dataclass
class Mapped(httpx2.AsyncBaseTransport):
    """`dialled` are the addresses that were dialled, with port and the name given to TLS."""

    server: RawHttp
    dialled: list[tuple[str, int | None, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        limits = httpx2.Limits(max_keepalive_connections=0)
        self._real = httpx2.AsyncHTTPTransport(verify=False, trust_env=False, limits=limits)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.dialled.append((request.url.host, request.url.port, str(request.extensions.get("sni_hostname", ""))))
        host, port = self.server.host.split(":")
        url = request.url.copy_with(scheme="http", host=host, port=int(port))
        moved = httpx2.Request(request.method, url, headers=request.headers, extensions=request.extensions)
        return await self._real.handle_async_request(moved)


def web(
    server: RawHttp, names: Names | None = None, bounds: Bounds = QUICK, allowed: tuple[str, ...] = ()
) -> tuple[Fetching, Mapped]:
    carrier = Mapped(server)
    return Fetching(Dialling(allowed, names or Names()), {}, carrier, bounds), carrier
