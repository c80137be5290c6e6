from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from uuid import uuid4

import pytest

from coder.app.starting import Start
from coder.frontends.stream_json.shows import Room
from tests.support.fakeapi import fault, rule, running_api, tool, turn
from tests.support.fanout import BEHIND, GO, STALLED, STALLS, fan, open_requests
from tests.support.hosted import Held, Json, hosted, said
from tests.support.talks import Talk, texts

NOWHERE = "http://127.0.0.1:9"


def kinds(frames: list[Json]) -> list[str]:
    return [str(frame["subtype"] if frame["type"] == "system" else frame["type"]) for frame in frames]


@pytest.mark.behaviour("B-2200")
async def test_each_message_has_an_init_and_one_result_in_order(tmp_path: Path) -> None:
    async with running_api([turn("One."), turn("Two.")]) as api, hosted(tmp_path, api.url) as wire:
        await wire.ask("initialize", hooks=None)
        wire.say("first")
        first = await wire.turn()
        wire.say("second")
        second = await wire.turn()
        assert kinds(first) == kinds(second) == ["init", "assistant", "result"]
        assert [first[-1]["result"], second[-1]["result"]] == ["One.", "Two."]
        assert first[0]["session_id"] == second[-1]["session_id"] and second[-1]["num_turns"] == 1
        assert second[-1]["total_cost_usd"] > first[-1]["total_cost_usd"] > 0
        assert await wire.close() == 0
        assert texts(api.requests[-1])[:3] == ["first", "One.", "second"]


@pytest.mark.behaviour("B-2201")
async def test_the_end_of_the_input_ends_nothing_that_was_said(tmp_path: Path) -> None:
    async with running_api([turn("One."), turn("Two.")]) as api, hosted(tmp_path, api.url) as wire:
        wire.send(said("first"), said("second"))
        wire.end()
        come = await wire.rest()
        assert [frame["result"] for frame in come if frame["type"] == "result"] == ["One.", "Two."]
        assert await wire.run == 0


@pytest.mark.behaviour("B-2202")
async def test_what_is_said_during_calls_is_read_with_their_results_and_has_its_own_result(tmp_path: Path) -> None:
    name = str(uuid4())
    script = [turn(tool("Bash", command="sleep 0.3")), turn("Both are done.")]
    async with running_api(script) as api, hosted(tmp_path, api.url, replays=True) as wire:
        wire.say("first")
        await wire.used("Bash")
        wire.say("and this", uuid=name)
        first, second = await wire.result(), await wire.result()
        assert first["result"] == second["result"] == "Both are done."
        assert second["user_message_uuid"] == name and first["user_message_uuid"] != name
        assert second["num_turns"] == 0 and second["usage"]["output_tokens"] == 0
        (replayed,) = [f for f in wire.seen if f.get("isReplay") and f["uuid"] == name]
        assert replayed["message"]["content"] == "and this"
        assert texts(api.requests[-1])[-1] == "and this" and len(api.requests) == 2


@pytest.mark.behaviour("B-2202")
async def test_what_is_said_to_an_answer_without_calls_is_a_turn_of_its_own(tmp_path: Path) -> None:
    script = [turn("One.", delay=0.02), turn("Two."), turn("Three.")]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first")
        await wire.streaming(lambda: bool(api.requests))
        wire.send(said("second"), said("third"))
        assert [(await wire.result())["result"] for _ in range(3)] == ["One.", "Two.", "Three."]
        assert texts(api.requests[-1]) == ["first", "One.", "second", "Two.", "third"]


@pytest.mark.behaviour("B-2203")
async def test_the_id_of_a_message_is_that_of_its_entry_and_one_that_is_taken_is_not(tmp_path: Path) -> None:
    name = str(uuid4())
    async with running_api([turn("One."), turn("Two.")]) as api, hosted(tmp_path, api.url, replays=True) as wire:
        wire.say("first", uuid=name, origin={"kind": "human", "more": 1})
        first = await wire.turn()
        wire.say("second", uuid=name, origin={"kind": "peer"})
        second = await wire.turn()
        await wire.close()
    assert first[-1]["origin"] == {"kind": "human"} and "origin" not in second[-1]
    replays = [frame for frame in (*first, *second) if frame.get("isReplay")]
    assert replays[0]["uuid"] == name != replays[1]["uuid"]
    (path,) = Talk.at(tmp_path, "").transcripts()
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    prompts = [e for e in entries if e["type"] == "user" and not e.get("isMeta")]
    assert [(e["uuid"], e["message"]["content"]) for e in prompts] == [
        (name, "first"),
        (replays[1]["uuid"], "second"),
    ]


@pytest.mark.behaviour("B-2204")
async def test_what_is_only_to_be_known_goes_with_the_next_message(tmp_path: Path) -> None:
    async with running_api([turn("One.")]) as api, hosted(tmp_path, api.url) as wire:
        wire.send(said("know this", shouldQuery=False), said("/what is it", isSynthetic=True))
        (*_, result) = await wire.turn()
        assert result["result"] == "One." and texts(api.requests[0]) == ["know this", "/what is it"]


@pytest.mark.behaviour("B-2204")
async def test_a_command_of_a_file_is_expanded_for_a_person_only(tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".coder" / "commands"
    folder.mkdir(mode=0o700, parents=True)
    (folder / "greet.md").write_text("Say hello to $ARGUMENTS.\n", encoding="utf-8")
    async with running_api([turn("One."), turn("Two.")]) as api, hosted(tmp_path, api.url) as wire:
        wire.send(said("/greet Ann"), said("/greet Bob", isSynthetic=True))
        await wire.turn()
        await wire.turn()
        assert "Say hello to Ann." in " ".join(texts(api.requests[0])) and texts(api.requests[1])[-1] == "/greet Bob"


@pytest.mark.behaviour("B-2580")
async def test_a_command_may_be_the_last_of_several_texts(tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".coder" / "commands"
    folder.mkdir(mode=0o700, parents=True)
    (folder / "greet.md").write_text("Say hello to $ARGUMENTS.\n", encoding="utf-8")
    lines = (["the matter", "/greet Ann"], ["the matter", "/cost"], ["the matter", "/tmp/x is odd"])
    async with running_api([turn("One."), turn("Two."), turn("Three."), turn("Four.")]) as api:
        async with hosted(tmp_path, api.url) as wire:
            for line in lines:
                wire.send(said([{"type": "text", "text": each} for each in line]))
                await wire.turn()
            wire.send(said([{"type": "text", "text": each} for each in lines[0]], isSynthetic=True))
            await wire.turn()
        sent = [texts(request) for request in api.requests]
    assert "the matter" in sent[0] and "/greet Ann" not in sent[0] and "Say hello to Ann." in " ".join(sent[0])
    assert [each[-2:] for each in sent[1:]] == [list(lines[1]), list(lines[2]), list(lines[0])]


async def test_pictures_and_documents_go_as_they_came(tmp_path: Path) -> None:
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
    blocks: list[Json] = [
        {"type": "text", "text": "look"},
        {"type": "document", "source": source},
        {"type": "text", "text": "!"},
    ]
    async with running_api([turn("One.")]) as api, hosted(tmp_path, api.url) as wire:
        wire.say([*blocks])
        await wire.turn()
        sent = api.requests[0]["messages"][0]["content"][-3:]
        assert [{k: v for k, v in each.items() if k != "cache_control"} for each in sent] == blocks


@pytest.mark.behaviour("B-2205")
@pytest.mark.behaviour("B-2710")
@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("/complan", "Did you mean /plan or /compact or /uncompact?"),
        ([{"type": "tool_result", "tool_use_id": "x", "content": "y"}], "tool_result"),
        ([{"type": "text"}], "a text"),
        (None, "message.content"),
        ("/nope at all", "Unknown command: /nope"),
        ("/vim", "interactive sessions"),
    ],
)
async def test_what_cannot_be_said_has_a_failed_result_and_the_next_goes_on(
    tmp_path: Path, content: object, why: str
) -> None:
    async with running_api([turn("Fine.")]) as api, hosted(tmp_path, api.url) as wire:
        wire.say(content)  # type: ignore[arg-type]  # what a host may get wrong
        (*_, result) = await wire.turn()
        assert result["is_error"] and why in result["errors"][0] and result["num_turns"] == 0
        assert (result["terminal_reason"], result["session_id"] != "") == ("turn_setup_failed", True)
        wire.say("go on")
        assert (await wire.result())["result"] == "Fine."
        assert await wire.close() == 0


@pytest.mark.behaviour("B-2206")
async def test_clear_begins_another_conversation_and_its_costs(tmp_path: Path) -> None:
    async with running_api([turn("One."), turn("Two.")]) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first")
        first = await wire.result()
        wire.say("/clear")
        init, reset, result = await wire.turn()
        wire.say("second")
        *_, second = await wire.turn()
        assert (init["session_id"], reset["type"], reset["session_id"]) == (
            first["session_id"],
            "conversation_reset",
            first["session_id"],
        )
        assert result["session_id"] == second["session_id"] == reset["new_conversation_id"] != first["session_id"]
        assert result["total_cost_usd"] == 0 < second["total_cost_usd"] < first["total_cost_usd"]  # of a cached prefix
        assert texts(api.requests[-1]) == ["second"]
        await wire.close()
    assert len(Talk.at(tmp_path, "").transcripts()) == 2


@pytest.mark.behaviour("B-2206")
@pytest.mark.behaviour("B-2689")
async def test_commands_that_print_are_results(tmp_path: Path) -> None:
    async with running_api([turn("One.")]) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first")
        await wire.turn()
        for line, words in (("/cost", "This session"), ("/context", "Context:"), ("/compact", "Nothing was changed")):
            wire.say(line)
            *_, output, result = await wire.turn()
            assert words in result["result"] and not result["is_error"]
            if line == "/context":
                figures = output["context_usage"]
                assert output["message"]["content"] == [{"type": "text", "text": result["result"]}]
                assert sum(row["tokens"] for row in figures["categories"]) == figures["raw_max_tokens"]
                assert figures["agents"] == [] and output["message"]["model"] == "<synthetic>"
                continue
            assert output["subtype"] in ("local_command_output", "status") and result["num_turns"] == 0
        assert len(api.requests) == 1


async def test_an_empty_message_sends_nothing(tmp_path: Path) -> None:
    async with hosted(tmp_path, NOWHERE) as wire:
        wire.say("")
        assert kinds(await wire.turn()) == ["init", "result"] and await wire.close() == 0


@pytest.mark.behaviour("B-2207")
async def test_a_session_that_cannot_be_opened_is_one_failed_result(tmp_path: Path) -> None:
    async with hosted(tmp_path, NOWHERE, start=Start(resume=str(uuid4()))) as wire:
        wire.request("initialize")
        wire.say("never")
        come = await wire.rest()
        assert kinds(come) == ["result"]
        assert come[0]["is_error"] and "No conversation found" in come[0]["errors"][0] and await wire.run == 1
    async with hosted(tmp_path, NOWHERE, start=Start(resume=str(uuid4()))) as wire:
        name = wire.request("set_model", model="opus")
        assert (await wire.answer(name))["subtype"] == "error" and await wire.run == 1


@pytest.mark.behaviour("B-2208")
async def test_a_failed_turn_ends_nothing_and_the_last_one_counts(tmp_path: Path) -> None:
    bad = fault("status", 400)
    async with running_api([turn(fault=bad), turn("Two.")]) as api, hosted(tmp_path, api.url) as wire:
        wire.send(said("first"), said("second"))
        first, second = await wire.result(), await wire.result()
        assert first["is_error"] and first["subtype"] == "success" and first["terminal_reason"] == "api_error"
        assert second["result"] == "Two." and await wire.close() == 0


@pytest.mark.behaviour("B-2208")
async def test_nothing_follows_a_failed_result(tmp_path: Path) -> None:
    second = rule({"last_user_contains": "second"}, "Never.", fault=STALLS)
    script = fan(["part x"], second, STALLED, rule(BEHIND, "I go on."), run_in_background=True)
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say(GO)
        await wire.turn()
        wire.say("second")
        await wire.streaming(lambda: open_requests(api) == 2)
        signal.raise_signal(signal.SIGTERM)
        come = await wire.rest()
        assert come[-1]["type"] == "result" and come[-1]["is_error"] and await wire.run == 128 + signal.SIGTERM


@pytest.mark.behaviour("B-2209")
@pytest.mark.behaviour("B-2601")
async def test_the_cap_of_turns_is_for_each_message(tmp_path: Path) -> None:
    calls = rule({"last_user_contains": ""}, tool("Bash", command="true"))
    async with running_api({"rules": [calls]}) as api, hosted(tmp_path, api.url, max_turns=1) as wire:
        wire.send(said("first"), said("second"))
        results = [await wire.result(), await wire.result()]
        assert [r["subtype"] for r in results] == ["error_max_turns"] * 2 and await wire.close() == 1
        assert "coder -p" not in results[0]["errors"][0]


@pytest.mark.behaviour("B-2466")
@pytest.mark.parametrize(("most", "is_whole"), [(None, True), (3000, False)])
async def test_a_result_has_a_room_of_its_own(tmp_path: Path, most: int | None, is_whole: bool) -> None:
    shows = {"room": Room(3000, most)}
    async with running_api([turn("x" * 9000)]) as api, hosted(tmp_path, api.url, shows=shows) as wire:
        wire.say("go")
        *_, reply, result = await wire.turn()
    assert "left out of this message" in reply["message"]["content"][0]["text"]
    assert (result["result"] == "x" * 9000) is is_whole


@pytest.mark.behaviour("B-2609")
async def test_a_signal_while_the_session_is_opened_leaves_a_result_and_sends_nothing(tmp_path: Path) -> None:
    opening = Held()
    async with running_api([turn("One.")]) as api, hosted(tmp_path, api.url, opening=opening) as wire:
        wire.say("go")
        await opening.begun()
        signal.raise_signal(signal.SIGTERM)
        await asyncio.sleep(0)  # the loop hears of it
        opening.goes_on()
        (result,) = [frame for frame in await wire.rest() if frame["type"] == "result"]
        assert result["terminal_reason"] == "aborted_streaming" and api.requests == []
        assert await wire.run == 128 + signal.SIGTERM
