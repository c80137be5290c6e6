import asyncio
from typing import Any

import httpx2
import pytest

from coder.core.messages import Json
from coder.replay.record import parse_events
from coder.replay.sse import gather
from tests.support.fakeapi import (
    DEADLINE,
    RunningApi,
    assistant,
    client,
    fault,
    model_request,
    result,
    running_api,
    text,
    thinking,
    tool,
    turn,
    user,
)

REPLY = (thinking("hm"), text("I read the file now."), tool("Read", id="toolu_1", file_path="/a/b.py"))


async def ask(api: RunningApi, *messages: Json, **params: Any) -> httpx2.Response:
    async with client(api.url) as http:
        return await http.post("/v1/messages", json=model_request(*(messages or (user("go"),)), **params))


async def faulty(given: Json) -> tuple[httpx2.Response, httpx2.Response]:
    """The answer with the fault, and the one to the retry."""
    async with running_api([turn(*REPLY, fault=given, delta=4), turn("next")]) as api:
        return await ask(api), await ask(api)


async def broken(given: Json) -> bytes:
    """What arrives of the body before the connection breaks; the retry must be whole."""
    arrived = b""
    async with running_api([turn(*REPLY, fault=given, delta=4)]) as api, client(api.url) as http:
        with pytest.raises(httpx2.RemoteProtocolError if not given.get("reset") else httpx2.TransportError):
            async with http.stream("POST", "/v1/messages", json=model_request(user("go"))) as response:
                async for chunk in response.aiter_bytes():
                    arrived += chunk
        assert_whole(await ask(api))
    return arrived


async def pieces_of(given: Json) -> list[bytes]:
    async with (
        running_api([given]) as api,
        client(api.url) as http,
        http.stream("POST", "/v1/messages", json=model_request(user("go"))) as response,
    ):
        return [chunk async for chunk in response.aiter_raw()]


def kinds(response: httpx2.Response) -> list[str]:
    return [str(event["type"]) for event in parse_events(response.text)]


def assert_whole(response: httpx2.Response) -> None:
    assert response.status_code == 200
    events = parse_events(response.text)
    assert events[-1] == {"type": "message_stop"}
    assert [block["type"] for block in gather(events)] == ["thinking", "text", "tool_use"]


@pytest.mark.behaviour("B-150")
async def test_a_clean_stream_is_what_the_api_sends() -> None:
    async with running_api([turn(*REPLY, delta=6)]) as api:
        response = await ask(api)
    assert response.headers["content-type"].startswith("text/event-stream")
    events = parse_events(response.text)
    order = [event["type"] for event in events if event["type"] != "ping"]
    assert order[0] == "message_start"
    assert order[-2:] == ["message_delta", "message_stop"]
    assert gather(events)[1:] == [REPLY[1], {**REPLY[2]}]
    deltas = [event["delta"]["type"] for event in events if event["type"] == "content_block_delta"]
    assert list(dict.fromkeys(deltas)) == ["thinking_delta", "signature_delta", "text_delta", "input_json_delta"]
    start, end = events[0]["message"], events[-2]
    assert (start["content"], start["stop_reason"], start["usage"]["output_tokens"]) == ([], None, 1)
    assert end["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert end["usage"]["output_tokens"] > 1
    assert response.text.startswith("event: message_start\ndata: {")


@pytest.mark.behaviour("B-150")
async def test_a_whole_message_says_the_same_as_the_stream() -> None:
    async with running_api([turn(*REPLY, repeat=2)]) as api:
        message = (await ask(api, stream=False)).json()
        events = parse_events((await ask(api)).text)
    assert gather(events)[1:] == message["content"][1:]
    assert message["stop_reason"] == "tool_use"
    assert message["usage"] == events[-2]["usage"]


@pytest.mark.behaviour("B-159")
@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 429, 500, 502, 503, 529])
async def test_an_error_status_has_the_shape_of_the_api(status: int) -> None:
    first, retry = await faulty(fault("status", status, retry_after=1.5, message="no luck"))
    assert first.status_code == status
    assert first.json()["error"]["message"] == "no luck"
    assert first.json()["type"] == "error"
    assert first.json()["request_id"] == first.headers["request-id"]
    assert first.headers["retry-after"] == "1.5"
    assert_whole(retry)


@pytest.mark.parametrize(("status", "kind"), [(429, "rate_limit_error"), (529, "overloaded_error"), (500, "api_error")])
async def test_an_error_status_names_the_error_type(status: int, kind: str) -> None:
    first, _ = await faulty(fault("status", status))
    assert first.json()["error"]["type"] == kind


async def test_a_status_can_carry_any_body_and_headers() -> None:
    given = fault("status", 503, body="upstream down", headers={"X-Proxy": "a"}, error="ignored")
    first, _ = await faulty(given)
    assert (first.text, first.headers["x-proxy"]) == ("upstream down", "a")


@pytest.mark.behaviour("B-159")
async def test_an_error_event_ends_the_stream_where_it_stands() -> None:
    first, retry = await faulty(fault("error_event", after=4))
    assert kinds(first)[-2:] == ["content_block_delta", "error"]
    assert len(kinds(first)) == 5
    assert parse_events(first.text)[-1]["error"]["type"] == "overloaded_error"
    assert_whole(retry)


@pytest.mark.behaviour("B-160")
async def test_the_stream_can_be_cut_after_any_event() -> None:
    arrived = await broken(fault("cut", after=5))
    assert len(parse_events(arrived.decode())) == 5


@pytest.mark.behaviour("B-160")
@pytest.mark.parametrize("at", [0, 1, 700, 1000])
async def test_the_body_can_be_cut_at_any_byte(at: int) -> None:
    assert len(await broken(fault("cut", at_byte=at))) == at


@pytest.mark.behaviour("B-160")
@pytest.mark.parametrize("at", [1, 20, 60])
async def test_the_response_can_be_cut_inside_its_head(at: int) -> None:
    assert await broken(fault("cut", at_wire_byte=at)) == b""


async def test_the_connection_can_end_before_any_answer_or_by_a_reset() -> None:
    assert await broken(fault("cut", before_headers=True)) == b""
    await broken(fault("cut", after=3, reset=True))


@pytest.mark.behaviour("B-159")
@pytest.mark.parametrize("where", [{"before_headers": True}, {"after": 0}, {"after": 3}])
async def test_a_stall_lasts_until_the_client_leaves(where: Json) -> None:
    async with running_api([turn(*REPLY, fault=fault("stall", **where))]) as api:
        async with client(api.url) as http:
            with pytest.raises(httpx2.ReadTimeout):
                await http.post("/v1/messages", json=model_request(user("go")), timeout=httpx2.Timeout(0.2))
        async with asyncio.timeout(DEADLINE):
            while api.exchanges[0].state == "open":
                await asyncio.sleep(0)
        assert api.exchanges[0].state == "left"
        assert_whole(await ask(api))


async def test_a_stall_with_an_end_goes_on_afterwards() -> None:
    first, following = await faulty(fault("stall", seconds=0.01, after=2))
    assert_whole(first)
    assert gather(parse_events(following.text)) == [text("next")]


@pytest.mark.behaviour("B-159")
async def test_malformed_tool_json_arrives_as_written_and_the_reply_is_whole() -> None:
    first, _ = await faulty(fault("malformed_json", text='{"file_path": '))
    partial = [e["delta"]["partial_json"] for e in parse_events(first.text) if "partial_json" in e.get("delta", {})]
    assert partial == ['{"file_path": ']
    assert kinds(first)[-1] == "message_stop"


@pytest.mark.behaviour("B-159")
async def test_unfinished_tool_json_stops_the_reply_at_its_limit() -> None:
    first, _ = await faulty(fault("unfinished_json", keep=8))
    events = parse_events(first.text)
    assert [e["delta"]["partial_json"] for e in events if "partial_json" in e.get("delta", {})] == ['{"file_p']
    assert events[-2]["delta"]["stop_reason"] == "max_tokens"


@pytest.mark.behaviour("B-159")
async def test_unknown_types_come_in_between_and_change_nothing_known() -> None:
    first, _ = await faulty(fault("unknown_events"))
    assert "brand_new_event" in kinds(first)
    assert [b["type"] for b in gather(parse_events(first.text))][-1] == "brand_new_block"
    assert gather(parse_events(first.text))[1:3] == list(REPLY[1:])


@pytest.mark.parametrize(
    "emitted",
    [turn({"raw": {"type": "novelty", "x": 1}}, "hi"), turn("hi", fault=fault("unknown_events"))],
    ids=["by the script", "by a fault"],
)
async def test_an_unknown_block_that_was_emitted_may_be_sent_back(emitted: Json) -> None:
    async with running_api([emitted, turn("fine")]) as api:
        content = gather(parse_events((await ask(api)).text))
        assert (await ask(api, user("go"), assistant(*content), user("on"))).status_code == 200


@pytest.mark.behaviour("B-159")
async def test_floods_and_huge_events_leave_the_reply_whole() -> None:
    flood, _ = await faulty(fault("ping_flood", count=500, after=3))
    assert kinds(flood).count("ping") == 501
    assert_whole(flood)
    huge, _ = await faulty(fault("huge_event", size=2_000_000))
    assert len(huge.content) > 2_000_000
    assert_whole(huge)


@pytest.mark.behaviour("B-159")
async def test_a_drip_arrives_in_small_pieces() -> None:
    pieces = await pieces_of(turn("hello", fault=fault("drip", bytes=200, delay=0.001)))
    assert len(pieces) > 3
    assert gather(parse_events(b"".join(pieces).decode())) == [text("hello")]


@pytest.mark.behaviour("B-159")
async def test_a_portal_page_a_redirect_and_garbage_are_no_stream() -> None:
    page, retry = await faulty(fault("html"))
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert_whole(retry)
    moved, retry = await faulty(fault("redirect", 302, location="http://127.0.0.1:9/else"))
    assert (moved.status_code, moved.headers["location"]) == (302, "http://127.0.0.1:9/else")
    assert_whole(retry)
    with pytest.raises(httpx2.DecodingError):
        await faulty(fault("gzip_garbage"))


@pytest.mark.behaviour("B-159")
async def test_disorder_and_a_missing_end_are_followed_by_a_good_retry() -> None:
    disorder, retry = await faulty(fault("out_of_order"))
    assert kinds(disorder)[:2] == ["message_start", "content_block_delta"]
    assert_whole(retry)
    endless, retry = await faulty(fault("no_message_stop"))
    assert "message_stop" not in kinds(endless)
    assert_whole(retry)


async def test_faults_reach_whole_messages_too() -> None:
    async with running_api(
        [turn("hi", fault=[fault("error_event"), fault("cut", at_byte=10), fault("stall", seconds=0.01)])]
    ) as api:
        assert (await ask(api, stream=False)).status_code == 529
        with pytest.raises(httpx2.RemoteProtocolError):
            await ask(api, stream=False)
        assert (await ask(api, stream=False)).json()["content"] == [text("hi")]


async def test_pauses_before_and_between_events_keep_them_apart() -> None:
    assert len(await pieces_of(turn("hello", wait=0.01, delay=0.001))) >= 5


async def test_a_paused_turn_may_be_sent_back_as_it_is_and_nothing_else_may() -> None:
    async with running_api([turn("so far", stop_reason="pause_turn"), turn("the end")], allow_violations=True) as api:
        await ask(api)
        assert (await ask(api, user("go"), assistant("so far"))).status_code == 200
        refused = await ask(api, user("go"), assistant("so far"), user("x"), assistant("prefill"))
    assert refused.status_code == 400
    assert "does not support assistant message prefill" in refused.json()["error"]["message"]


async def test_a_tool_round_trip_with_signed_thinking_passes() -> None:
    async with running_api([turn(*REPLY), turn("done")]) as api:
        content = gather(parse_events((await ask(api)).text))
        answer = await ask(api, user("go"), assistant(*content), user(result("toolu_1", "x = 1")))
    assert gather(parse_events(answer.text)) == [text("done")]


@pytest.mark.behaviour("B-168")
async def test_altered_thinking_is_refused() -> None:
    async with running_api([turn(*REPLY), turn("done")], allow_violations=True) as api:
        content = gather(parse_events((await ask(api)).text))
        content[0]["thinking"] = "something else"
        answer = await ask(api, user("go"), assistant(*content), user(result("toolu_1", "x = 1")))
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "messages.1.content.0: Invalid `signature` in `thinking` block"
