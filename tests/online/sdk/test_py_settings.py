"""What the Python SDK may have loaded or left out: sources of settings, memory, skills, plugins, sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import claude_agent_sdk as sdk
import pytest

from tests.support.fakeapi import fake_api, tool, tool_input, turn
from tests.support.plugged import bakery
from tests.support.sdk_stage import Stage, result, results_of_calls, system

pytestmark = [
    pytest.mark.online,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.behaviour("B-2306"),
]


async def test_sources_of_settings(stage: Stage) -> None:
    project = stage.place.project
    (project / ".claude" / "commands").mkdir(parents=True)
    (project / ".claude" / "commands" / "knead.md").write_text("Knead.\n")
    (project / "CLAUDE.md").write_text("Always bake rye.\n")
    (project / ".claude" / "settings.local.json").write_text('{"outputStyle": "local-test-style"}')
    with fake_api([turn("a"), turn("b"), turn("c")]) as api:
        every = system(await stage.told(api, "hi"), "init")[0]
        none = system(await stage.told(api, "hi", setting_sources=[]), "init")[0]
        mine = system(await stage.told(api, "hi", setting_sources=["user"]), "init")[0]
    assert ["knead" in init["slash_commands"] for init in (every, none, mine)] == [True, False, False]
    assert [init["output_style"] for init in (every, none, mine)] == ["local-test-style", "default", "default"]
    assert ["Always bake rye." in str(request) for request in api.requests] == [True, False, False]


@pytest.mark.parametrize("form", ["text", "file"])
async def test_settings_given_with_the_options(stage: Stage, form: str) -> None:
    content = json.dumps(
        {"outputStyle": "mine", "env": {"COLOUR": "crimson"}, "permissions": {"allow": ["Bash(echo *)"]}}
    )
    settings = content
    if form == "file":
        settings = str(stage.place.home / "s.json")
        Path(settings).write_text(content)
    with fake_api([turn(tool("Bash", command="echo $COLOUR")), turn("done")]) as api:
        told = await stage.told(api, "hi", settings=settings)
    assert system(told, "init")[0]["output_style"] == "mine" and results_of_calls(told)[0].strip() == "crimson"


async def test_more_folders(stage: Stage) -> None:
    other = stage.place.home / "other"
    other.mkdir()
    (other / "a.txt").write_text("spelt\n")
    with fake_api([turn(tool("Read", file_path=str(other / "a.txt"))), turn("done")]) as api:
        told = await stage.told(api, "hi", add_dirs=[other])
    assert "spelt" in results_of_calls(told)[0]


def skill(project: Path, name: str) -> None:
    at = project / ".claude" / "skills" / name
    at.mkdir(parents=True)
    (at / "SKILL.md").write_text(f"---\nname: {name}\ndescription: How to {name}.\n---\nTo {name}, take flour.\n")


async def test_skills(stage: Stage) -> None:
    for name in ("knead", "prove"):
        skill(stage.place.project, name)
    use = turn(tool("Skill", skill="knead"))
    with fake_api([use, turn("a"), turn("b"), turn("c")]) as api:
        one = await stage.told(api, "hi", skills=["knead"])
        every = await stage.told(api, "hi", skills="all")
        none = await stage.told(api, "hi", skills=[])
    assert "take flour" in str(api.requests[1]["messages"])
    listed = [("How to knead." in str(r), "How to prove." in str(r)) for r in (api.requests[0], *api.requests[2:])]
    assert listed == [(True, False), (True, True), (False, False)]
    assert "knead" in system(one, "init")[0]["skills"] and "prove" in system(every, "init")[0]["skills"]
    assert result(none).result == "c"


@pytest.mark.behaviour("B-2400")
async def test_plugins(stage: Stage, tmp_path: Path) -> None:
    """A command, an agent, a hook and a server of one, and what is said of one that is not there."""
    seen = tmp_path / "seen"
    root = bakery(tmp_path / "bakery", seen)
    plugins = [{"type": "local", "path": str(path)} for path in (root, tmp_path / "gone")]
    baker = tool("Agent", subagent_type="bakery:baker", description="d", prompt="bake", run_in_background=False)
    script = [turn(tool_input("mcp__plugin_bakery_oven__echo", {"text": "rye"}), baker), turn("baked"), turn("done")]
    more = {"allowed_tools": ["mcp__plugin_bakery_oven"], "extra_args": {"require-mcp": "plugin:bakery:oven"}}
    with fake_api(script) as api:
        told = await stage.told(api, "/bakery:knead dough", plugins=plugins, setting_sources=[], **more)
    init, asked = system(told, "init")[0], str([api.requests[0]["messages"], api.requests[1]["system"]])
    assert init["plugins"] == [{"name": "bakery", "path": str(root)}] and "bakery:baker" in init["agents"]
    assert [(each["plugin"], each["type"]) for each in init["plugin_errors"]] == [("gone", "path-not-found")]
    assert {"name": "plugin:bakery:oven", "status": "connected"} in init["mcp_servers"]
    assert f"Knead dough in {root}." in asked and "You bake in " in asked and seen.read_text().startswith(f"{root}|")
    assert "rye" in results_of_calls(told)[0] and "baked" in results_of_calls(told)[1]


async def test_a_sandbox_is_asked_for(stage: Stage) -> None:
    """Where there is none the run says so, or does not begin, rather than to go without a word."""
    with fake_api([turn("done")]) as api:
        told = await stage.told(api, "hi", sandbox={"enabled": True})
        with pytest.raises(sdk.ProcessError):
            await stage.told(api, "hi", sandbox={"enabled": True, "failIfUnavailable": True})
    assert "coder has no sandbox" in str(system(told, "informational")) and result(told).subtype == "success"


async def test_a_prompt_that_is_taken_as_it_is(stage: Stage) -> None:
    """`verbatim_prompts`: neither a command nor a file is read for what stands in it."""
    (stage.place.project / "a.txt").write_text("wholemeal\n")
    with fake_api([turn("fine")]) as api:
        told = await stage.told(api, "/cost @a.txt", verbatim_prompts=True)
    assert result(told).result == "fine" and "wholemeal" not in str(api.requests[0]["messages"])


async def test_who_asks_is_told_to_the_api(stage: Stage) -> None:
    with fake_api([turn("fine")]) as api:
        await stage.told(api, "hi", client_app="bakery/1.0")
    assert "bakery/1.0" in str(api.exchanges[0].headers)


async def test_options_that_are_the_sdks_own(stage: Stage) -> None:
    """`max_buffer_size` bounds a line, `stderr` hears what is said there, `user` is the one who runs it."""
    heard: list[str] = []
    with fake_api([turn("x" * 20_000)]) as api:
        told = await stage.told(api, "hi", max_buffer_size=200_000, stderr=heard.append, load_timeout_ms=1000)
        with pytest.raises(sdk.CLIJSONDecodeError):
            await stage.told(api, "hi", max_buffer_size=500)
    assert len(result(told).result or "") == 20_000 and heard == []


@pytest.mark.behaviour("B-2466")
async def test_a_result_is_no_longer_than_the_sdk_reads(stage: Stage) -> None:
    """A line over 1 MiB would end its reader; who has raised `max_buffer_size` may have all of it."""
    long = "0123456789" * 200_000
    with fake_api([turn(long, delta=100_000), turn(long, delta=100_000)]) as api:
        told = result(await stage.told(api, "hi")).result or ""
        roomy = await stage.told(api, "hi", max_buffer_size=8 << 20, env={"CODER_STREAM_LINE_MAX": "0"})
    text, _, note = told.partition("… [")
    assert long.startswith(text) and len(text) > 990_000 and "has all of it" in note
    assert result(roomy).result == long


async def test_an_agent_of_the_main_conversation(stage: Stage) -> None:
    """`--agent` by `extra_args`, with a definition that the options bring."""
    parrot = sdk.AgentDefinition("Repeats", "You are a parrot.", tools=["Read"])
    with fake_api([turn("fine")]) as api:
        told = await stage.told(api, "hi", agents={"parrot": parrot}, extra_args={"agent": "parrot"})
    assert result(told).result == "fine" and "You are a parrot." in str(api.requests[0]["system"])
