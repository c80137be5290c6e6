"""What accounting needs of both transports: the server's request id, and its count of a prompt."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coder.core.config import ModelConfig
from coder.core.errors import ModelError
from coder.core.messages import Message, Text
from coder.core.model import Accepted, CountingModel, ModelEvent, ModelRequest
from coder.models.sdk import SdkModel
from coder.models.wire import WireModel
from tests.support.fakeapi import KEY, fault, running_api, turn

REQUEST = ModelRequest("claude-sonnet-5-5", (Message("user", (Text("hi " * 400),)),), ("Be good.",), mark_system=True)
Build = Callable[[ModelConfig], CountingModel]


@pytest.fixture(params=[WireModel, SdkModel], ids=["wire", "sdk"])
def build(request: pytest.FixtureRequest) -> Build:
    kind: Build = request.param
    return kind


async def test_that_it_was_accepted_is_the_first_event_with_the_id_of_the_request(build: Build) -> None:
    broken = turn("x", fault=[fault("cut", after=1), fault("status", 529)])
    async with running_api([turn("ok"), broken]) as api:
        model = build(ModelConfig("claude-sonnet-5-5", api.url, api_key=KEY))
        seen: list[list[ModelEvent]] = []
        for _ in range(3):
            events: list[ModelEvent] = []
            try:
                async for event in model.stream(REQUEST):
                    events.append(event)
            except ModelError:
                pass
            seen.append(events)
        await model.aclose()
    assert [events[0] for events in seen[:2]] == [Accepted(f"req_{n:024d}") for n in (1, 2)]
    assert seen[2] == []


async def test_the_server_counts_the_prompt_that_it_would_be_sent(build: Build) -> None:
    async with running_api([turn("ok")]) as api:
        model = build(ModelConfig("claude-sonnet-5-5", api.url, api_key=KEY))
        counted = await model.count_tokens(REQUEST)
        async for _ in model.stream(REQUEST):
            pass
        await model.aclose()
        usage = api.exchanges[-1].usage
        assert api.exchanges[0].path.endswith("/count_tokens") and usage is not None
    assert counted == usage["input_tokens"] + usage["cache_creation_input_tokens"] > 300


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", None])
async def test_a_server_that_does_not_count_is_an_error_like_any_other(build: Build, url: str | None) -> None:
    async with running_api([turn("ok")]) as api:
        model = build(ModelConfig("claude-sonnet-5-5", url or f"{api.url}/elsewhere", api_key=KEY))
        with pytest.raises(ModelError) as caught:
            await model.count_tokens(REQUEST)
        await model.aclose()
    assert KEY not in str(caught.value) and caught.value.kind == ("connection" if url else "not_found")
