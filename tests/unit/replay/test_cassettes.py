import asyncio
import contextlib
import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.core.errors import ConfigError
from coder.core.messages import Json
from coder.replay.canonical import Roots, canonical_text, plain_request
from coder.replay.cassette import CassetteWriter, Recorded, condense, is_cassette, read_cassette, spread
from coder.replay.cassette_player import shape
from coder.replay.load import load_player
from coder.replay.record import parse_events
from coder.replay.run import recording, serving
from coder.replay.sse import gather
from tests.support.fakeapi import (
    DEADLINE,
    KEY,
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


async def post(url: str, body: Json) -> httpx2.Response:
    async with client(url) as http:
        return await http.post("/v1/messages", json=body)


@contextlib.asynccontextmanager
async def recorded(path: Path, *turns: Json, **roots: str) -> AsyncIterator[str]:
    """A recording proxy before a fake API that plays turns."""
    async with running_api(list(turns)) as api, recording(path, api.url, roots=roots) as url:
        yield url


def requests_in(folder: str, answer: str = "x = 1", *, error: bool = False, system: str = "careful") -> list[Json]:
    """Two requests of a run in `folder`: the prompt, then the result of the call that TURNS makes."""
    first = user(f"fix {folder}/calc.py")
    call = tool("Read", id="toolu_1", file_path=f"{folder}/calc.py")
    return [
        model_request(first, system=system),
        model_request(first, assistant(call), user(result("toolu_1", answer, error=error)), system=system),
    ]


def turns_in(folder: str) -> list[Json]:
    return [turn(tool("Read", id="toolu_1", file_path=f"{folder}/calc.py"), delta=7), turn(f"fixed {folder}/calc.py")]


async def recorded_in(folder: str, path: Path) -> None:
    async with recorded(path, *turns_in(folder), cwd=folder) as url:
        for body in requests_in(folder):
            assert (await post(url, body)).status_code == 200


@pytest.mark.behaviour("B-161")
async def test_a_recorded_run_plays_in_another_folder(tmp_path: Path) -> None:
    await recorded_in("/home/one", tmp_path / "run.jsonl")
    async with serving(tmp_path / "run.jsonl", roots={"cwd": "/else/two"}) as url:
        answers = [await post(url, body) for body in requests_in("/else/two")]
    calls, words = (gather(parse_events(answer.text)) for answer in answers)
    assert calls == [tool("Read", id="toolu_1", file_path="/else/two/calc.py")]
    assert words == [text("fixed /else/two/calc.py")]


async def test_a_cassette_names_paths_and_joins_deltas(tmp_path: Path) -> None:
    await recorded_in("/home/one", tmp_path / "run.jsonl")
    written = (tmp_path / "run.jsonl").read_text(encoding="utf-8")
    assert "/home/one" not in written
    header, first, second = [json.loads(line) for line in written.splitlines()]
    assert header == {"type": "cassette", "version": 1, "roots": ["cwd"]}
    deltas = [event["delta"] for event in first["response"]["events"] if event["type"] == "content_block_delta"]
    assert deltas == [{"type": "input_json_delta", "partial_json": '{"file_path": "{{cwd}}/calc.py"}'}]
    assert second["request"]["kept"] == 1
    assert "system" in second["request"]["same"]


@pytest.mark.behaviour("B-163")
async def test_credentials_never_reach_a_cassette(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    async with recorded(path, turn("hi")) as url:
        body = model_request(user(f"env says ANTHROPIC_API_KEY={KEY}"), metadata={"user_id": "someone"})
        await post(url, body)
    written = path.read_text(encoding="utf-8")
    assert KEY not in written
    assert "someone" not in written
    assert "ANTHROPIC_API_KEY=[redacted]" in written
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_the_upstream_gets_the_request_as_it_was(tmp_path: Path) -> None:
    body = model_request(user("go"), system=[{**text("careful"), "cache_control": {"type": "ephemeral"}}])
    async with running_api([turn("hi")]) as api, recording(tmp_path / "run.jsonl", api.url) as url:
        await post(url, body)
        assert api.requests == [body]
        assert api.exchanges[0].headers["authorization"] == "Bearer [redacted]"


@pytest.mark.behaviour("B-162")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"error": True}, "+messages.2 user: tool_result toolu_1 error"),
        ({"answer": "x = 2"}, ""),
        ({"system": "careless"}, ""),
    ],
)
async def test_a_request_of_another_shape_is_answered_with_the_difference(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    await recorded_in("/home/one", tmp_path / "run.jsonl")
    async with serving(tmp_path / "run.jsonl", roots={"cwd": "/home/one"}) as url:
        first, second = requests_in("/home/one", **change)  # type: ignore[arg-type]  # keywords from the table
        await post(url, first)
        answer = await post(url, second)
    assert answer.status_code == (400 if words else 200)
    if words:
        message = answer.json()["error"]["message"]
        shown = "messages.2 user: tool_result toolu_1"
        start = f"recorded was {shown}; now it is {shown} error"
        assert f"request 2 is not the recorded one: {start}\n" in message
        assert words in message
        assert "-messages.2 user: tool_result toolu_1" in message


@pytest.mark.parametrize(("answer", "status"), [("ran in 0.31s on 2026-01-02", 200), ("ran in 9 s on Monday", 400)])
async def test_strict_matching_compares_text_but_for_what_varies(tmp_path: Path, answer: str, status: int) -> None:
    path = tmp_path / "run.jsonl"
    async with recorded(path, *turns_in("/home/one"), cwd="/home/one") as url:
        for body in requests_in("/home/one", "ran in 0.5s on 2025-12-31"):
            await post(url, body)
    async with serving(path, strict=True, roots={"cwd": "/else"}) as url:
        answers = [await post(url, body) for body in requests_in("/else", answer)]
    assert [a.status_code for a in answers] == [200, status]


async def test_other_tools_and_system_are_noted_not_refused(tmp_path: Path) -> None:
    await recorded_in("/home/one", tmp_path / "run.jsonl")
    player = load_player(tmp_path / "run.jsonl", roots={"cwd": "/home/one"})
    async with serving(player) as url:
        await post(url, requests_in("/home/one", system="careless")[0])
    assert getattr(player, "notes", None) == ["request 1: system is not as recorded"]
    assert player.unfinished() == "1 of 2 recorded exchanges were not asked for"


async def test_a_cassette_that_ran_out_says_so(tmp_path: Path) -> None:
    await recorded_in("/home/one", tmp_path / "run.jsonl")
    async with serving(tmp_path / "run.jsonl", roots={"cwd": "/home/one"}) as url:
        for body in requests_in("/home/one"):
            await post(url, body)
        answer = await post(url, model_request(user("more")))
    assert "all 2 exchanges are played" in answer.json()["error"]["message"]


async def test_signed_thinking_survives_record_and_replay(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    turns = [turn(thinking("read /home/one first"), tool("Read", id="toolu_1")), turn("done")]

    async def converse(url: str) -> list[int]:
        first = await post(url, model_request(user("go")))
        content = gather(parse_events(first.text))
        second = await post(url, model_request(user("go"), assistant(*content), user(result("toolu_1"))))
        return [first.status_code, second.status_code]

    async with recorded(path, *turns, cwd="/home/one") as url:
        assert await converse(url) == [200, 200]
    async with serving(path, roots={"cwd": "/else"}) as url:
        assert await converse(url) == [200, 200]


async def test_errors_and_whole_messages_are_recorded_too(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    body = model_request(user("go"), stream=False)
    async with recorded(path, turn("hi", fault=fault("status", 429, retry_after=2))) as url:
        before = [await post(url, body), await post(url, body)]
    async with serving(path) as url:
        after = [await post(url, body), await post(url, body)]
    assert [a.status_code for a in after] == [429, 200]
    assert after[0].headers["retry-after"] == "2"
    assert [a.json() for a in after] == [b.json() for b in before]


async def test_a_broken_stream_is_passed_on_and_replayed_broken(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    async with recorded(path, turn("hello", fault=fault("cut", after=4), delta=2)) as url:
        with pytest.raises(httpx2.RemoteProtocolError):
            await post(url, model_request(user("go")))
        assert (await post(url, model_request(user("go")))).status_code == 200
    async with serving(path) as url:
        with pytest.raises(httpx2.RemoteProtocolError):
            await post(url, model_request(user("go")))
        assert gather(parse_events((await post(url, model_request(user("go")))).text)) == [text("hello")]


@pytest.mark.behaviour("B-165")
async def test_a_recording_passes_events_on_before_the_upstream_has_finished(tmp_path: Path) -> None:
    arrived = b""
    silent = turn("hello", fault=fault("stall", after=4))
    async with (
        recorded(tmp_path / "c", silent) as url,
        client(url) as http,
        asyncio.timeout(DEADLINE),
        http.stream("POST", "/v1/messages", json=model_request(user("go"))) as response,
    ):
        async for chunk in response.aiter_bytes():
            arrived += chunk
            if b"content_block_delta" in arrived:
                break  # the upstream is still silent here
    assert b"hello" in arrived


@pytest.mark.behaviour("B-164")
async def test_an_upstream_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    async with running_api([turn("hi")]) as api:
        gone = api.url
    async with recording(tmp_path / "c", gone) as url:
        answer = await post(url, model_request(user("go")))
    assert answer.status_code == 502
    assert answer.json()["error"]["message"].startswith(f"recording: {gone} cannot be reached: ")
    assert len((tmp_path / "c").read_text(encoding="utf-8").splitlines()) == 1


async def test_parallel_requests_are_recorded_in_the_order_they_came(tmp_path: Path) -> None:
    slow = {"when": {"last_user_contains": "slow"}, "reply": {"text": "slow", "wait": 0.2}}
    quick = {"when": {"last_user_contains": "quick"}, "reply": "quick"}
    async with (
        running_api({"rules": [slow, quick]}) as api,
        recording(tmp_path / "c", api.url) as url,
        asyncio.timeout(DEADLINE),
        asyncio.TaskGroup() as group,
    ):
        group.create_task(post(url, model_request(user("slow"))))
        while not api.requests:
            await asyncio.sleep(0)
        group.create_task(post(url, model_request(user("quick"))))
    written = read_cassette((tmp_path / "c").read_text(encoding="utf-8"), "c")
    assert [r.request["messages"][0]["content"][0]["text"] for r in written.exchanges] == ["slow", "quick"]
    assert [gather(r.events or ()) for r in written.exchanges] == [[text("slow")], [text("quick")]]
    assert not any(r.cut for r in written.exchanges)


async def test_other_paths_pass_through_unrecorded(tmp_path: Path) -> None:
    async with recorded(tmp_path / "c", turn("hi")) as url, client(url) as http:
        assert (await http.get("/v1/models?limit=5")).json()["data"]
    assert len((tmp_path / "c").read_text(encoding="utf-8").splitlines()) == 1


@pytest.mark.behaviour("B-169")
async def test_a_recording_never_replaces_another_kind_of_file(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("precious\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="is there already and is no cassette"):
        async with recording(notes, "http://127.0.0.1:9"):
            pass
    assert notes.read_text(encoding="utf-8") == "precious\n"


async def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot record there: No such file"):
        async with recording(tmp_path / "none" / "c", "http://127.0.0.1:9"):
            pass


async def test_a_missing_root_is_asked_for(tmp_path: Path) -> None:
    await recorded_in("/home/one", tmp_path / "run.jsonl")
    with pytest.raises(ConfigError, match=r"recorded with a path named cwd; say where it is this time"):
        load_player(tmp_path / "run.jsonl")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"request": {"messages": []}}', r"c line 2: response: missing"),
        ('{"request": {"messages": [], "kept": 3}, "response": {"status": 200}}', r"kept: is more messages than"),
        ('{"request": {"same": ["tools"]}, "response": {"status": 200}}', r"names 'tools', which the request before"),
        (
            '{"request": {}, "response": {"status": "ok"}}',
            r"c line 2: response.status: expected a whole number, got 'ok'",
        ),
        ("nonsense\n", r"c line 2: not valid JSON"),
    ],
)
def test_a_bad_line_is_named(line: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_cassette('{"type": "cassette", "version": 1}\n' + line, "c")


def test_a_torn_last_line_is_dropped_and_another_version_refused() -> None:
    header = CassetteWriter().header([])
    whole = CassetteWriter().exchange(Recorded({"messages": []}))
    assert len(read_cassette(header + whole + whole[:20], "c").exchanges) == 1
    with pytest.raises(ConfigError, match="version: expected 1, the only one this coder reads, got 2"):
        read_cassette('{"type": "cassette", "version": 2}\n', "c")


def test_only_a_header_makes_a_cassette() -> None:
    assert is_cassette('{"type":"cassette","version":1}\n')
    assert not is_cassette("turns: []")
    assert not is_cassette("[1]")


texts = st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), max_size=5)


@settings(max_examples=100, deadline=None)
@given(texts, st.integers(1, 40))
def test_spreading_and_condensing_deltas_loses_nothing(words: list[str], size: int) -> None:
    events: list[Json] = []
    for index, word in enumerate(words):
        events.append({"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}})
        events.append({"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": word}})
        events.append({"type": "content_block_stop", "index": index})
    assert condense(spread(events, size)) == events


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["a", "b", "c"]), max_size=4), min_size=1, max_size=6), st.booleans())
def test_a_cassette_reads_back_what_was_written(histories: list[list[str]], fixed: bool) -> None:
    writer = CassetteWriter()
    written = [
        Recorded(
            model_request(*map(user, words), **({"system": "s"} if fixed else {"top_p": n})), events=({"type": "x"},)
        )
        for n, words in enumerate(histories)
    ]
    lines = writer.header(["cwd"]) + "".join(map(writer.exchange, written))
    assert list(read_cassette(lines, "c").exchanges) == written


@pytest.mark.parametrize(
    ("varying", "plain"),
    [
        ("2 passed in 0.03s", "2 passed in <duration>"),
        ("at 2026-11-22T10:00:01.5Z", "at <date>"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id <uuid>"),
        ("http://127.0.0.1:8123/x", "http://127.0.0.1:<port>/x"),
        ("see /tmp/pytest-of-me/a.py, then", "see <tmp>, then"),
        ("<object at 0x7f02d73a8710>", "<object at <address>>"),
        ("3 files, 10 lines", "3 files, 10 lines"),
        ("<git>\nBranch: main\nChanges: none\n</git>", "<git>"),
        ("say <git>\nx\n</git>", "say <git>\nx\n</git>"),
    ],
)
def test_what_varies_is_replaced_by_its_kind(varying: str, plain: str) -> None:
    assert canonical_text(varying) == plain


def test_the_longest_root_wins_and_similar_names_are_left_alone() -> None:
    roots = Roots({"home": "/home/me", "cwd": "/home/me/project"})
    assert roots.hide("/home/me/project/a /home/me/b /home/me/project-2 /home/men") == (
        "{{cwd}}/a {{home}}/b {{home}}/project-2 /home/men"
    )
    assert roots.show("{{cwd}}/a {{other}}") == "/home/me/project/a {{other}}"
    assert Roots({"cwd": 'C:\\a "b"'}).show_json('{"p": "{{cwd}}"}') == '{"p": "C:\\\\a \\"b\\""}'


def test_a_root_is_known_by_its_resolved_path_too(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    roots = Roots({"cwd": str(tmp_path / "link")})
    assert roots.hide(f"{tmp_path}/link/a {tmp_path}/real/a") == "{{cwd}}/a {{cwd}}/a"


def test_cache_marks_are_left_out_of_a_cassette_but_schemas_are_not_touched() -> None:
    schema = {"type": "object", "properties": {"cache_control": {"type": "string"}}}
    body = model_request(
        user({**text("x"), "cache_control": {"type": "ephemeral"}}),
        tools=[{"name": "t", "input_schema": schema, "cache_control": {"type": "ephemeral"}}],
    )
    plain = plain_request(body, Roots({}))
    assert plain["messages"] == [user("x")]
    assert plain["tools"] == [{"name": "t", "input_schema": schema}]


def test_neighbouring_texts_count_as_one_in_a_shape() -> None:
    assert shape(model_request(user("a", "b"))) == shape(model_request({"role": "user", "content": "c"}))
    assert shape(model_request(user("a", result("t"), "b"))) != shape(model_request(user("a", result("t"))))
