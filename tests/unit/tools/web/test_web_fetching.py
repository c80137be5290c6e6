"""Hostile servers, one by one: each costs a bounded time and a bounded memory, and reaches nothing it should not."""

from __future__ import annotations

import gzip
import shutil
import ssl
import subprocess
import zlib
from pathlib import Path
from typing import Any

import pytest

from coder.core.errors import ToolError
from coder.tools.web import fetching
from coder.tools.web.dialling import Dialling
from coder.tools.web.fetching import Bounds, Fetching
from coder.tools.web.inflating import Inflating, TooMuch
from tests.support.rawhttp import RawHttp, Step, answer, chunk
from tests.support.weblike import PUBLIC, QUICK, Names, web

OK = answer(200, b"hello")


def to(location: str, status: int = 302) -> list[Step]:
    return answer(status, b"", {"location": location})


def head(*fields: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *fields, "", ""]).encode()


@pytest.mark.behaviour("B-1742")
async def test_the_judged_address_is_dialled_and_the_name_stays_in_the_request() -> None:
    names = Names({"docs.example.org": [[PUBLIC], ["127.0.0.1"]]})  # a moment later it is this machine
    async with RawHttp([OK]) as server:
        fetching, carrier = web(server, names)
        got = await fetching.fetch("http://docs.example.org/a?b=1")
    assert (got.url, got.code, got.body) == ("https://docs.example.org/a?b=1", 200, b"hello")
    assert names.asked == ["docs.example.org"]
    assert carrier.dialled == [(PUBLIC, None, "docs.example.org")]
    (request,) = server.requests
    assert request.target == "/a?b=1" and request.headers["host"] == "docs.example.org"
    assert request.headers["user-agent"].startswith("Claude-User")
    assert not {"cookie", "authorization", "referer"} & request.headers.keys()


@pytest.mark.behaviour("B-1741")
@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://rebound.example/", ["127.0.0.1"]),
        ("https://rebound.example/", [PUBLIC, "10.0.0.1"]),
        ("https://rebound.example/", ["169.254.169.254"]),
        ("https://rebound.example/", ["::ffff:127.0.0.1"]),
        ("https://rebound.example/", ["fe80::1%2"]),
        ("https://rebound.example/", ["0.0.0.0"]),
        ("https://localhost/", ["127.0.0.1"]),
        ("http://169.254.169.254/latest/meta-data/", []),
        ("http://127.0.0.1:8000/", []),
        ("http://[::1]/", []),
        ("http://[::ffff:10.0.0.1]/", []),
    ],
)
async def test_nothing_near_is_dialled(url: str, found: list[str]) -> None:
    async with RawHttp([OK]) as server:
        fetching, carrier = web(server, Names({"rebound.example": [found], "localhost": [found]}))
        with pytest.raises(ToolError, match="is not fetched"):
            await fetching.fetch(url)
    assert not carrier.dialled


@pytest.mark.behaviour("B-1743")
async def test_a_near_host_is_fetched_when_the_person_named_it_and_metadata_never_is() -> None:
    names = Names({"localhost": [["127.0.0.1"]], "intra.local": [["10.0.0.1"]], "meta.local": [["169.254.169.254"]]})
    async with RawHttp([OK]) as server:
        fetching, carrier = web(
            server, names, allowed=("localhost:3000", "intra.local", "meta.local", "169.254.169.254")
        )
        assert (await fetching.fetch("http://localhost:3000/")).url == "http://localhost:3000/"  # and not https
        assert carrier.dialled == [("127.0.0.1", 3000, "")]
        assert (await fetching.fetch("http://intra.local/")).url == "http://intra.local/"
        for url in ("http://localhost:3001/", "http://meta.local/", "http://169.254.169.254/"):
            with pytest.raises(ToolError, match="is not fetched"):
                await fetching.fetch(url)
    assert len(carrier.dialled) == 2


async def test_the_refusal_says_how_the_person_could_allow_it() -> None:
    async with RawHttp([OK]) as server:
        fetching, _ = web(server, Names({"localhost": [["127.0.0.1"]]}))
        with pytest.raises(ToolError, match=r'"allowedPrivateHosts": \["localhost:3000"\]'):
            await fetching.fetch("http://localhost:3000/x")


@pytest.mark.behaviour("B-1744")
@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://evil.example/x?y", "https://evil.example/x?y"),
        ("//www.a.example/", "https://www.a.example/"),
        ("http://169.254.169.254/latest", "https://169.254.169.254/latest"),
        ("http://localhost:22/", "http://localhost:22/"),
        ("https://a.example:8443/", "https://a.example:8443/"),
    ],
)
async def test_a_redirect_to_another_host_is_told_and_not_followed(location: str, target: str) -> None:
    async with RawHttp([to(location)]) as server:
        fetching, carrier = web(server)
        got = await fetching.fetch("https://a.example/")
    assert (got.moved, got.code) == (target, 302)
    assert len(carrier.dialled) == 1


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "gopher://a.example/", "https://u:p@a.example/", "http://["]
)
async def test_a_redirect_to_no_page_ends_there(location: str) -> None:
    async with RawHttp([to(location)]) as server:
        fetching, _ = web(server)
        with pytest.raises(ToolError, match="cannot be fetched"):
            await fetching.fetch("https://a.example/")


@pytest.mark.behaviour("B-1744")
async def test_a_redirect_on_the_host_is_followed_and_judged_anew() -> None:
    names = Names({"a.example": [[PUBLIC], [PUBLIC], ["127.0.0.1"]]})
    async with RawHttp([to("/b", 301), to("c", 307), OK]) as server:
        fetching, carrier = web(server, names)
        with pytest.raises(ToolError, match="is not fetched"):
            await fetching.fetch("https://a.example/a")
    assert names.asked == ["a.example"] * 3 and len(carrier.dialled) == 2
    async with RawHttp([to("/b", 301), to("http://a.example/c", 308), OK]) as server:
        fetching, carrier = web(server)
        assert (await fetching.fetch("https://a.example/a")).url == "https://a.example/c"


@pytest.mark.behaviour("B-1745")
@pytest.mark.parametrize("circle", [True, False])
async def test_redirects_end(circle: bool) -> None:
    async with RawHttp([to("/a" if circle else f"/{n}") for n in range(20)]) as server:
        fetching, carrier = web(server)
        with pytest.raises(ToolError, match="in a circle, or more than 10 times"):
            await fetching.fetch("https://a.example/a")
    assert len(carrier.dialled) == (1 if circle else 11)


ZEROS = zlib.compress(b"\0" * (40 << 20), 9)  # 40 kB
ENDLESS = chunk(b"x" * (1 << 20))


@pytest.mark.behaviour("B-1745")
@pytest.mark.parametrize(
    "steps",
    [
        [head("content-length: 10737418240"), b"x"],
        [head("transfer-encoding: chunked"), *[ENDLESS] * 12],
        [head(f"content-length: {len(ZEROS)}", "content-encoding: deflate"), ZEROS],
        answer(200, gzip.compress(b"\0" * (40 << 20), 9), {"content-encoding": "gzip"}),
    ],
    ids=["10 GB", "endless", "deflate bomb", "gzip bomb"],
)
async def test_a_body_that_is_too_large_is_given_up(steps: list[Step]) -> None:
    async with RawHttp([steps]) as server:
        fetching, _ = web(server)
        with pytest.raises(ToolError, match="larger than 10 MiB"):
            await fetching.fetch("https://a.example/")


@pytest.mark.parametrize("size", [1, 1000, 1 << 20])
def test_a_bomb_never_takes_more_than_its_limit(size: int) -> None:
    inflating = Inflating("gzip", 1 << 20)
    packed = gzip.compress(b"\0" * (30 << 20))
    with pytest.raises(TooMuch):
        for start in range(0, len(packed), size):
            inflating.feed(packed[start : start + size])
            assert len(inflating.body) <= 1 << 20
    assert len(inflating.body) == (1 << 20) + 1


@pytest.mark.parametrize("step", [1, 5, 1000])
@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "raw", "identity", ""])
def test_what_was_packed_comes_out_whole(encoding: str, step: int) -> None:
    text = b"the page " * 100
    raw = zlib.compressobj(wbits=-15)
    made = {"gzip": gzip.compress(text), "deflate": zlib.compress(text), "raw": raw.compress(text) + raw.flush()}
    packed = made.get(encoding.removeprefix("x-"), text)
    inflating = Inflating("deflate" if encoding == "raw" else encoding, 10_000)
    for start in range(0, len(packed), step):
        inflating.feed(packed[start : start + step])
    inflating.feed(b"")
    assert inflating.body == text


async def test_endless_bytes_after_the_end_of_the_packed_page_are_given_up() -> None:
    inflating = Inflating("gzip", 10_000)
    inflating.feed(gzip.compress(b"page"))
    with pytest.raises(TooMuch):
        for _ in range(11):
            inflating.feed(b"x" * 1000)
    assert inflating.body == b"page"


@pytest.mark.parametrize(
    ("encoding", "why"), [("br", "not asked for"), ("gzip, gzip", "not asked for"), ("gzip", "damaged")]
)
async def test_a_page_that_cannot_be_unpacked_says_so(encoding: str, why: str) -> None:
    async with RawHttp([answer(200, b"no", {"content-encoding": encoding})]) as server:
        fetching, _ = web(server)
        with pytest.raises(ToolError, match=why):
            await fetching.fetch("https://a.example/")


@pytest.mark.behaviour("B-1745")
@pytest.mark.parametrize(
    ("steps", "bounds", "why"),
    [
        (["stall"], Bounds(5.0, 5.0, 0.05), "sent nothing for 0.05 seconds"),
        ([b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n", "stall"], Bounds(5.0, 5.0, 0.05), "sent nothing"),
        ([head("content-length: 9"), b"abc", "stall"], Bounds(5.0, 5.0, 0.05), "sent nothing"),
        ([head("content-length: 9"), b"abc", "stall"], Bounds(0.1, 5.0, 10.0), "longer than 0.1 seconds"),
        ([head("content-length: 9"), b"abc", "close"], QUICK, "cannot be fetched"),
        ([head("content-length: 99999999999999999999999"), b"x"], QUICK, "cannot be fetched"),
        (["abort"], QUICK, "cannot be fetched"),
        ([b"\0\1 nonsense\r\n\r\n"], QUICK, "cannot be fetched"),
        ([b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 50_000, "stall"], QUICK, "cannot be fetched"),
    ],
    ids=["silent", "half a head", "half a body", "slow", "cut", "absurd", "reset", "nonsense", "endless head"],
)
async def test_a_server_that_does_not_answer_is_given_up(steps: list[Step], bounds: Bounds, why: str) -> None:
    async with RawHttp([steps]) as server:
        fetching, _ = web(server, bounds=bounds)
        with pytest.raises(ToolError, match=why) as caught:
            await fetching.fetch("https://a.example/")
    assert "\n" not in str(caught.value)


async def test_a_host_that_is_not_there_says_so() -> None:
    async with RawHttp([OK]) as server:
        fetching, _ = web(server, Names({"no.example": []}))
        with pytest.raises(ToolError, match=r"no\.example was not found"):
            await fetching.fetch("https://no.example/")


@pytest.mark.behaviour("B-1746")
async def test_a_proxy_is_used_and_what_is_near_is_refused_all_the_same() -> None:
    names = Names({"in.example": [["10.0.0.1"]], "out.example": []})
    async with RawHttp([OK]) as proxy:
        env = {"http_proxy": proxy.url, "NO_PROXY": "other.example"}
        fetching = Fetching(Dialling((), names), env, bounds=QUICK)
        got = await fetching.fetch("http://out.example:8080/x")
        assert got.body == b"hello" and proxy.requests[0].target == "http://out.example:8080/x"
        for url in ("http://in.example:8080/", "http://127.0.0.1:8080/", "http://169.254.169.254:8080/"):
            with pytest.raises(ToolError, match="is not fetched"):
                await fetching.fetch(url)
        assert len(proxy.requests) == 1


async def test_a_proxy_that_cannot_be_used_keeps_its_password() -> None:
    env = {"HTTP_PROXY": "http://me:hunter2@proxy:port/", "ALL_PROXY": "ftp://me:hunter2@x"}
    fetching = Fetching(Dialling((), Names()), env, bounds=QUICK)
    for url in ("http://a.example:8080/", "https://a.example/"):
        with pytest.raises(ToolError, match="proxy setting cannot be used") as caught:
            await fetching.fetch(url)
        assert "hunter2" not in str(caught.value)


@pytest.mark.behaviour("B-1742")
async def test_the_certificate_must_be_of_the_name_not_of_the_dialled_address(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here to make a certificate")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    more = ["-days", "2", "-subj", "/CN=t", "-addext", "subjectAltName=DNS:page.example", "-keyout", key, "-out", cert]
    subprocess.run([*command, *map(str, more)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    async with RawHttp([OK], tls=context) as server:
        port = server.host.split(":")[1]
        names: Any = Names({"page.example": [["127.0.0.1"]], "other.example": [["127.0.0.1"]]})
        allowed = ("page.example", "other.example")
        fetching = Fetching(Dialling(allowed, names), {"NODE_EXTRA_CA_CERTS": str(cert)}, bounds=QUICK)
        assert (await fetching.fetch(f"https://page.example:{port}/")).body == b"hello"
        with pytest.raises(ToolError, match=r"other\.example cannot be reached.*[Hh]ostname"):
            await fetching.fetch(f"https://other.example:{port}/")


async def test_the_next_address_of_a_host_is_tried_when_one_does_not_answer() -> None:
    async with RawHttp([OK]) as server:
        port = server.host.split(":")[1]
        names = Names({"two.example": [["127.0.0.2", "127.0.0.1"]]})
        fetching = Fetching(Dialling(("two.example",), names), {}, bounds=QUICK)
        assert (await fetching.fetch(f"http://two.example:{port}/")).body == b"hello"


def test_the_limits_are_those_of_the_documentation() -> None:
    bounds = Bounds()
    assert (fetching.MOST_BYTES, fetching.MOST_HOPS, bounds.total, bounds.idle) == (10 << 20, 10, 60.0, 20.0)
