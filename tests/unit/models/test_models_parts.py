from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from coder.core.config import ModelConfig
from coder.core.errors import ModelError
from coder.core.messages import Message, Text, Thinking, ToolUse
from coder.core.model import BlockFinished, Completed, ModelRequest, TextPart, ThinkingPart
from coder.models.connecting import connect
from coder.models.deferred import DeferredModel
from coder.models.endpoint import Endpoint, endpoint
from coder.models.failures import status_error
from coder.models.scripted import ScriptedModel, reply
from coder.models.wire import WireModel

REQUEST = ModelRequest("m", (Message("user", (Text("hi"),)),))


def where(**changes: Any) -> Endpoint:
    return endpoint(ModelConfig("m", changes.pop("base_url", "https://gateway.example:8443/v1"), **changes))


@pytest.mark.parametrize(
    ("url", "messages_url", "host", "is_loopback"),
    [
        ("", "https://api.anthropic.com/v1/messages", "api.anthropic.com", False),
        ("http://localhost:11434/", "http://localhost:11434/v1/messages", "localhost:11434", True),
        ("http://127.0.0.1:1/v1", "http://127.0.0.1:1/v1/messages", "127.0.0.1:1", True),
        ("http://[::1]:8/x/v1/", "http://[::1]:8/x/v1/messages", "[::1]:8", True),
        (
            "https://127.0.0.1.evil.example",
            "https://127.0.0.1.evil.example/v1/messages",
            "127.0.0.1.evil.example",
            False,
        ),
        ("https://u:pass-word@h.example", "https://u:pass-word@h.example/v1/messages", "h.example", False),
    ],
)
def test_base_urls(url: str, messages_url: str, host: str, is_loopback: bool) -> None:
    found = where(base_url=url)
    assert (found.messages_url, found.host, found.is_loopback) == (messages_url, host, is_loopback)


@pytest.mark.parametrize("url", ["api.anthropic.com", "ftp://x", "http://", "http://[::1", "http://a:99999/"])
def test_an_unusable_base_url_says_what_to_set(url: str) -> None:
    with pytest.raises(ModelError, match="ANTHROPIC_BASE_URL") as caught:
        where(base_url=url)
    assert not caught.value.retryable


@pytest.mark.parametrize("key", ["two\nlines-key", "schlüssel-key", "tab\tkey-key"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ModelError) as caught:
        where(api_key=key, key_source="apiKeyHelper")
    assert caught.value.kind == "auth" and "apiKeyHelper" in str(caught.value)
    assert key not in str(caught.value)


def test_spaces_around_a_key_do_not_matter() -> None:
    assert where(api_key=" sk-1\n").headers["authorization"] == "Bearer sk-1"


@pytest.mark.behaviour("B-106")
def test_secrets_are_not_in_the_repr_of_an_endpoint() -> None:
    assert "sk-secret" not in repr(where(api_key="sk-secret", headers={"x-token": "sk-secret-2"}))


def test_custom_headers_are_secret_too() -> None:
    found = where(headers={"X-Token": "gateway-token-1"})
    assert found.clean("bad gateway-token-1 given") == "bad [secret] given"


@pytest.mark.behaviour("B-124")
def test_without_any_key_the_api_is_not_asked() -> None:
    with pytest.raises(ModelError, match="Set ANTHROPIC_API_KEY") as caught:
        WireModel(ModelConfig("m", ""))
    assert caught.value.kind == "auth"


@pytest.mark.parametrize(("offset", "low", "high"), [(30, 25, 30), (-30, 0, 0)])
def test_retry_after_may_be_a_date(offset: int, low: float, high: float) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=offset), usegmt=True)
    error = status_error(where(), 429, {"retry-after": date}, b"")
    assert low <= (error.retry_after or 0.0) <= high


@pytest.mark.parametrize("value", ["-1", "inf", "nan", "", "Wed, 99 Foo", "1e400"])
def test_an_unreadable_retry_after_is_none(value: str) -> None:
    assert status_error(where(), 429, {"retry-after": value}, b"").retry_after is None


async def test_certificates_that_cannot_be_read_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with pytest.raises(ModelError, match="SSL_CERT_FILE") as caught:
        WireModel(ModelConfig("m", "https://gateway.example"))
    assert caught.value.kind == "connection"


async def test_an_unusable_proxy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "gopher://x")
    monkeypatch.setenv("http_proxy", "gopher://x")
    with pytest.raises(ModelError, match="HTTP_PROXY"):
        WireModel(ModelConfig("m", "http://gateway.example"))


async def test_a_deferred_model_is_built_once_and_only_when_asked() -> None:
    built: list[ScriptedModel] = []

    def build() -> ScriptedModel:
        built.append(ScriptedModel([reply("a"), reply("b")]))
        return built[-1]

    model = DeferredModel(build)
    await model.aclose()
    assert not built

    async def ask() -> bool:
        return bool([event async for event in model.stream(REQUEST)])

    assert all(await asyncio.gather(ask(), ask()))
    await model.aclose()
    assert len(built) == 1 and built[0].closed


async def test_connect_reports_a_bad_setting_only_when_asked() -> None:
    model = connect(ModelConfig("m", "nonsense"))
    with pytest.raises(ModelError, match="ANTHROPIC_BASE_URL"):
        async for _ in model.stream(REQUEST):
            pass
    await model.aclose()


@pytest.mark.behaviour("B-122")
def test_importing_models_loads_neither_http_nor_the_sdk() -> None:
    code = (
        "import sys, coder.models, coder.models.catalog, coder.models.scripted; coder.models.catalog.describe('x')\n"
        "print(sorted({'httpx2', 'anthropic', 'pydantic', 'email', 'http', 'urllib.request'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.behaviour("B-122")
def test_the_wire_transport_does_not_load_the_sdk() -> None:
    code = "import sys, coder.models.wire; print('anthropic' in sys.modules, 'pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"


async def test_the_scripted_model_plays_messages_events_errors_and_functions() -> None:
    call = ToolUse("t", "Read", {})
    model = ScriptedModel(
        [
            reply(Thinking("hm", "s"), "Hello", call),
            [TextPart("He"), ModelError("Cut.", "cut", retryable=True)],
            ModelError("No.", "auth"),
            lambda request: reply(f"{len(request.messages)} message"),
        ]
    )
    first = [event async for event in model.stream(REQUEST)]
    assert first[:-1] == [
        ThinkingPart("hm"),
        BlockFinished(Thinking("hm", "s")),
        TextPart("Hello"),
        BlockFinished(Text("Hello")),
        BlockFinished(call),
    ]
    assert isinstance(first[-1], Completed) and first[-1].stop_reason == "tool_use"
    for kind in ("cut", "auth"):
        with pytest.raises(ModelError) as caught:
            _ = [event async for event in model.stream(REQUEST)]
        assert caught.value.kind == kind
    last = [event async for event in model.stream(REQUEST)][-1]
    assert isinstance(last, Completed) and last.message.text == "1 message"
    with pytest.raises(ModelError, match="no reply for request 5"):
        _ = [event async for event in model.stream(REQUEST)]
    assert len(model.requests) == 5
