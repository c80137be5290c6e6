import asyncio
import gc

import pytest

from coder.core.errors import ConfigError
from coder.replay.http import Answer, Cut, HttpRequest, HttpServer, Outcome, Send, Step, Wait
from tests.support.fakeapi import DEADLINE


class Echo:
    """A handler that tells what it was asked, with extra steps first."""

    def __init__(self, *steps: Step, length: int | None = None) -> None:
        self.steps = steps
        self.length = length
        self.outcomes: list[Outcome] = []
        self.asked = 0

    async def __call__(self, request: HttpRequest) -> Answer:
        self.asked += 1
        told = f"{request.method} {request.path}?{request.query} {len(request.body)} {request.too_large}"
        steps = (*self.steps, Send(told.encode()))
        return Answer(200, (("x-test", "1"),), steps, self.length, ended=self.outcomes.append)


async def talk(server: HttpServer, *requests: bytes) -> bytes:
    """Sends raw bytes on one connection and reads until the server closes it."""
    host, port = server.url.removeprefix("http://").rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    async with asyncio.timeout(DEADLINE):
        for request in requests:
            writer.write(request)
            await writer.drain()
        answer = await reader.read(-1)
    writer.close()
    await writer.wait_closed()
    return answer


async def exchange(handler: Echo, *requests: bytes, max_body: int = 1000) -> bytes:
    server = HttpServer(handler, max_body=max_body)
    await server.start()
    try:
        return await talk(server, *requests)
    finally:
        await server.stop()


LAST = b"GET /end HTTP/1.1\r\nConnection: close\r\n\r\n"


async def test_requests_on_one_connection_are_answered_in_order() -> None:
    answer = await exchange(Echo(), b"POST /a?x=1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", LAST)
    assert answer.index(b"POST /a?x=1 3") < answer.index(b"GET /end? 0")
    assert b"x-test: 1\r\n" in answer


async def test_requests_sent_ahead_are_kept() -> None:
    answer = await exchange(Echo(Wait(0.01)), b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n" + LAST)
    assert answer.count(b"HTTP/1.1 200 OK") == 3


async def test_a_chunked_body_is_read_whole() -> None:
    head = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b"POST /a? 5 False" in await exchange(
        Echo(), head, b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n", LAST
    )


async def test_a_client_that_waits_for_continue_gets_it() -> None:
    answer = await exchange(Echo(), b"POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab", LAST)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/2.0 x\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"x" * 70_000,
    ],
)
async def test_what_is_not_http_is_told_so_and_disconnected(raw: bytes) -> None:
    assert (await exchange(Echo(), raw)).startswith(b"HTTP/1.1 400 Bad Request")


async def test_a_body_over_the_limit_is_read_away_and_reported() -> None:
    answer = await exchange(Echo(), b"POST /a HTTP/1.1\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000)
    assert b"POST /a? 0 True" in answer
    assert b"connection: close" in answer


async def test_a_known_length_is_sent_without_chunks() -> None:
    answer = await exchange(Echo(length=19), LAST)
    assert answer.endswith(b"content-length: 19\r\nconnection: close\r\n\r\nGET /end? 0 False")


async def test_a_cut_ends_the_connection_without_the_last_chunk() -> None:
    handler = Echo(Send(b"half"), Cut())
    assert (await exchange(handler, b"GET / HTTP/1.1\r\n\r\n")).endswith(b"4\r\nhalf\r\n")
    assert handler.outcomes == ["cut"]


async def test_a_client_that_leaves_during_silence_is_noticed_at_once() -> None:
    handler = Echo(Wait())
    server = HttpServer(handler)
    await server.start()
    host, port = server.url.removeprefix("http://").rsplit(":", 1)
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    async with asyncio.timeout(DEADLINE):
        while not handler.outcomes:
            await asyncio.sleep(0)
    assert handler.outcomes == ["left"]
    await server.stop()


async def test_many_connections_are_served_at_once() -> None:
    server = HttpServer(Echo(Wait(0.01)))
    await server.start()
    answers = await asyncio.gather(*(talk(server, LAST) for _ in range(50)))
    await server.stop()
    assert all(b"GET /end" in answer for answer in answers)


async def test_stopping_ends_open_connections_and_leaks_nothing() -> None:
    handler = Echo(Wait())
    server = HttpServer(handler)
    await server.start()
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        waiting = [group.create_task(talk(server, b"GET / HTTP/1.1\r\n\r\n")) for _ in range(3)]
        while handler.asked < 3:
            await asyncio.sleep(0)
        await server.stop()
    assert all(b"GET" not in task.result() for task in waiting)
    assert handler.outcomes == ["left"] * 3
    await server.stop()
    gc.collect()  # an unclosed transport would warn here, and warnings are errors


@pytest.mark.behaviour("B-167")
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.org"])
def test_only_loopback_addresses_are_served(host: str) -> None:
    with pytest.raises(ConfigError, match="loopback only"):
        HttpServer(Echo(), host=host)


async def test_a_taken_port_is_named() -> None:
    first = HttpServer(Echo())
    await first.start()
    second = HttpServer(Echo(), port=int(first.url.rsplit(":", 1)[1]))
    with pytest.raises(ConfigError, match=r"cannot listen on http://127.0.0.1:\d+: .* Choose another port"):
        await second.start()
    await first.stop()
