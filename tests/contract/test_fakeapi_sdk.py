import typing
from collections.abc import AsyncIterator
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic.types import content_block_param, message_create_params

from coder.core.messages import Json
from coder.replay.blocks import KEYS, OTHERS
from coder.replay.validate import TOP_LEVEL
from tests.support.fakeapi import (
    DEADLINE,
    KEY,
    RunningApi,
    fault,
    result,
    running_api,
    text,
    thinking,
    tool,
    turn,
    user,
)

BODY: Json = {"model": "claude-test", "max_tokens": 1024, "messages": [user("go")]}


def sdk(api: RunningApi) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(api_key=KEY, base_url=api.url, max_retries=0, timeout=DEADLINE)


async def create(api: RunningApi, **changes: Any) -> Any:
    async with sdk(api) as client:
        return await client.messages.create(**{**BODY, **changes})


async def events_of(api: RunningApi, **changes: Any) -> AsyncIterator[Json]:
    async with sdk(api) as client:
        async for event in await client.messages.create(**{**BODY, **changes}, stream=True):
            yield event.model_dump(warnings=False, exclude_unset=True)


@pytest.mark.behaviour("B-150")
async def test_the_sdk_streams_text() -> None:
    async with (
        running_api([turn("Hello, you there.", delta=3)]) as api,
        sdk(api) as client,
        client.messages.stream(**BODY) as stream,
    ):
        words = [word async for word in stream.text_stream]
        message = await stream.get_final_message()
    assert len(words) == 6
    assert (message.content[0].type, message.stop_reason) == ("text", "end_turn")
    assert "".join(words) == "Hello, you there."
    assert message.usage.output_tokens > 0
    assert message.usage.input_tokens > 0


@pytest.mark.behaviour("B-150")
async def test_the_sdk_reads_a_whole_message() -> None:
    async with running_api([turn("Hello.", tool("Read", id="toolu_1", file_path="/a"))]) as api:
        message = await create(api)
    assert [block.to_dict() for block in message.content] == [
        text("Hello."),
        tool("Read", id="toolu_1", file_path="/a"),
    ]
    assert message.stop_reason == "tool_use"


@pytest.mark.behaviour("B-168")
async def test_thinking_and_tools_make_the_round_trip_through_the_sdk() -> None:
    script = [turn(thinking("first the file"), tool("Read", file_path="/a"), delta=5), turn("It says x.")]
    async with running_api(script) as api, sdk(api) as client:
        async with client.messages.stream(**BODY, thinking={"type": "adaptive"}) as stream:
            reply = await stream.get_final_message()
        content: list[Json] = [block.to_dict() for block in reply.content]
        follow: list[Any] = [user("go"), {"role": "assistant", "content": content}, user(result(content[1]["id"], "x"))]
        answer = await client.messages.create(**{**BODY, "messages": follow}, thinking={"type": "adaptive"})
    assert [block["type"] for block in content] == ["thinking", "tool_use"]
    assert answer.content[0].to_dict() == text("It says x.")


async def test_the_sdk_sees_every_event_of_a_stream_but_pings() -> None:
    async with running_api([turn("Hello.", fault=fault("ping_flood", count=20))]) as api:
        kinds = [event["type"] async for event in events_of(api)]
    assert kinds[0] == "message_start"
    assert kinds[-1] == "message_stop"
    assert "ping" not in kinds


async def test_unknown_events_and_blocks_pass_through_the_sdk() -> None:
    async with running_api([turn("Hello.", fault=fault("unknown_events"))]) as api:
        blocks = [e["content_block"] async for e in events_of(api) if e["type"] == "content_block_start"]
    assert [block["type"] for block in blocks] == ["text", "brand_new_block"]


async def test_the_sdk_counts_tokens_and_lists_models() -> None:
    async with running_api([turn("unused")]) as api, sdk(api) as client:
        counted = await client.messages.count_tokens(
            model="claude-test", messages=[{"role": "user", "content": "hello"}]
        )
        models = [model async for model in client.models.list()]
        one = await client.models.retrieve(models[0].id)
    assert counted.input_tokens > 0
    assert one == models[0]
    assert one.created_at.year >= 2025


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, anthropic.BadRequestError),
        (401, anthropic.AuthenticationError),
        (403, anthropic.PermissionDeniedError),
        (404, anthropic.NotFoundError),
        (413, anthropic.APIStatusError),
        (429, anthropic.RateLimitError),
        (500, anthropic.InternalServerError),
        (502, anthropic.InternalServerError),
        (503, anthropic.APIStatusError),
        (529, anthropic.APIStatusError),
    ],
)
async def test_each_status_is_the_error_class_the_sdk_has_for_it(
    status: int, error: type[anthropic.APIStatusError]
) -> None:
    async with running_api([turn("x", fault=fault("status", status, message="no luck", retry_after=3))]) as api:
        with pytest.raises(error) as caught:
            await create(api)
    assert caught.value.status_code == status
    assert caught.value.api_message == "no luck"
    assert caught.value.request_id == caught.value.response.headers["request-id"]
    assert caught.value.response.headers["retry-after"] == "3"


@pytest.mark.parametrize(("status", "kind"), [(429, "rate_limit_error"), (529, "overloaded_error"), (500, "api_error")])
async def test_the_error_type_reaches_the_sdk(status: int, kind: str) -> None:
    async with running_api([turn("x", fault=fault("status", status))]) as api:
        with pytest.raises(anthropic.APIStatusError) as caught:
            await create(api)
    assert caught.value.type == kind


@pytest.mark.behaviour("B-152")
async def test_an_invalid_request_of_the_sdk_is_a_bad_request() -> None:
    async with running_api([turn("x")], allow_violations=True) as api:
        with pytest.raises(anthropic.BadRequestError, match="unexpected `tool_use_id` found in `tool_result` blocks"):
            await create(api, messages=[user(result("toolu_9"))])


@pytest.mark.behaviour("B-151")
async def test_the_sdk_is_let_in_by_either_header() -> None:
    async with running_api([turn("a"), turn("b")]) as api:
        await create(api)
        async with sdk(api) as client:
            headers: Any = {"x-api-key": KEY, "Authorization": anthropic.Omit()}
            await client.messages.create(**BODY, extra_headers=headers)
        assert api.exchanges[0].headers["authorization"] == "Bearer [redacted]"
        assert api.exchanges[1].headers["x-api-key"] == "[redacted]"
        assert "authorization" not in api.exchanges[1].headers


@pytest.mark.behaviour("B-159")
async def test_an_error_event_and_a_cut_reach_the_sdk_as_they_do_in_the_wild() -> None:
    async with running_api([turn("Hello.", fault=[fault("error_event"), fault("cut", after=4)])]) as api:
        with pytest.raises(anthropic.APIStatusError) as caught:
            _ = [event async for event in events_of(api)]
        assert caught.value.type == "overloaded_error"
        with pytest.raises((httpx2.RemoteProtocolError, anthropic.APIConnectionError)):
            _ = [event async for event in events_of(api)]


@pytest.mark.behaviour("B-156")
async def test_cache_usage_reaches_the_sdk() -> None:
    marked = [{"type": "text", "text": "careful " * 50, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    async with running_api([turn("a"), turn("b")]) as api:
        first = await create(api, system=marked)
        second = await create(api, system=marked, messages=[user("else")])
    assert first.usage.cache_creation.ephemeral_1h_input_tokens == first.usage.cache_creation_input_tokens > 0
    assert second.usage.cache_read_input_tokens == first.usage.cache_creation_input_tokens


def test_the_validator_knows_every_parameter_and_block_the_sdk_can_send() -> None:
    params = set(typing.get_type_hints(message_create_params.MessageCreateParamsStreaming))
    assert params <= TOP_LEVEL
    blocks = typing.get_args(content_block_param.ContentBlockParam)
    hints = {block: typing.get_type_hints(block) for block in blocks}
    kinds = {typing.get_args(hint["type"])[0]: set(hint) for hint in hints.values()}
    assert set(kinds) == {*KEYS, *OTHERS}
    for kind, keys in KEYS.items():
        assert keys == kinds[kind]
