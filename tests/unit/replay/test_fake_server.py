import asyncio
import subprocess
import sys
import threading

import httpx2
import pytest

from coder.replay.run import serving
from coder.replay.script import ScriptPlayer
from coder.replay.script_load import script
from tests.support.fakeapi import (
    KEY,
    RunningApi,
    assistant,
    client,
    fake_api,
    fault,
    model_request,
    result,
    running_api,
    text,
    tool,
    turn,
    user,
)

BEARER = {"authorization": f"Bearer {KEY}"}


async def post(api: RunningApi, body: object, path: str = "/v1/messages", **headers: str) -> httpx2.Response:
    async with client(api.url, **headers) as http:
        return await http.post(path, json=body)


def message_of(response: httpx2.Response) -> str:
    return str(response.json()["error"]["message"])


@pytest.mark.behaviour("B-151")
@pytest.mark.parametrize("headers", [{"x-api-key": KEY, "authorization": ""}, BEARER])
async def test_both_kinds_of_credentials_are_taken(headers: dict[str, str]) -> None:
    async with running_api([turn("hi")]) as api:
        answer = await post(api, model_request(user("go")), **headers)
    assert answer.status_code == 200


@pytest.mark.behaviour("B-151")
@pytest.mark.parametrize("headers", [{"authorization": ""}, {"authorization": "Basic abc"}])
async def test_without_credentials_the_answer_is_the_401_of_the_api(headers: dict[str, str]) -> None:
    async with running_api([turn("hi")]) as api:
        answer = await post(api, model_request(user("go")), **headers)
    assert answer.status_code == 401
    assert answer.json() == {
        "type": "error",
        "error": {"type": "authentication_error", "message": "x-api-key header is required"},
        "request_id": answer.headers["request-id"],
    }


@pytest.mark.behaviour("B-163")
async def test_credentials_never_reach_the_log() -> None:
    async with running_api([turn("hi")]) as api:
        await post(api, model_request(user("go")), **{"x-api-key": KEY, "cookie": KEY})
    assert KEY not in repr(api.exchanges)
    assert api.exchanges[0].headers["authorization"] == "Bearer [redacted]"


@pytest.mark.behaviour("B-152")
async def test_an_invalid_request_is_refused_and_fails_the_test_that_sent_it() -> None:
    with pytest.raises(AssertionError, match="messages: at least one message is required"):
        async with running_api([turn("hi")]) as api:
            answer = await post(api, model_request())
            assert answer.status_code == 400
            assert answer.json()["error"]["type"] == "invalid_request_error"


async def test_a_refused_request_costs_no_turn() -> None:
    async with running_api([turn("hi")], allow_violations=True) as api:
        await post(api, model_request())
        assert (await post(api, model_request(user("go")))).status_code == 200


@pytest.mark.behaviour("B-153")
async def test_a_broken_prefix_is_refused_with_its_place() -> None:
    async with running_api([turn("hi"), turn("ho")], allow_violations=True) as api:
        await post(api, model_request(user("go"), system="It is 10:01."))
        broken = model_request(user("go"), assistant("hi"), user("on"), system="It is 10:02.")
        answer = await post(api, broken)
        assert answer.status_code == 400
        assert message_of(answer).startswith("prefix continuity broken at system.0: was")
        assert api.violations == [message_of(answer)]


async def test_continuity_can_be_switched_off() -> None:
    async with running_api([turn("hi"), turn("ho")], continuity=False) as api:
        await post(api, model_request(user("go"), system="It is 10:01."))
        broken = model_request(user("go"), assistant("hi"), user("on"), system="It is 10:02.")
        assert (await post(api, broken)).status_code == 200


@pytest.mark.behaviour("B-154")
async def test_a_context_edit_is_permitted_by_its_header_and_listed() -> None:
    call = tool("Read", id="toolu_1")
    async with running_api([turn(call), turn("hi"), turn("ho")], allow_violations=True) as api:
        await post(api, model_request(user("go")))
        await post(api, model_request(user("go"), assistant(call), user(result("toolu_1", "long"))))
        edited = model_request(
            user("go"), assistant(call), user(result("toolu_1", "cleared")), assistant("hi"), user("on")
        )
        refused = await post(api, edited)
        permitted = await post(api, edited, **{"x-coder-context-edit": "results cleared"})
    assert (refused.status_code, permitted.status_code) == (400, 200)
    assert api.context_edits == ["results cleared"]


@pytest.mark.behaviour("B-155")
async def test_side_requests_leave_the_conversation_alone() -> None:
    async with running_api([turn("hi"), turn("a title"), turn("ho")]) as api:
        await post(api, model_request(user("go")))
        aside = model_request(user("go"), assistant("hi"), user("a title, please"))
        assert (await post(api, aside, **{"x-coder-side-request": "title"})).status_code == 200
        assert (await post(api, model_request(user("go"), assistant("hi"), user("on")))).status_code == 200
        counted = await post(api, {"model": "m", "messages": [user("x")]}, "/v1/messages/count_tokens")
        assert counted.json()["input_tokens"] > 0


@pytest.mark.behaviour("B-156")
async def test_usage_reports_what_the_cache_saved() -> None:
    mark = {"type": "ephemeral"}
    async with running_api([turn("hi"), turn("ho")]) as api:
        first = model_request(user({**text("question"), "cache_control": mark}), stream=False)
        wrote = (await post(api, first)).json()["usage"]
        second = model_request(
            user("question"), assistant("hi"), user({**text("on"), "cache_control": mark}), stream=False
        )
        read = (await post(api, second)).json()["usage"]
    assert wrote["cache_creation_input_tokens"] > 0
    assert read["cache_read_input_tokens"] == wrote["cache_creation_input_tokens"]
    assert api.exchanges[1].usage == read


async def test_a_failed_request_writes_nothing_to_the_cache() -> None:
    body = model_request(user({**text("question"), "cache_control": {"type": "ephemeral"}}), stream=False)
    async with running_api([turn("hi", fault=fault("status", 529))]) as api:
        await post(api, body)
        assert (await post(api, body)).json()["usage"]["cache_read_input_tokens"] == 0


async def test_a_prompt_over_the_limit_is_too_long() -> None:
    async with running_api({"turns": ["hi"], "context_limit": 100}) as api:
        answer = await post(api, model_request(user("word " * 200)))
    assert answer.status_code == 400
    assert message_of(answer).startswith("prompt is too long: ")
    assert message_of(answer).endswith(" tokens > 100 maximum")


async def test_a_body_over_the_limit_is_too_large() -> None:
    async with running_api([turn("hi")], max_body=1000) as api:
        answer = await post(api, model_request(user("x" * 2000)))
    assert (answer.status_code, answer.json()["error"]["type"]) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/models", 200),
        ("GET", "/v1/models/claude-haiku-4-5", 200),
        ("GET", "/v1/models/gpt", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/messages", 405),
        ("POST", "/v1/models", 405),
    ],
)
async def test_each_path_answers_in_the_shape_of_the_api(method: str, path: str, status: int) -> None:
    async with running_api([turn("hi")]) as api, client(api.url) as http:
        answer = await http.request(method, path)
    assert answer.status_code == status
    assert ("error" in answer.json()) == (status != 200)
    assert answer.headers["request-id"].startswith("req_")


async def test_a_query_changes_nothing() -> None:
    async with running_api([turn("hi")]) as api:
        assert (await post(api, model_request(user("go")), "/v1/messages?beta=true")).status_code == 200


async def test_a_script_that_ran_out_says_so_and_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="all 1 turns are played"):
        async with running_api([turn("hi")]) as api:
            await post(api, model_request(user("go")))
            assert "no reply for request 2" in message_of(await post(api, model_request(user("more"))))


async def test_parallel_conversations_do_not_meet() -> None:
    async with running_api({"rules": [{"when": {"user_regex": r"(?P<n>\d+)"}, "reply": "you said {{n}}"}]}) as api:

        async def converse(number: int) -> None:
            first = user(f"number {number}")
            answer = (await post(api, model_request(first, stream=False))).json()["content"]
            assert answer == [text(f"you said {number}")]
            follow = model_request(first, assistant(*answer), user(f"again {number}"), stream=False)
            assert (await post(api, follow)).status_code == 200

        await asyncio.gather(*(converse(number) for number in range(20)))
    assert len(api.requests) == 40


def test_the_thread_helper_serves_blocking_clients_and_stops() -> None:
    with fake_api([turn("hi")]) as api:
        answer = httpx2.post(f"{api.url}/v1/messages", json=model_request(user("go")), headers=BEARER, trust_env=False)
        api.wait_until(lambda seen: seen.exchanges[0].state == "sent")
    assert answer.status_code == 200
    assert api.unfinished == ""
    assert "fake-api" not in [thread.name for thread in threading.enumerate()]


async def test_serving_gives_a_base_url_for_as_long_as_the_block_lasts() -> None:
    async with serving(ScriptPlayer(script(["hi"], "s"))) as url, client(url) as http:
        assert (await http.get("/v1/models")).status_code == 200
    async with client(url) as http:
        with pytest.raises(httpx2.ConnectError):
            await http.get("/v1/models")


async def test_ten_thousand_events_are_sent_in_few_writes() -> None:
    async with running_api([turn("word " * 20_000, delta=10)]) as api, client(api.url) as http:
        data = (await http.post("/v1/messages", json=model_request(user("go")))).content
    assert data.count(b"event: content_block_delta") == 10_000


def test_playing_a_json_script_imports_neither_an_http_client_nor_yaml() -> None:
    code = "import sys, coder.replay.load, coder.replay.server; print({'httpx2', 'yaml', 'typer'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
