"""What a host asks besides turns, over real pipes, disk and HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from coder.app.starting import Start
from coder.mcp.server import Offer
from coder.sessions.lines import decode_line
from tests.support.cli import Place
from tests.support.fakeapi import fake_api, rule, running_api, tool, turn
from tests.support.fanout import GO, fan
from tests.support.hosted import Hosted, hosted
from tests.support.linked import MemoryLink, MemoryLinks, offered, server

NAMES = [str(uuid4()) for _ in range(2)]


async def refused(wire: Hosted, subtype: str, **fields: object) -> str:
    found = await wire.answer(wire.request(subtype, **fields))
    assert found["subtype"] == "error", found
    return str(found["error"])


@pytest.mark.behaviour("B-2240")
async def test_files_go_back_to_before_a_message_and_the_conversation_stays(tmp_path: Path) -> None:
    made = tmp_path / "project" / "made.txt"
    (tmp_path / "project").mkdir()
    script = [turn(tool("Write", file_path=str(made), content="a\nb\n")), turn("One."), turn("Two.")]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first", uuid=NAMES[0])
        await wire.turn()
        wire.say("second", uuid=NAMES[1])
        await wire.turn()
        told = await wire.ask("rewind_files", user_message_id=NAMES[0], dry_run=True)
        assert told == {"canRewind": True, "filesChanged": [str(made)], "insertions": 0, "deletions": 2}
        assert made.exists()
        assert (await wire.ask("rewind_files", user_message_id=NAMES[1]))["filesChanged"] == [] and made.exists()
        done = await wire.ask("rewind_files", user_message_id=NAMES[0])
        assert done == {**told, "skippedLinks": 0} and not made.exists()
        assert "no point" in await refused(wire, "rewind_files", user_message_id=str(uuid4()))
        assert "no message" in await refused(wire, "rewind_files", user_message_id=NAMES[0][:8])
        dry = await wire.ask("rewind_files", user_message_id="nope", dry_run=True)
        assert dry["canRewind"] is False and "nope" in dry["error"]


@pytest.mark.behaviour("B-2240")
async def test_what_somebody_else_changed_stays_and_a_session_that_is_not_kept_says_no(tmp_path: Path) -> None:
    made = tmp_path / "project" / "made.txt"
    script = [turn(tool("Write", file_path=str(made), content="a\n")), turn("One.")]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first", uuid=NAMES[0])
        await wire.turn()
        made.write_text("theirs\n", encoding="utf-8")
        told = await wire.ask("rewind_files", user_message_id=NAMES[0], dry_run=True)
        assert told["leftAlone"] == [str(made)]
        done = await wire.ask("rewind_files", user_message_id=NAMES[0])
        assert done["leftAlone"] == [str(made)] and done["filesChanged"] == []
    async with running_api([turn("x")]) as api, hosted(tmp_path, api.url, no_session_persistence=True) as wire:
        assert "not saved" in await refused(wire, "rewind_files", user_message_id=NAMES[0])


@pytest.mark.behaviour("B-2241")
async def test_the_context_as_parts_that_add_up(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "CLAUDE.md").write_text("Use tabs.\n" * 50, encoding="utf-8")
    links = MemoryLinks(MemoryLink(server("srv"), Offer((offered("srv", "look"),))))
    async with running_api([turn("One.")]) as api, hosted(tmp_path, api.url, links=links) as wire:
        before = await wire.ask("get_context_usage")
        assert before["apiUsage"] is None
        wire.say("first")
        await wire.turn()
        await wire.ask("mcp_status")
        usage = await wire.ask("get_context_usage", detail="summary")
    parts = usage["categories"]
    assert sum(part["tokens"] for part in parts if part["kind"] == "used") == usage["totalTokens"]
    assert sum(part["tokens"] for part in parts) == usage["maxTokens"] == usage["rawMaxTokens"]
    assert all(part.keys() == {"id", "name", "tokens", "color", "kind"} for part in parts)
    assert {"system_prompt", "system_tools", "memory_files", "messages", "free_space"} <= {p["id"] for p in parts}
    assert [len(row) for row in usage["gridRows"]] == [10] * 10
    assert {s["categoryName"] for row in usage["gridRows"] for s in row} == {part["name"] for part in parts}
    (memory,) = usage["memoryFiles"]
    assert memory["path"] == str(tmp_path / "project" / "CLAUDE.md") and memory["type"] == "Project"
    assert memory["tokens"] > 0 and usage["apiUsage"]["output_tokens"] > 0
    (look,) = usage["mcpTools"]
    assert (look["name"], look["serverName"], look["isLoaded"]) == ("mcp__srv__look", "srv", False) and look["tokens"]
    assert usage["isAutoCompactEnabled"] is True and 0 < usage["autoCompactThreshold"] < usage["maxTokens"]


@pytest.mark.behaviour("B-2242")
async def test_servers_are_told_begun_anew_and_turned_off_and_on(tmp_path: Path) -> None:
    link = MemoryLink(server("srv"), Offer((offered("srv", "look", "Looks."),), title="Srv", version="1.2"))
    call = turn(tool("UseTool", name="mcp__srv__look", input={}))
    script = [call, turn("One."), call, turn("Two."), call, turn("Three.")]
    links = MemoryLinks(link)
    async with running_api(script) as api, hosted(tmp_path, api.url, links=links) as wire:
        await wire.ask("mcp_status")  # whoever asks has them connect
        (row,) = (await wire.ask("mcp_status"))["mcpServers"]
        assert (row["name"], row["status"]) == ("srv", "connected")
        assert row["serverInfo"] == {"name": "Srv", "version": "1.2"}
        assert row["tools"] == [{"name": "look", "description": "Looks."}] and "error" not in row
        wire.say("first")
        init = (await wire.turn())[0]
        assert "mcp__srv__look" in init["tools"] and len(link.calls) == 1
        assert await wire.ask("mcp_toggle", serverName="srv", enabled=False) == {}
        assert (await wire.ask("mcp_status"))["mcpServers"][0]["status"] == "disabled"
        assert "turned off" in await refused(wire, "mcp_reconnect", serverName="srv")
        wire.say("second")
        init = (await wire.turn())[0]
        assert "mcp__srv__look" not in init["tools"] and len(link.calls) == 1
        assert await wire.ask("mcp_toggle", serverName="srv", enabled=True) == {}
        wire.say("third")
        await wire.turn()
        assert len(link.calls) == 2 and not api.violations
        link.becomes("failed", "it fell over")
        row = (await wire.ask("mcp_status"))["mcpServers"][0]
        assert row["status"] == "failed" and "it fell over" in row["error"]
        assert await wire.ask("mcp_reconnect", serverName="srv") == {} and link.reconnected >= 1
        assert "there are: srv" in await refused(wire, "mcp_toggle", serverName="nope", enabled=True)
        assert "true or false" in await refused(wire, "mcp_toggle", serverName="srv", enabled="no")


@pytest.mark.behaviour("B-2243")
async def test_a_command_in_the_background_is_told_of_looked_at_and_ended(tmp_path: Path) -> None:
    script = [turn(tool("Bash", command="echo hi; sleep 999", run_in_background=True)), turn("One.")]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first")
        come = await wire.turn()
        begun, live = (f for f in come if f.get("subtype") in ("task_started", "background_tasks_changed"))
        assert (begun["task_type"], begun["is_backgrounded"]) == ("local_bash", True)
        assert [each["task_id"] for each in live["tasks"]] == [begun["task_id"]]
        name = begun["task_id"]
        while not (read := await wire.ask("get_task_output", task_id=name))["output"]:
            pass
        assert read == {"output": "hi\n", "total_bytes": 3, "truncated": False}
        assert await wire.ask("stop_task", task_id=name) == {}
        told = next(f for f in wire.seen if f.get("subtype") == "task_notification")  # at the latest by then
        assert (told["task_id"], told["status"], told["tool_use_id"]) == (name, "stopped", begun["tool_use_id"])
        (updated,) = (f for f in wire.seen if f.get("subtype") == "task_updated")
        assert updated.keys() == {"type", "subtype", "task_id", "patch", "session_id", "uuid"}
        assert "no task nope" in await refused(wire, "stop_task", task_id="nope")


@pytest.mark.behaviour("B-2244")
async def test_how_the_model_thinks_is_another_way_from_the_next_request_on(tmp_path: Path) -> None:
    script = [turn(f"{number}.") for number in range(4)]
    async with running_api(script) as api, hosted(tmp_path, api.url, model="claude-opus-4-8") as wire:
        for request in (
            {},
            {"subtype": "set_max_thinking_tokens", "max_thinking_tokens": 0},
            {"subtype": "set_max_thinking_tokens", "max_thinking_tokens": None},
            {"subtype": "apply_flag_settings", "settings": {"effortLevel": "low"}},
        ):
            if request:
                assert await wire.ask(**request) == {}
            wire.say("go on")
            await wire.turn()
        thinks = [each.get("thinking", {}).get("type") for each in api.requests]
        assert thinks[0] == thinks[2] == thinks[3] not in (None, "disabled") and thinks[1] in (None, "disabled")
        assert [(e.get("output_config") or {}).get("effort") for e in api.requests] == [None, None, None, "low"]
        assert len(api.context_edits) == 3 and not api.violations
        assert "outputStyle cannot be changed" in await refused(
            wire, "apply_flag_settings", settings={"outputStyle": "x", "model": "haiku"}
        )
        for wrong in (-1, True, "many"):
            assert "whole number" in await refused(wire, "set_max_thinking_tokens", max_thinking_tokens=wrong)


@pytest.mark.behaviour("B-2245")
async def test_what_is_stored_is_told_before_the_result(tmp_path: Path) -> None:
    script = [turn(tool("Bash", command="echo hi")), turn("One."), turn("Two.")]
    async with running_api(script) as api, hosted(tmp_path, api.url, mirrors=True) as wire:
        wire.say("first")
        come = await wire.turn()
        wire.say("second")
        come += await wire.turn()
        await wire.close()
    frames = [f for f in wire.seen if f["type"] == "transcript_mirror"]
    (path,) = {frame["filePath"] for frame in frames}
    assert all(frame.keys() == {"type", "filePath", "entries"} for frame in frames)
    stored = [decode_line(line) for line in Path(path).read_bytes().splitlines()]
    assert [entry for frame in frames for entry in frame["entries"]] == stored
    told = [
        entry["uuid"] for f in come if f["type"] == "transcript_mirror" for entry in f["entries"] if "uuid" in entry
    ]
    assert {f["uuid"] for f in come if f["type"] in ("assistant", "user")} <= set(told)
    assert [e.get("uuid") for e in stored if e and e.get("uuid")][-1] in told  # before the last result


@pytest.mark.behaviour("B-2246")
async def test_a_refused_resume_is_a_result_an_error_and_changes_nothing(tmp_path: Path) -> None:
    async with running_api([turn("One."), turn("Two.")]) as api:
        async with hosted(tmp_path, api.url) as wire:
            wire.say("first", uuid=NAMES[0])
            first = (await wire.turn())[-1]
            kept = next(f["uuid"] for f in wire.seen if f["type"] == "assistant")
            wire.say("second", uuid=NAMES[1])
            await wire.turn()
        before = {path: path.read_bytes() for path in (tmp_path / "home").rglob("*.jsonl")}
        start = Start(resume=first["session_id"], fork=True, at=kept, drops_turn=NAMES[0])
        async with hosted(tmp_path, api.url, start=start) as wire:
            wire.request("initialize")
            (result,) = await wire.rest()
            assert result["is_error"] and "Resume rejected by --resume-drops-turn:" in result["errors"][0]
            assert await wire.close() == 1
        assert {path: path.read_bytes() for path in (tmp_path / "home").rglob("*.jsonl")} == before


@pytest.mark.behaviour("B-2247")
async def test_partial_messages_and_states(tmp_path: Path) -> None:
    shows = {"partial": True, "states": True}
    async with running_api([turn("One two three.")]) as api, hosted(tmp_path, api.url, shows=shows) as wire:
        wire.say("first", uuid=NAMES[0], origin={"kind": "human"})
        come = await wire.turn()
        assert come[0]["subtype"] == "init" and come[1]["subtype"] == "session_state_changed"
        events = [f["event"]["type"] for f in come if f["type"] == "stream_event"]
        assert events[:2] == ["message_start", "content_block_start"] and "content_block_delta" in events
        assert events[-3:] == ["content_block_stop", "message_delta", "message_stop"] and "ping" not in events
        streamed = [f for f in come if f["type"] == "stream_event"]
        assert all(f["parent_tool_use_id"] is None and f["uuid"] and f["session_id"] for f in streamed)
        assert [("ttft_ms" in f) for f in streamed] == [True] + [False] * (len(streamed) - 1)
        kinds = [f["type"] for f in come]
        assert kinds.index("assistant") > max(i for i, kind in enumerate(kinds) if kind == "stream_event") - 3
        result = come[-1]
        assert result["ttft_ms"] >= streamed[0]["ttft_ms"] >= 0 and result["user_message_uuid"] == NAMES[0]
        assert result["origin"] == {"kind": "human"} and result["api_error_status"] is None
        rest = await wire.rest()
        assert [f["state"] for f in (*come, *rest) if f.get("subtype") == "session_state_changed"] == [
            "running",
            "idle",
        ]


@pytest.mark.behaviour("B-2245")
async def test_what_is_stored_of_agents_is_told_too(tmp_path: Path) -> None:
    script = fan(["part x"], rule({"user_regex": "^part"}, "Report on part x."))
    async with running_api(script) as api, hosted(tmp_path, api.url, mirrors=True) as wire:
        wire.say(GO)
        come = await wire.turn()
    frames = [f for f in come if f["type"] == "transcript_mirror" and "/subagents/agent-" in f["filePath"]]
    (path,) = {Path(frame["filePath"]) for frame in frames}
    told = [entry for frame in frames for entry in frame["entries"]]
    about = [entry for entry in told if entry["type"] == "agent_metadata"]
    assert [entry for entry in told if entry not in about] == [
        decode_line(line) for line in path.read_bytes().splitlines()
    ]
    kept = json.loads(path.with_name(f"{path.stem}.meta.json").read_text(encoding="utf-8"))
    assert about[-1] == {"type": "agent_metadata", **kept} and about[-1]["toolUseId"]
    assert [entry["state"] for entry in about] == ["running", "completed"]


@pytest.mark.behaviour("B-2247")
@pytest.mark.behaviour("B-2245")
def test_the_flags_of_a_process(place: Place) -> None:
    flags = ("--output-format", "stream-json", "--verbose", "--include-partial-messages", "--session-mirror")
    env = {"CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS": "1"}
    with fake_api([turn("Hello.")]) as api:
        done = place.coder("-p", "hi", *flags, url=api.url, env=env)
    kinds = [line["type"] for line in done.lines]
    assert done.code == 0 and done.stderr == "" and {"stream_event", "transcript_mirror"} < set(kinds)
    assert [line["state"] for line in done.lines if line.get("subtype") == "session_state_changed"] == [
        "running",
        "idle",
    ]
    assert max(i for i, kind in enumerate(kinds) if kind == "transcript_mirror") < kinds.index("result")
