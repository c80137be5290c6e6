"""Conversations of the Python SDK that last: clients that stream, control, sessions that go on, files that go back."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Any

import claude_agent_sdk as sdk
import pytest

from tests.support.fakeapi import fake_api, text, tool, turn
from tests.support.sdk_stage import Stage, answer, each, prompts, result, system

pytestmark = [
    pytest.mark.online,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.behaviour("B-2305"),
]


async def test_turns_of_one_conversation(stage: Stage) -> None:
    with fake_api([turn("one"), turn("two"), turn("three")]) as api:
        async with stage.client(api) as client:
            ends = [result(await answer(client, words)) for words in ("first", "second", "third")]
    assert [end.result for end in ends] == ["one", "two", "three"]
    assert len({end.session_id for end in ends}) == 1
    said = [m["content"] for m in api.requests[-1]["messages"]]
    assert [str(content) for content in said if "first" in str(content)] and len(said) == 5
    costs = [end.total_cost_usd or 0.0 for end in ends]
    assert costs == sorted(costs) and costs[0] != costs[-1]


async def test_what_the_server_can_do(stage: Stage) -> None:
    (stage.place.project / ".claude" / "commands").mkdir(parents=True)
    (stage.place.project / ".claude" / "commands" / "knead.md").write_text("---\ndescription: Kneads\n---\nKnead.\n")
    with fake_api([turn("hi")]) as api:
        async with stage.client(api) as client:
            info = await client.get_server_info() or {}
    commands = {each["name"]: each for each in info["commands"]}
    assert commands["knead"]["description"].startswith("Kneads") and {"compact", "context", "cost"} <= commands.keys()
    assert info["output_style"] == "default" and "default" in info["available_output_styles"]
    assert info["models"] and all({"value", "displayName", "description"} <= model.keys() for model in info["models"])
    assert isinstance(info["account"], dict) and {"general-purpose"} <= {each["name"] for each in info["agents"]}


async def test_a_turn_is_interrupted(stage: Stage) -> None:
    with fake_api([turn(tool("Bash", command="echo begun; sleep 60")), turn("again")]) as api:
        async with stage.client(api, allowed_tools=["Bash"]) as client:
            await client.query("go")
            told: list[Any] = []
            async with asyncio.timeout(60):
                async for message in client.receive_response():
                    told.append(message)
                    if isinstance(message, sdk.AssistantMessage):
                        await client.interrupt()
            end = result(told)
            assert end.subtype == "error_during_execution" and str(end.terminal_reason).startswith("aborted_")
            assert result(await answer(client, "again")).result == "again"


async def test_the_model_is_changed(stage: Stage) -> None:
    with fake_api([turn("one"), turn("two"), turn("three")]) as api:
        async with stage.client(api, model="claude-sonnet-5") as client:
            await answer(client, "first")
            await client.set_model("claude-opus-5")
            told = await answer(client, "second")
            await client.set_model(None)
            await answer(client, "third")
    assert [r["model"] for r in api.requests] == ["claude-sonnet-5", "claude-opus-5", "claude-sonnet-5"]
    assert each(told, sdk.AssistantMessage)[0].model == "claude-opus-5"


async def test_the_permission_mode_is_changed(stage: Stage) -> None:
    path = stage.place.project / "a.txt"
    write = turn(tool("Write", file_path=str(path), content="x\n"))
    with fake_api([write, turn("denied"), write, turn("written")]) as api:
        async with stage.client(api) as client:
            await answer(client, "write")
            assert not path.exists()
            await client.set_permission_mode("acceptEdits")
            told = await answer(client, "write")
            assert path.exists() and system(told, "init")[0]["permissionMode"] == "acceptEdits"


async def test_how_full_the_context_is(stage: Stage) -> None:
    with fake_api([turn("hi")]) as api:
        async with stage.client(api) as client:
            await answer(client, "hi")
            usage = await client.get_context_usage()
    assert 0 < usage["totalTokens"] < usage["maxTokens"] and usage["model"]
    assert {"name", "tokens", "color"} <= usage["categories"][0].keys()
    assert sum(category["tokens"] for category in usage["categories"]) > 0
    assert all(len(row) == len(usage["gridRows"][0]) for row in usage["gridRows"])


async def test_messages_with_blocks_and_an_id(stage: Stage) -> None:
    """What a host sends as a message is what the transcript keeps, by the id that the host gave it."""
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
    named = str(uuid.uuid4())

    async def one() -> Any:
        content = [text("what is this?"), picture]
        yield {
            "type": "user",
            "uuid": named,
            "message": {"role": "user", "content": content},
            "parent_tool_use_id": None,
        }

    with fake_api([turn("a picture")]) as api:
        told = await stage.told(api, one())
    assert "iVBORw0KGgo=" in str(api.requests[0]["messages"])
    first = sdk.get_session_messages(result(told).session_id, str(stage.place.project))[0]
    assert first.uuid == named and result(told).user_message_uuid in (named, None)


async def test_clear_begins_anew(stage: Stage) -> None:
    with fake_api([turn("one"), turn("two")]) as api:
        async with stage.client(api) as client:
            first = await answer(client, "first")
            cleared = await answer(client, "/clear")
            second = await answer(client, "second")
    (reset,) = each(cleared, sdk.ConversationResetMessage)
    assert reset.session_id == result(first).session_id
    assert result(second).session_id == reset.new_conversation_id != result(first).session_id
    assert "first" not in str(api.requests[-1]["messages"])


async def test_a_session_goes_on_and_forks(stage: Stage) -> None:
    with fake_api([turn("one"), turn("two"), turn("three"), turn("four")]) as api:
        first = result(await stage.told(api, "first"))
        second = result(await stage.told(api, "second", resume=first.session_id))
        third = result(await stage.told(api, "third", resume=first.session_id, fork_session=True))
        fourth = result(await stage.told(api, "fourth", continue_conversation=True))
    assert first.session_id == second.session_id != third.session_id
    assert fourth.session_id in (first.session_id, third.session_id)
    assert ["first" in str(r["messages"]) for r in api.requests] == [True] * 4


async def test_the_session_has_the_id_that_was_given(stage: Stage) -> None:
    named = str(uuid.uuid4())
    with fake_api([turn("one")]) as api:
        assert result(await stage.told(api, "first", session_id=named)).session_id == named


async def test_a_session_that_is_not_there_is_an_error(stage: Stage) -> None:
    missing = pytest.raises(Exception, match="No conversation found with session ID")
    with fake_api([turn("never")]) as api, missing:
        await stage.told(api, "first", resume=str(uuid.uuid4()))


async def test_a_session_goes_on_from_an_earlier_message(stage: Stage) -> None:
    with fake_api([turn("one"), turn("two"), turn("three"), turn("four")]) as api:
        first = await stage.told(api, "first")
        session = result(first).session_id
        second = await stage.told(api, "second", resume=session)
        kept = each(first, sdk.AssistantMessage)[-1].uuid
        said = sdk.get_session_messages(session, str(stage.place.project))
        dropped = next(m.uuid for m in said if m.message["content"] == "second")
        at = {"resume": session, "resume_session_at": kept, "fork_session": True}
        third = await stage.told(api, "third", **at, resume_drops_turn=dropped)
        assert "second" not in str(api.requests[-1]["messages"]) and "one" in str(api.requests[-1]["messages"])
        with pytest.raises(Exception, match="Resume rejected by --resume-drops-turn:"):
            await stage.told(api, "fourth", **at, resume_drops_turn=str(uuid.uuid4()))
    assert result(second).session_id == session != result(third).session_id


async def test_the_readers_of_sessions(stage: Stage) -> None:
    file = stage.place.project / "a.txt"
    file.write_text("wholemeal\n")
    with fake_api([turn(tool("Read", file_path=str(file))), turn("bread"), turn("two")]) as api:
        told = await stage.told(api, "what is in it?")
        session, folder = result(told).session_id, str(stage.place.project)
        (info,) = sdk.list_sessions(folder)
        assert (info.session_id, info.first_prompt, info.cwd) == (session, "what is in it?", folder)
        said = sdk.get_session_messages(session, folder)
        assert [m.type for m in said] == ["user", "assistant", "user", "assistant"]
        assert {m.uuid for m in each(told, sdk.AssistantMessage)} == {m.uuid for m in said if m.type == "assistant"}
        sdk.rename_session(session, "Bread", folder)
        sdk.tag_session(session, "kitchen", folder)
        named = sdk.get_session_info(session, folder)
        assert named and (named.custom_title, named.tag) == ("Bread", "kitchen")
        fork = sdk.fork_session(session, folder, title="Rolls")
        other = result(await stage.told(api, "and now?", resume=fork.session_id))
        assert other.session_id == fork.session_id and "wholemeal" in str(api.requests[-1]["messages"])
        sdk.delete_session(session, folder)
        assert [each.session_id for each in sdk.list_sessions(folder)] == [fork.session_id]


async def test_files_go_back_to_a_message(stage: Stage) -> None:
    path = stage.place.project / "a.txt"
    path.write_text("one\n")
    change = turn(
        tool("Read", file_path=str(path)), tool("Edit", file_path=str(path), old_string="one", new_string="two")
    )
    more: dict[str, Any] = {
        "enable_file_checkpointing": True,
        "permission_mode": "acceptEdits",
        "extra_args": {"replay-user-messages": None},
    }
    with fake_api([change, turn("changed"), turn("fine")]) as api:
        async with stage.client(api, **more) as client:
            told = await answer(client, "change it")
            (replayed,) = [m.uuid for m in each(told, sdk.UserMessage) if m.uuid and m.content == "change it"]
            assert path.read_text() == "two\n"
            await client.rewind_files(replayed)
            assert path.read_text() == "one\n"
            with pytest.raises(Exception, match=r"\S"):
                await client.rewind_files(str(uuid.uuid4()))
            assert result(await answer(client, "go on")).result == "fine"


async def test_files_go_back_when_the_session_goes_on(stage: Stage) -> None:
    path = stage.place.project / "a.txt"
    create = turn(tool("Write", file_path=str(path), content="new\n"))
    more: dict[str, Any] = {"enable_file_checkpointing": True, "permission_mode": "acceptEdits"}
    with fake_api([create, turn("written")]) as api:
        told = await stage.told(api, "write it", **more, extra_args={"replay-user-messages": None})
        (replayed,) = [m.uuid for m in each(told, sdk.UserMessage) if m.uuid and m.content == "write it"]
        async with stage.client(api, **more, resume=result(told).session_id) as client:
            await client.rewind_files(replayed)
    assert not path.exists()


async def test_a_store_has_the_whole_session_and_gives_it_back(stage: Stage, tmp_path: Path) -> None:
    store = sdk.InMemorySessionStore()
    other = tmp_path / "elsewhere"
    agent = turn(tool("Agent", description="Look", prompt="Look for ALPHA."))
    with fake_api([agent, turn("found"), turn("one"), turn("two")]) as api:
        first = await stage.told(api, "first", session_store=store)
        session, folder = result(first).session_id, str(stage.place.project)
        stored = await sdk.get_session_messages_from_store(store, session, folder)
        assert [m.uuid for m in stored] == [m.uuid for m in sdk.get_session_messages(session, folder)]
        (agent_id,) = await sdk.list_subagents_from_store(store, session, folder)
        assert await sdk.get_subagent_messages_from_store(store, session, agent_id, folder)
        empty = {"CLAUDE_CONFIG_DIR": str(other)}
        second = await stage.told(api, "second", session_store=store, resume=session, env=empty)
    assert result(second).session_id == session and "first" in str(api.requests[-1]["messages"])
    after = await sdk.get_session_messages_from_store(store, session, folder)
    assert len(after) == len(stored) + 2 and not each(second, sdk.MirrorErrorMessage)


async def test_a_session_that_is_not_kept(stage: Stage) -> None:
    with fake_api([turn("one")]) as api:
        await stage.told(api, "first", extra_args={"no-session-persistence": None})
    assert sdk.list_sessions(str(stage.place.project)) == []


async def test_prompts_come_while_a_turn_runs(stage: Stage) -> None:
    """Each has its answer, in their order, and none is lost."""
    with fake_api([turn("one", wait=0.3), turn("two"), turn("three")], allow_violations=True) as api:
        async with stage.client(api) as client:
            for words in ("first", "second", "third"):
                await client.query(words)
            ends: list[Any] = []
            async with asyncio.timeout(60):
                async for message in client.receive_messages():
                    ends += each([message], sdk.ResultMessage)
                    if len(ends) == 3 or (ends and ends[-1].result == "three"):
                        break
    assert [end.is_error for end in ends] == [False] * len(ends)
    assert all(word in str(api.requests[-1]["messages"]) for word in ("first", "second", "third"))


async def test_the_origin_of_a_prompt_comes_back(stage: Stage) -> None:
    with fake_api([turn("one")]) as api:
        told = await stage.told(api, prompts("hi", origin={"kind": "human"}))
    assert result(told).origin == {"kind": "human"}
