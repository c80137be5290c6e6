"""Hooks that post: what goes out, and what comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from coder.hooks.http import KEPT, fits
from tests.support.hooking import Bench, on
from tests.support.rawhttp import RawHttp, Step, answer


def hook(server: RawHttp, **more: Any) -> dict[str, Any]:
    return {"type": "http", "url": f"http://{server.host}/hook", **more}


@pytest.mark.behaviour("B-1187")
async def test_the_input_is_posted_and_the_answer_counts(bench: Bench) -> None:
    async with RawHttp([answer(200, {"decision": "block", "reason": "r"})]) as server:
        merged = await bench.run(bench.engine(on("Stop", hook(server))), "Stop")
    assert (merged.said.blocked, merged.said.reason) == (True, "r")
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/hook")
    assert request.json["hook_event_name"] == "Stop"
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        (answer(200, b""), ""),
        (answer(201, b" {} "), ""),
        (answer(200, b"hello"), "something that is no JSON object"),
        (answer(200, b"[]"), "something that is no JSON object"),
        (answer(200, b"{"), "it printed JSON that cannot be read"),
        (answer(500, {}), "status 500"),
        (answer(302, b"", {"location": "http://127.0.0.1:1/"}), "redirects are not followed"),
        (answer(200, b"{" + b" " * KEPT), "answered with more than"),
        (["abort"], "cannot be reached"),
        ([b"nonsense\r\n\r\n", "close"], "cannot be reached"),
        ([b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-encoding: gzip\r\n\r\n{}"], "cannot be reached"),
    ],
)
async def test_what_is_no_answer_decides_nothing(bench: Bench, steps: list[Step], problem: str) -> None:
    async with RawHttp([steps]) as server:
        merged = await bench.run(bench.engine(on("Stop", hook(server, timeout=20))), "Stop")
    assert not merged.said.blocked
    assert problem in merged.said.problem
    assert bool(problem) == bool(merged.said.problem)


async def test_a_server_that_stalls_is_left(bench: Bench) -> None:
    async with RawHttp([["stall"]]) as server:
        merged = await bench.run(bench.engine(on("Stop", hook(server, timeout=0.2))), "Stop")
    assert merged.said.problem == "took longer than 0.2 s and was ended"


async def test_nobody_there(bench: Bench) -> None:
    for url in ("http://me:secret@127.0.0.1:1/x?key=secret", "http://[::1/", "http://127.0.0.1:99999/", "http://-"):
        merged = await bench.run(bench.engine(on("Stop", {"type": "http", "url": url})), "Stop")
        assert merged.said.problem
        assert "secret" not in merged.said.problem + repr(bench.told)


@pytest.mark.behaviour("B-1188")
async def test_a_variable_needs_to_be_named_twice(bench: Bench) -> None:
    bench.env |= {"NAMED": "one", "BOUND": "two", "OTHER": "three"}
    headers = {"A": "Bearer $NAMED", "B": "${BOUND}", "C": "x$OTHER"}
    async with RawHttp([answer(200, b"")]) as server:
        handler = hook(server, headers=headers, allowedEnvVars=["NAMED", "BOUND"])
        await bench.run(bench.engine(on("Stop", handler)), "Stop")
        await bench.run(bench.engine(on("Stop", handler), env_names=("NAMED", "OTHER")), "Stop")
    first, second = server.requests
    assert (first.headers["a"], first.headers["b"], first.headers["c"]) == ("Bearer one", "two", "x")
    assert (second.headers["a"], second.headers["b"], second.headers["c"]) == ("Bearer one", "", "x")


@pytest.mark.behaviour("B-1188")
async def test_only_addresses_that_the_settings_allow(bench: Bench) -> None:
    async with RawHttp([answer(200, b"")]) as server:
        engine = bench.engine(on("Stop", hook(server)), urls=("https://hooks.example.com/*",))
        merged = await bench.run(engine, "Stop")
        assert "allowedHttpHookUrls" in merged.said.problem
        assert server.requests == []
        engine = bench.engine(on("Stop", hook(server)), urls=(f"http://{server.host}/*",))
        assert not (await bench.run(engine, "Stop")).said.problem


@pytest.mark.parametrize(
    ("url", "pattern", "allowed"),
    [
        ("https://a.example.com/x", "https://*.example.com/*", True),
        ("https://a.example.com", "https://*.example.com/*", True),
        ("HTTPS://A.Example.com/x", "https://a.example.com/x", True),
        ("https://evil.com/.example.com/", "https://*.example.com/*", False),
        ("https://evil.com?.example.com/", "https://*.example.com/*", False),
        ("https://evil.com#.example.com/", "https://*.example.com/*", False),
        ("https://evil.com\\.example.com/", "https://*.example.com/*", False),
        ("https://a.example.com@evil.com/", "https://a.example.com*", False),
        ("https://x@a.example.com/", "https://*a.example.com/*", False),
        ("http://a.example.com/x", "https://a.example.com/*", False),
        ("https://a.example.com/xy", "https://a.example.com/x?", False),
        ("https://a.example.com/x", "*", False),
        ("https://a.example.com/x", "*://*/*", True),
    ],
)
def test_patterns_of_addresses(url: str, pattern: str, allowed: bool) -> None:
    assert fits(url, pattern) is allowed


def test_json_of_the_example_is_whole(bench: Bench) -> None:
    from coder.hooks.examples import examples

    assert json.loads(json.dumps(examples("/x")))
