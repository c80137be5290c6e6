"""What a host asks of a session besides turns: files, settings, rules, names, agents and skills."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from uuid import uuid4

import pytest

from coder.frontends.stream_json.queries import refused
from tests.support.fakeapi import fault, running_api, tool, turn
from tests.support.hosted import hosted

NOWHERE = "http://127.0.0.1:9"
RULES = {"permissions": {"deny": ["Read(secret*)"], "allow": ["Bash(ls *)"]}, "env": {"MINE": "hunter2"}}


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.behaviour("B-2467")
async def test_files_are_read_where_the_model_may_read_them(tmp_path: Path) -> None:
    project = tmp_path / "project"
    put(project / "a.txt", "äb\n")
    put(project / "secret.txt", "hush")
    put(tmp_path / "outside.txt", "far")
    (project / "link").symlink_to(tmp_path / "outside.txt")
    (project / "bytes").write_bytes(b"\xff\x00")
    os.mkfifo(project / "pipe")
    async with hosted(tmp_path, NOWHERE, settings=json.dumps(RULES), permission_mode="default") as wire:
        whole = {"absPath": str(project / "a.txt"), "contents": "äb\n", "lossy": False}
        assert await wire.ask("read_file", path="a.txt") == whole
        assert await wire.ask("read_file", path=whole["absPath"], max_bytes=4) == whole
        cut = await wire.ask("read_file", path="a.txt", max_bytes=1)
        assert cut["truncated"] is True and cut["lossy"] is True
        raw = await wire.ask("read_file", path="bytes", encoding="base64")
        assert base64.b64decode(raw["contents"]) == b"\xff\x00" and raw["encoding"] == "base64" and "lossy" not in raw
        for path in ("secret.txt", "../outside.txt", "link", str(tmp_path / "outside.txt")):
            said = await wire.refused("read_file", path=path)
            assert "may not be read" in said and "hush" not in said
        for path in ("none such", "pipe", ".", "\0"):
            await wire.refused("read_file", path=path)
        assert "whole number" in await wire.refused("read_file", path="a.txt", max_bytes=0)


@pytest.mark.behaviour("B-2468")
async def test_settings_without_what_nobody_is_to_see(tmp_path: Path) -> None:
    given = {**RULES, "model": "claude-opus-4-8", "permissions": {"deny": ["Read(secret*)"]}}
    user = {"permissions": {"deny": ["Edit"]}, "model": "haiku", "apiKeyHelper": "echo sk-ant-abcdefghijklmnop"}
    put(tmp_path / "home" / ".coder" / "settings.json", json.dumps({**user, "env": {"ITS_PW": "hunter3"}}))
    async with hosted(tmp_path, NOWHERE, settings=json.dumps(given)) as wire:
        found = await wire.ask("get_settings")
        styles = await wire.ask("reload_output_styles")
    assert found["effective"]["permissions"] == {"deny": ["Read(secret*)", "Edit"]}
    assert found["effective"]["model"] == "claude-opus-4-8" == found["applied"]["model"]
    assert [row["source"] for row in found["sources"]] == ["user", "flag"]  # the weakest first
    assert found["sources"][0]["settings"]["model"] == "haiku"
    assert not [word for word in ("hunter2", "hunter3", "abcdefghijkl") if word in json.dumps(found)]
    assert found["effective"]["env"] == {"MINE": "…", "ITS_PW": "…"}
    assert styles["available_output_styles"][0] == "default"


@pytest.mark.behaviour("B-2469")
async def test_rules_that_a_host_sets_are_in_force_replaced_and_kept_over_a_clear(tmp_path: Path) -> None:
    project = tmp_path / "project"
    call = turn(tool("Write", file_path=str(project / "a"), content="x"))
    script = [call, turn("One."), call, turn("Two."), call, turn("Three."), turn("Four.")]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        assert await wire.ask("apply_flag_settings", settings={"permissions": {"deny": ["Write"]}}) == {}
        for line in ("first", "/clear", "second"):
            wire.say(line)
            denied = (await wire.turn())[-1]["permission_denials"]
            assert bool(denied) is (line != "/clear") and not (project / "a").exists()
        rules = (await wire.ask("list_permission_rules"))["state"]
        assert {"behavior": "deny", "source": "session", "rule": "Write", "editability": "session"} in rules["rules"]
        assert rules["originalCwd"] == str(project) and rules["workspaceDirectories"] == []
        wrong = {"permissions": {"deny": [1]}, "effortLevel": "low"}
        assert "list of rules" in await wire.refused("apply_flag_settings", settings=wrong)
        assert "defaultMode cannot be changed" in await wire.refused(
            "apply_flag_settings", settings={"permissions": {"defaultMode": "plan"}}
        )
        assert await wire.ask("apply_flag_settings", settings={"permissions": None}) == {}
        wire.say("third")
        await wire.turn()
        assert (project / "a").exists()


@pytest.mark.behaviour("B-2470")
async def test_a_folder_below_is_one_to_work_in_and_a_session_has_a_name(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "below").mkdir(parents=True)
    (project / "away").symlink_to(tmp_path)
    async with running_api([turn("One.")]) as api, hosted(tmp_path, api.url) as wire:
        assert await wire.ask("register_repo_root", directory=str(project / "below")) == {}
        (row,) = (await wire.ask("list_permission_rules"))["state"]["workspaceDirectories"]
        assert row == {"path": str(project / "below"), "source": "session"}
        for folder, why in (("below", "already"), (str(tmp_path), "below a folder"), ("none", "there is no folder")):
            assert why in await wire.refused("register_repo_root", directory=folder)
        assert "below a folder" in await wire.refused("register_repo_root", directory=str(project / "away"))
        wire.say("/clear")
        await wire.turn()
        assert [row] == (await wire.ask("list_permission_rules"))["state"]["workspaceDirectories"]
        wire.say("first")
        session = (await wire.result())["session_id"]
        assert await wire.ask("rename_session", title="The rye", source="host", session_id=session) == {}
        assert "not the session" in await wire.refused("rename_session", title="x", session_id=str(uuid4()))
        assert "letters" in await wire.refused("rename_session", title=" \t")
        used = await wire.ask("get_usage", skip_behaviors=True)
        assert used["session"]["total_cost_usd"] > 0 and used["rate_limits_available"] is False
        await wire.close()
    kept = next((tmp_path / "home").rglob(f"{session}.jsonl")).read_text(encoding="utf-8")
    assert '"The rye"' in kept


@pytest.mark.behaviour("B-2471")
async def test_agents_and_skills_with_what_they_take_and_read_again(tmp_path: Path) -> None:
    config = tmp_path / "home" / ".coder"
    rye = put(config / "agents" / "rye.md", f"---\nname: rye\ndescription: {'Bakes rye. ' * 20}\n---\nBake.\n")
    knead = put(config / "skills" / "knead" / "SKILL.md", "---\nname: knead\ndescription: Kneads dough.\n---\nKnead.\n")
    async with running_api([turn("One."), turn("Two.")]) as api, hosted(tmp_path, api.url) as wire:
        for _ in range(2):  # before the first request, and behind it
            usage = await wire.ask("get_context_usage")
            agents = {each["agentType"]: each for each in usage["agents"]}
            assert agents["rye"]["source"] == "userSettings" and agents["rye"]["path"] == str(rye)
            assert agents["rye"]["tokens"] > 20 and "path" not in agents["general-purpose"]
            assert agents["general-purpose"]["source"] == "built-in"
            (own,) = [part for part in usage["categories"] if part["id"] == "custom_agents"]
            assert own["tokens"] == agents["rye"]["tokens"]
            assert sum(part["tokens"] for part in usage["categories"]) == usage["maxTokens"]
            skills = usage["skills"]
            (head,) = skills["skillFrontmatter"]
            assert (head["name"], head["source"], head["path"]) == ("knead", "userSettings", str(knead))
            assert 0 < head["tokens"] <= skills["tokens"]
            assert skills["totalSkills"] == skills["includedSkills"] == 1
            wire.say("first")
            await wire.turn()
        put(config / "skills" / "rest" / "SKILL.md", "---\nname: rest\ndescription: Lets it rest.\n---\nRest.\n")
        found = await wire.ask("reload_skills")
        assert {each["name"] for each in found["skills"]} == {"knead", "rest"}
        (rest,) = (each for each in found["skills"] if each["name"] == "rest")
        assert (rest["description"], rest["argumentHint"]) == ("Lets it rest.", "")


@pytest.mark.behaviour("B-2472")
async def test_what_was_read_before_need_not_be_read_again(tmp_path: Path) -> None:
    project = tmp_path / "project"
    a, b = put(project / "a", "rye\n"), put(project / "b", "rye\n")
    edit = [tool("Edit", file_path=str(each), old_string="rye", new_string="spelt") for each in (a, b)]
    async with running_api([turn(*edit), turn("Done.")]) as api, hosted(tmp_path, api.url) as wire:
        await wire.ask("seed_read_state", path="a", mtime=a.stat().st_mtime_ns // 1_000_000)
        await wire.ask("seed_read_state", path="b", mtime=1)
        wire.say("go")
        await wire.turn()
    assert a.read_text(encoding="utf-8") == "spelt\n" and b.read_text(encoding="utf-8") == "rye\n"


@pytest.mark.behaviour("B-2473")
async def test_one_command_goes_to_the_background_and_one_message_is_taken_back(tmp_path: Path) -> None:
    calls = [tool("Bash", command=f"touch {name}; while [ ! -e go ]; do sleep 0.02; done") for name in "ab"]
    names, stalls = [str(uuid4()) for _ in range(2)], fault("stall", after=2, times="forever")
    script = [turn(calls[0]), turn("One."), turn("Over."), turn("Two.", fault=stalls)]
    async with running_api(script) as api, hosted(tmp_path, api.url) as wire:
        wire.say("first")
        begun = (await wire.until(lambda f: f["type"] == "assistant"))[-1]["message"]["content"][0]
        await wire.streaming((tmp_path / "project" / "a").exists)
        assert await wire.ask("background_tasks", tool_use_id="none such") == {"backgrounded": False}
        assert await wire.ask("background_tasks", tool_use_id=begun["id"]) == {"backgrounded": True}
        assert (await wire.result())["result"] == "One."
        (tmp_path / "project" / "go").touch()
        assert (await wire.result())["result"] == "Over."
        wire.say("second")
        await wire.streaming(lambda: len(api.requests) == 4)
        wire.say("steers", uuid=names[0])
        wire.say("/cost", uuid=names[1])
        for name in names:
            assert await wire.ask("cancel_async_message", message_uuid=name) == {"cancelled": True}
            assert await wire.ask("cancel_async_message", message_uuid=name) == {"cancelled": False}
        assert await wire.ask("interrupt") == {"still_queued": []}
        assert [f["type"] for f in await wire.rest()].count("result") == 1


@pytest.mark.behaviour("B-2474")
async def test_what_cannot_be_answered_is_refused_with_the_reason(tmp_path: Path) -> None:
    async with hosted(tmp_path, NOWHERE) as wire:
        for name, why in refused.REASONS.items():
            assert await wire.refused(name) == f"{name} is not answered: {why}"
        assert await wire.ask("set_has_subscribers", has_subscribers=False) == {}
        assert "there is no control request 'bake'" in await wire.refused("bake")
