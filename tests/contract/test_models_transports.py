from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coder.core.config import ModelConfig
from coder.core.errors import ErrorKind, ModelError
from coder.core.messages import (
    Document,
    Image,
    Message,
    Opaque,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)
from coder.core.model import (
    Accepted,
    BlockFinished,
    Completed,
    Model,
    ModelEvent,
    ModelRequest,
    Retrying,
    Streamed,
    TextPart,
    ThinkingPart,
    ToolSpec,
)
from coder.models.body import body
from coder.models.connecting import connect
from coder.models.sdk import SdkModel
from coder.models.wire import WireModel
from tests.support.rawhttp import (
    Json,
    RawHttp,
    Step,
    answer,
    block,
    chunk,
    failure,
    reply,
    sse,
    start,
    stop,
    stream,
    text_block,
    tool_block,
)

DEADLINE = 30.0
KEY = "sk-ant-secret-0123456789"
Build = Callable[[ModelConfig], Model]


@pytest.fixture(params=[WireModel, SdkModel], ids=["wire", "sdk"])
def build(request: pytest.FixtureRequest) -> Build:
    kind: Build = request.param
    return kind


def config(url: str, **changes: Any) -> ModelConfig:
    return replace(ModelConfig("claude-sonnet-5-5", url, api_key=KEY, key_source="ANTHROPIC_API_KEY"), **changes)


@asynccontextmanager
async def serving(build: Build, *answers: Sequence[Step], **changes: Any) -> AsyncIterator[tuple[RawHttp, Model]]:
    async with asyncio.timeout(DEADLINE), RawHttp(answers) as server:
        model = build(config(server.url, **changes))
        try:
            yield server, model
        finally:
            await model.aclose()


def ask(text: str = "hi") -> ModelRequest:
    return ModelRequest("claude-sonnet-5-5", (Message("user", (Text(text),)),), max_tokens=100)


async def collect(model: Model, request: ModelRequest | None = None) -> list[ModelEvent]:
    events = [event async for event in model.stream(request or ask())]
    return [event for event in events if not isinstance(event, Accepted | Streamed)]


async def completed(build: Build, events: list[Json]) -> Completed:
    async with serving(build, stream(events)) as (_, model):
        last = (await collect(model))[-1]
    assert isinstance(last, Completed)
    return last


async def error_of(model: Model) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await collect(model)
    assert KEY not in str(caught.value)
    return caught.value


def use_proxy(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, url)
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.behaviour("B-100")
async def test_a_text_reply_streams_its_parts_and_then_the_whole(build: Build) -> None:
    async with serving(build, stream(reply(text_block(0, "Hel", "lo")))) as (_, model):
        events = await collect(model)
    assert events[:3] == [TextPart("Hel"), TextPart("lo"), BlockFinished(Text("Hello"))]
    last = events[3]
    assert isinstance(last, Completed) and len(events) == 4
    assert last.message.content == (Text("Hello"),)
    assert (last.stop_reason, last.message.meta.api_id, last.message.meta.model) == (
        "end_turn",
        "msg_1",
        "claude-sonnet-5-5",
    )
    assert (last.usage.input_tokens, last.usage.output_tokens) == (10, 20)


async def test_thinking_keeps_its_signature(build: Build) -> None:
    thinking = block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "Let me "},
        {"type": "thinking_delta", "thinking": "see"},
        {"type": "signature_delta", "signature": "c2ln"},
    )
    async with serving(build, stream(reply(thinking, text_block(1, "ok")))) as (_, model):
        events = await collect(model)
    assert events[:3] == [ThinkingPart("Let me "), ThinkingPart("see"), BlockFinished(Thinking("Let me see", "c2ln"))]


async def test_parallel_tool_uses_keep_their_order_and_input(build: Build) -> None:
    events = reply(
        tool_block(0, "toolu_a", "Read", '{"file_pa', 'th": "a.py"}'),
        tool_block(1, "toolu_b", "Bash", '{"command": "ls"}'),
        tool_block(2, "toolu_c", "Done"),
        reason="tool_use",
    )
    last = await completed(build, events)
    assert last.message.content == (
        ToolUse("toolu_a", "Read", {"file_path": "a.py"}),
        ToolUse("toolu_b", "Bash", {"command": "ls"}),
        ToolUse("toolu_c", "Done", {}),
    )


@pytest.mark.behaviour("B-101")
@pytest.mark.parametrize("pieces", [('{"a": 1,}',), ('{"a": "never clo',), ("[1, 2]",), ('{"a": NaN}',)])
async def test_malformed_tool_input_is_kept_with_its_error(build: Build, pieces: tuple[str, ...]) -> None:
    last = await completed(build, reply(tool_block(0, "toolu_a", "Read", *pieces), reason="tool_use"))
    [call] = last.message.tool_uses
    assert call.input == {"INVALID_JSON": "".join(pieces)}
    assert call.error


@pytest.mark.behaviour("B-102")
async def test_a_call_cut_by_the_token_limit_is_left_out_and_said(build: Build) -> None:
    events = reply(
        text_block(0, "Writing."),
        tool_block(1, "toolu_a", "Read", '{"file_path": "a"}'),
        tool_block(2, "toolu_b", "Write", '{"file_path": "a", "content": "x'),
        reason="max_tokens",
    )
    last = await completed(build, events)
    assert last.message.tool_uses == (ToolUse("toolu_a", "Read", {"file_path": "a"}),)
    assert last.stop_reason == "max_tokens"
    assert "Write" in last.notices[0]


@pytest.mark.parametrize("reason", ["pause_turn", "refusal", "model_context_window_exceeded", "brand_new_reason"])
async def test_other_stop_reasons_complete_the_reply(build: Build, reason: str) -> None:
    last = await completed(build, reply(text_block(0, "Well"), reason=reason))
    assert (last.stop_reason, last.message.meta.stop_reason) == (reason, reason)
    assert last.message.content == (Text("Well"),)
    assert bool(last.notices) == (reason == "brand_new_reason")


@pytest.mark.behaviour("B-103")
async def test_unknown_events_blocks_and_deltas_do_no_harm(build: Build) -> None:
    events = [
        start(),
        {"type": "brand_new_event", "x": 1},
        {"type": "ping"},
        *block(
            0, {"type": "new_block", "foo": [1]}, {"type": "new_delta", "bar": "a"}, {"type": "new_delta", "bar": "b"}
        ),
        *block(1, {"type": "redacted_thinking", "data": "xyz"}),
        *block(
            2,
            {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {}},
            {"type": "input_json_delta", "partial_json": '{"query": "q"}'},
        ),
        *block(3, {"type": "text", "text": ""}, {"type": "text_delta", "text": "t"}, {"type": "odd_delta", "n": 1}),
        *stop(),
    ]
    last = await completed(build, events)
    assert last.message.content == (
        Opaque({"type": "new_block", "foo": [1], "bar": "ab"}),
        Opaque({"type": "redacted_thinking", "data": "xyz"}),
        Opaque({"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "q"}}),
        Text("t"),
    )


async def test_raw_events_are_passed_on_without_pings(build: Build) -> None:
    sent = [start(), {"type": "ping"}, *text_block(0, "a"), *stop()]
    async with serving(build, stream(sent)) as (_, model):
        raw = [event.event async for event in model.stream(ask()) if isinstance(event, Streamed)]
    assert [event["type"] for event in raw] == [event["type"] for event in sent if event["type"] != "ping"]
    assert raw[2] == {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}}


@pytest.mark.behaviour("B-104")
async def test_the_request_is_the_body_with_key_and_version(build: Build) -> None:
    request = ModelRequest(
        "claude-opus-5-5",
        (
            Message(
                "user", (Text("look \u2028 é 😀"), Image("image/png", "aGk="), Document("application/pdf", "aGk="))
            ),
            Message(
                "assistant",
                (
                    Thinking("hm", "sig"),
                    Opaque({"type": "redacted_thinking", "data": "x"}),
                    Text("Reading."),
                    ToolUse("toolu_1", "Read", {"file_path": "a", "nested": {"n": None, "l": [1.5, True]}}),
                ),
            ),
            Message("user", (ToolResult("toolu_1", (Text("1\tx"),), is_error=True), Text("go on"))),
        ),
        system=("You are coder.", "Project notes."),
        tools=(ToolSpec("Read", "Reads.", {"type": "object", "properties": {"file_path": {"type": "string"}}}),),
        max_tokens=64000,
        thinking=True,
        effort="high",
        marks=((0, 2), (2, 1)),
        mark_system=True,
        headers={"anthropic-beta": "x-2026"},
    )
    async with serving(build, stream(reply(text_block(0, "ok")))) as (server, model):
        await collect(model, request)
    [received] = server.requests
    assert received.json == body(request)
    assert (received.method, received.target) == ("POST", "/v1/messages")
    assert received.headers["anthropic-version"] == "2026-10-21"
    assert received.headers["anthropic-beta"] == "x-2026"
    assert received.headers["authorization"] == f"Bearer {KEY}"
    assert "x-api-key" not in received.headers
    assert received.headers["user-agent"].startswith("coder/")


async def test_lone_surrogates_never_stop_a_request(build: Build) -> None:
    async with serving(build, stream(reply(text_block(0, "ok")))) as (server, model):
        await collect(model, ask("half \ud83d pair"))
    assert server.requests[0].json["messages"][0]["content"][0]["text"] == "half ? pair"


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"key_header": "x-api-key"}, "x-api-key", KEY),
        ({"api_key": "", "auth_token": "tok-123456"}, "authorization", "Bearer tok-123456"),
        ({"headers": {"X-Gateway": "blue"}}, "x-gateway", "blue"),
    ],
)
async def test_the_key_goes_into_the_configured_header(build: Build, changes: Json, name: str, value: str) -> None:
    async with serving(build, stream(reply(text_block(0, "ok"))), **changes) as (server, model):
        await collect(model)
    assert server.requests[0].headers[name] == value
    if name == "x-api-key":
        assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", "/gateway/anthropic", "/gateway/v1"])
async def test_the_base_url_may_end_in_v1_or_a_slash(build: Build, path: str) -> None:
    async with RawHttp([stream(reply(text_block(0, "ok")))]) as server:
        model = build(config(server.url + path))
        await collect(model)
        await model.aclose()
    assert server.requests[0].target == path.rstrip("/").removesuffix("/v1") + "/v1/messages"


ERRORS: list[tuple[int, str, str, ErrorKind, bool]] = [
    (400, "invalid_request_error", "messages: bad", "invalid", False),
    (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", "too_long", False),
    (400, "invalid_request_error", "input length and `max_tokens` exceed context limit: 1", "too_long", False),
    (401, "authentication_error", "invalid x-api-key", "auth", False),
    (402, "billing_error", "no credit", "auth", False),
    (403, "permission_error", "not for you", "auth", False),
    (404, "not_found_error", "model: claude-nine", "not_found", False),
    (408, "timeout_error", "slow", "timeout", True),
    (409, "conflict_error", "busy", "invalid", True),
    (413, "request_too_large", "Request exceeds the maximum size", "too_long", False),
    (429, "rate_limit_error", "slow down", "rate_limit", True),
    (500, "api_error", "Internal server error", "server", True),
    (503, "api_error", "later", "server", True),
    (529, "overloaded_error", "Overloaded", "overloaded", True),
]


@pytest.mark.behaviour("B-105")
@pytest.mark.parametrize(("status", "name", "message", "kind", "retryable"), ERRORS)
async def test_http_errors_have_a_kind_and_the_servers_words(
    build: Build, status: int, name: str, message: str, kind: ErrorKind, retryable: bool
) -> None:
    async with serving(build, failure(status, name, message)) as (server, model):
        error = await error_of(model)
    assert (error.kind, error.retryable, error.status, error.request_id) == (kind, retryable, status, "req_1")
    assert message in str(error) and str(status) in str(error)
    assert len(server.requests) == 1


@pytest.mark.behaviour("B-106")
async def test_the_key_and_control_characters_never_show_in_an_error(build: Build) -> None:
    async with serving(
        build, failure(401, "authentication_error", f"bad key {KEY}\x1b[31m\x00\n red {'x' * 5000}")
    ) as (_, model):
        error = await error_of(model)
    assert "bad key [secret] red xxx" in str(error)
    assert str(error).isprintable() and len(str(error)) < 1000
    assert "Set ANTHROPIC_API_KEY" in str(error)


@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({"retry-after": "7"}, 7, 7),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5, 1.5),
        ({"retry-after": "soon"}, None, None),
    ],
)
async def test_retry_after_is_read(
    build: Build, headers: dict[str, str], low: float | None, high: float | None
) -> None:
    async with serving(build, failure(429, "rate_limit_error", "slow", headers)) as (_, model):
        error = await error_of(model)
    assert error.retry_after is None if low is None else low <= (error.retry_after or 0) <= (high or 0)


@pytest.mark.parametrize(("said", "retryable"), [("false", False), ("true", True)])
async def test_x_should_retry_wins(build: Build, said: str, retryable: bool) -> None:
    status, name = (529, "overloaded_error") if said == "false" else (400, "invalid_request_error")
    async with serving(build, failure(status, name, "hm", {"x-should-retry": said})) as (_, model):
        assert (await error_of(model)).retryable is retryable


@pytest.mark.parametrize(
    "payload", [b"<html><h1>Bad gateway</h1></html>", b"", b'{"error": "model is loading"}', b"[" * 200_000]
)
async def test_error_bodies_of_any_shape_are_survived(build: Build, payload: bytes) -> None:
    async with serving(build, answer(502, payload, media_type="text/html")) as (_, model):
        error = await error_of(model)
    assert (error.kind, error.retryable, error.status) == ("server", True, 502)
    assert "<" not in str(error)
    assert ("model is loading" in str(error)) == (b"loading" in payload)


@pytest.mark.behaviour("B-107")
@pytest.mark.parametrize(
    ("name", "kind", "retryable"),
    [
        ("overloaded_error", "overloaded", True),
        ("api_error", "server", True),
        ("rate_limit_error", "rate_limit", True),
        ("something_else", "server", True),
        ("invalid_request_error", "invalid", False),
    ],
)
async def test_an_error_event_in_the_middle_of_a_stream(
    build: Build, name: str, kind: ErrorKind, retryable: bool
) -> None:
    events = [start(), *text_block(0, "Hel"), {"type": "error", "error": {"type": name, "message": "it broke"}}]
    async with serving(build, stream(events)) as (_, model):
        error = await error_of(model)
    assert (error.kind, error.retryable) == (kind, retryable)
    assert "it broke" in str(error)


CUTS: dict[str, list[Step]] = {
    "connection closed mid text": [*stream([start(), *text_block(0, "Hel")[:2]], end=None), "close"],
    "connection reset mid text": [*stream([start(), *text_block(0, "Hel")[:2]], end=None), "abort"],
    "mid tool input": [*stream([start(), *tool_block(0, "t", "Bash", '{"command": "rm')[:2]], end=None), "close"],
    "mid event": [
        *stream([start()], end=None),
        chunk(b'event: content_block_delta\ndata: {"type": "con'),
        b"0\r\n\r\n",
    ],
    "mid character": [
        *stream([start()], end=None),
        chunk(sse({"type": "x", "y": "é"})[:-1] + "é".encode()[:1]),
        "close",
    ],
    "no message_stop": stream([start(), *text_block(0, "Hello")]),
    "no message_start": stream([*text_block(0, "Hello"), *stop()]),
    "delta of an unknown block": stream([start(), *text_block(0, "a"), *text_block(7, "b")[1:], *stop()]),
    "delta after the block": stream([start(), *text_block(0, "a"), text_block(0, "b")[1], *stop()]),
    "block begins twice": stream([start(), *text_block(0, "a"), *text_block(0, "b"), *stop()]),
    "an event that is not JSON": [*stream([start()], end=None), chunk(b"event: x\ndata: {nope}\n\n"), b"0\r\n\r\n"],
    "empty body": stream([]),
}


@pytest.mark.behaviour("B-108")
@pytest.mark.parametrize("steps", CUTS.values(), ids=CUTS.keys())
async def test_a_broken_reply_is_a_retryable_cut_and_never_complete(build: Build, steps: list[Step]) -> None:
    async with serving(build, steps) as (_, model):
        error = await error_of(model)
    assert (error.kind, error.retryable) == ("cut", True)


@pytest.mark.behaviour("B-109")
@pytest.mark.parametrize("steps", [["stall"], [*stream([start(), *text_block(0, "Hel")[:2]], end=None), "stall"]])
async def test_silence_is_a_retryable_timeout(build: Build, steps: list[Step]) -> None:
    async with serving(build, steps, idle_timeout=0.2) as (server, model):
        error = await error_of(model)
        await server.client_gone()
    assert (error.kind, error.retryable) == ("timeout", True)


@pytest.mark.behaviour("B-110")
@pytest.mark.parametrize("media_type", ["text/html; charset=utf-8", "application/json"])
async def test_a_login_page_is_named_and_not_retried(build: Build, media_type: str) -> None:
    async with serving(build, answer(200, b"<html>Sign in</html>", media_type=media_type)) as (server, model):
        error = await error_of(model)
    assert (error.kind, error.retryable) == ("protocol", False)
    assert server.host in str(error) and media_type.partition(";")[0] in str(error)


@pytest.mark.parametrize("body_text", [b"Welcome to the hotel", b"{}"])
async def test_plain_text_without_any_event_is_not_the_api(build: Build, body_text: bytes) -> None:
    async with serving(build, answer(200, body_text, media_type="text/plain")) as (_, model):
        error = await error_of(model)
    assert (error.kind, error.retryable) == ("protocol", False)


async def test_events_under_a_wrong_media_type_are_read(build: Build) -> None:
    content = b"".join(sse(event) for event in reply(text_block(0, "ok")))
    async with serving(build, answer(200, content, media_type="text/plain")) as (_, model):
        assert isinstance((await collect(model))[-1], Completed)


@pytest.mark.parametrize("rest", [[b"x" * 200_000, "stall"], [b"short", "close"]])
async def test_an_endless_or_broken_error_body_is_judged_by_its_status(rest: list[Step]) -> None:
    head = b"HTTP/1.1 503 Busy\r\ncontent-length: 9999999\r\n\r\n"
    async with serving(WireModel, [head, *rest], idle_timeout=60) as (_, model):
        error = await error_of(model)
    assert (error.kind, error.status) == ("server", 503)


async def test_a_damaged_compressed_body_is_named(build: Build) -> None:
    garbage = answer(200, b"not gzip at all", {"content-encoding": "gzip"}, "text/event-stream")
    async with serving(build, garbage) as (server, model):
        error = await error_of(model)
    assert (error.kind, error.retryable) == ("protocol", False)
    assert server.host in str(error)


@pytest.mark.behaviour("B-111")
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_named_and_the_key_stays(build: Build, status: int) -> None:
    async with RawHttp([stream(reply(text_block(0, "stolen")))]) as thief:
        moved = answer(status, b"", {"location": f"{thief.url}/v1/messages"})
        async with serving(build, moved) as (_, model):
            error = await error_of(model)
    assert (error.kind, error.retryable, error.status) == ("protocol", False, status)
    assert thief.host in str(error)
    assert thief.requests == []


@pytest.mark.behaviour("B-112")
async def test_a_refused_connection_names_host_and_cause(build: Build) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"
        model = build(config(f"http://{host}"))
        error = await error_of(model)
        await model.aclose()
    assert (error.kind, error.retryable) == ("connection", True)
    assert host in str(error) and "connection refused" in str(error)


@pytest.mark.behaviour("B-112")
async def test_an_unknown_host_is_named(build: Build) -> None:
    model = build(config("http://no-such-host.invalid"))
    error = await error_of(model)
    await model.aclose()
    assert error.kind == "connection"
    assert "no-such-host.invalid" in str(error) and "DNS" in str(error)


@pytest.mark.behaviour("B-112")
async def test_tls_to_a_plain_server_is_named_and_not_retried(build: Build) -> None:
    async with RawHttp([answer(200, b"")]) as server:
        model = build(config(f"https://{server.host}"))
        error = await error_of(model)
        await model.aclose()
    assert (error.kind, error.retryable) == ("connection", False)
    assert server.host in str(error) and "TLS" in str(error)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here to make a certificate")
    path = tmp_path / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=coder test"]
    alternative = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out", str(tmp_path / "cert.pem")]
    subprocess.run([*command, *alternative], check=True, capture_output=True)
    path.write_text(path.read_text() + (tmp_path / "cert.pem").read_text())
    return path


@pytest.mark.behaviour("B-112")
@pytest.mark.parametrize("variable", ["", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"])
async def test_certificates_are_checked_against_the_usual_variables(
    build: Build, certificate: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if variable:
        monkeypatch.setenv(variable, str(certificate))
    async with asyncio.timeout(DEADLINE), RawHttp([stream(reply(text_block(0, "ok")))], tls=context) as server:
        model = build(config(server.url))
        if variable:
            assert isinstance((await collect(model))[-1], Completed)
        else:
            error = await error_of(model)
            assert (error.kind, error.retryable) == ("connection", False)
            assert server.host in str(error) and "SSL_CERT_FILE" in str(error)
        await model.aclose()


async def test_other_hosts_are_reached_through_the_proxy(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    async with RawHttp([stream(reply(text_block(0, "ok")))]) as proxy:
        use_proxy(monkeypatch, proxy.url)
        model = build(config("http://api.example.test"))
        assert isinstance((await collect(model))[-1], Completed)
        await model.aclose()
    assert proxy.requests[0].target == "http://api.example.test/v1/messages"


@pytest.mark.parametrize("url", ["http://api.example.test", "https://api.example.test"])
async def test_a_proxy_that_wants_a_password_is_named(build: Build, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with RawHttp([answer(407, b"", {"proxy-authenticate": "Basic"})]) as proxy:
        use_proxy(monkeypatch, proxy.url)
        model = build(config(url))
        error = await error_of(model)
        await model.aclose()
    assert (error.kind, error.retryable) == ("connection", False)
    assert "proxy" in str(error) and "HTTPS_PROXY" in str(error)


@pytest.mark.parametrize("url", ["http://api.example.test", "https://api.example.test"])
async def test_a_proxy_that_is_not_there_is_named_without_its_password(
    build: Build, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_proxy(monkeypatch, "http://me:hunter2@127.0.0.1:1")
    model = build(config(url))
    error = await error_of(model)
    await model.aclose()
    assert (error.kind, error.retryable) == ("connection", True)
    assert str(error).startswith(
        "api.example.test cannot be reached: the proxy 127.0.0.1:1: connection refused. Check "
    )
    assert "HTTPS_PROXY" in str(error) and "hunter2" not in str(error)


async def test_a_proxy_that_is_no_address_is_named_too(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    use_proxy(monkeypatch, "http://me:hunter2@[bad")
    model = build(config("http://api.example.test"))
    error = await error_of(model)
    await model.aclose()
    assert error.kind == "connection" and "hunter2" not in str(error)


async def test_loopback_is_never_proxied(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    use_proxy(monkeypatch, "http://127.0.0.1:1")
    async with serving(build, stream(reply(text_block(0, "ok")))) as (_, model):
        assert isinstance((await collect(model))[-1], Completed)


@pytest.mark.parametrize("end", [b"0\r\n\r\n", None])
async def test_a_whole_reply_does_not_wait_for_the_end_of_the_connection(build: Build, end: bytes | None) -> None:
    steps = stream(reply(text_block(0, "ok")), end=end)
    async with serving(build, [*steps, "stall"] if end is None else steps, idle_timeout=60) as (_, model):
        assert isinstance((await collect(model))[-1], Completed)


async def test_one_connection_serves_many_requests(build: Build) -> None:
    async with serving(build, stream(reply(text_block(0, "ok")))) as (server, model):
        for _ in range(3):
            await collect(model)
        assert (len(server.requests), server.connections) == (3, 1)


@pytest.mark.behaviour("B-113")
async def test_cancelling_hangs_up_at_once(build: Build) -> None:
    steps: list[Step] = [*stream([start(), *text_block(0, "Hel")[:2]], end=None), "stall"]
    async with serving(build, steps) as (server, model):
        seen = asyncio.Event()

        async def listen() -> None:
            async for event in model.stream(ask()):
                if isinstance(event, TextPart):
                    seen.set()

        task = asyncio.create_task(listen())
        await seen.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.client_gone()


async def test_leaving_a_stream_early_hangs_up(build: Build) -> None:
    steps: list[Step] = [*stream([start(), *text_block(0, "Hel")[:2]], end=None), "stall"]
    async with serving(build, steps) as (server, model):
        events = model.stream(ask())
        async for event in events:
            if isinstance(event, TextPart):
                break
        await events.aclose()  # type: ignore[attr-defined]
        await server.client_gone()


@pytest.mark.behaviour("B-114")
@pytest.mark.parametrize("transport", ["wire", "sdk"])
async def test_connect_retries_the_same_request_until_it_succeeds(transport: str) -> None:
    answers = [
        failure(429, "rate_limit_error", "slow", {"retry-after-ms": "5"}),
        failure(529, "overloaded_error", "Overloaded", {"retry-after-ms": "5"}),
        stream(reply(text_block(0, "ok"))),
    ]
    async with asyncio.timeout(DEADLINE), RawHttp(answers) as server:
        model = connect(config(server.url, transport=transport))
        events = await collect(model)
        await model.aclose()
    assert [event.kind for event in events if isinstance(event, Retrying)] == ["rate_limit", "overloaded"]
    assert isinstance(events[-1], Completed)
    assert len({received.body for received in server.requests}) == 1 and len(server.requests) == 3


async def test_foundry_is_reached_with_its_own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    async with asyncio.timeout(DEADLINE), RawHttp([stream(reply(text_block(0, "ok")))]) as server:
        monkeypatch.setenv("ANTHROPIC_FOUNDRY_BASE_URL", server.url)
        monkeypatch.setenv("ANTHROPIC_FOUNDRY_API_KEY", "azure-key-1234")
        model = SdkModel(ModelConfig("claude-sonnet-5-5", "", api_key=KEY, provider="foundry"))
        assert isinstance((await collect(model))[-1], Completed)
        await model.aclose()
    assert server.requests[0].json == body(ask())
    assert KEY not in str(server.requests[0].headers)


async def test_bedrock_is_sent_the_same_messages_and_never_our_key(monkeypatch: pytest.MonkeyPatch) -> None:
    async with asyncio.timeout(DEADLINE), RawHttp([failure(529, "overloaded_error", "later")]) as server:
        monkeypatch.setenv("ANTHROPIC_BEDROCK_BASE_URL", server.url)
        monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "aws-token-1234")
        monkeypatch.setenv("AWS_REGION", "eu-central-1")
        model = SdkModel(ModelConfig("claude-sonnet-5-5", "", api_key=KEY, provider="bedrock"))
        assert (await error_of(model)).kind == "overloaded"
        await model.aclose()
    assert server.requests[0].target == "/model/claude-sonnet-5-5/invoke-with-response-stream"
    assert server.requests[0].json["messages"] == body(ask())["messages"]
    assert KEY not in str(server.requests[0].headers)


async def test_a_cloud_without_its_settings_is_a_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CLOUD_ML_REGION", "ANTHROPIC_FOUNDRY_API_KEY", "ANTHROPIC_VERTEX_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path))
    for provider in ("vertex", "foundry"):
        model = connect(ModelConfig("m", "", provider=provider))
        error = await error_of(model)
        await model.aclose()
        assert error.kind == "auth" and provider in str(error)
