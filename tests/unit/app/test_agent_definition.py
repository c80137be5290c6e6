"""Each field of a definition that a program may give counts, or is said not to: `--agents` and `initialize`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.app.subagents import describing, leading
from coder.app.subagents.cast import Cast
from coder.commands.agents import Agent, given_agents
from coder.core import agent_servers
from coder.core.agents import Brief
from coder.core.config import Config, ModelConfig
from coder.core.messages import Json, Text
from tests.support.casts import Stage
from tests.support.fakeapi import rule, running_api, tool
from tests.support.fanout import DONE, GO, fan, of
from tests.support.sdk_matrix import FIELDS, rows
from tests.support.talks import Talk

BASE: Json = {"description": "bakes", "prompt": "You bake."}
SOURCE = {"oven": {"command": "oven"}}


def _system(made: Cast) -> str:
    return "\n".join(made.system)


def _skills(made: Cast) -> str:
    assert made.context is not None
    return "\n".join(each.text for each in made.context.content if isinstance(each, Text))


def _servers(made: Cast) -> Any:
    source = made.described
    return source and (source.scope, dict(source.servers)), made.choice.servers


HONOURED: dict[str, tuple[Any, Callable[[Cast], Any], Any]] = {
    "prompt": ("You bake bread.", lambda made: "You bake bread." in _system(made), True),
    "tools": (["Read", "Grep"], lambda made: made.tools, ("Read", "Grep")),
    "disallowedTools": (["mcp__*", "Bash"], lambda made: {"Bash", "mcp__docs__find"} & {*made.tools}, set()),
    "model": ("haiku", lambda made: made.model, "claude-haiku-5-5"),
    "mcpServers": (["docs", SOURCE], _servers, (("flag", SOURCE), ("docs",))),
    "criticalSystemReminder_EXPERIMENTAL": (
        "Never burn.",
        lambda made: "You bake.\n\nNever burn." in _system(made),
        True,
    ),
    "maxTurns": (3, lambda made: made.turns, 3),
    "background": (True, lambda made: made.background, True),
    "effort": ("low", lambda made: made.effort, "low"),
    "permissionMode": ("acceptEdits", lambda made: made.mode, "acceptEdits"),
    "memory": ("local", lambda made: "agent-memory-local/baker" in _skills(made), True),
    "autoCompactWindow": (150_000, lambda made: made.compacts_at, 150_000),
    "omitClaudeMd": (True, lambda made: ("<memory>" in _skills(made), made.knows_project), (False, False)),
}
ELSEWHERE = {"description", "initialPrompt", "skills"}  # shown below
UNMET = {"observer": "watcher", "observerMessage": "Look."}


@pytest.mark.behaviour("B-2750")
@pytest.mark.parametrize("field", HONOURED)
def test_what_is_honoured(tmp_path: Path, field: str) -> None:
    said, look, wanted = HONOURED[field]
    stage = Stage(tmp_path, given={"baker": {**BASE, field: said}})
    assert look(stage.casting().cast(Brief(prompt="do it", kind="baker"), 1)) == wanted
    assert look(Stage(tmp_path, given={"baker": BASE}).casting().cast(Brief(prompt="p", kind="baker"), 1)) != wanted
    assert not stage.told and not given_agents(stage.given)[1]


def agent(**more: Any) -> tuple[Agent, list[str]]:
    (made,), mistakes = given_agents({"baker": {**BASE, **more}})
    return made, [f"{each.level}: {each.text}" for each in mistakes]


@pytest.mark.behaviour("B-2750")
def test_what_counts_elsewhere() -> None:
    made, mistakes = agent(initialPrompt="/knead", skills=["dough"])
    assert (made.description, made.opening, made.skills, mistakes) == ("bakes", "/knead", ("dough",), [])


@pytest.mark.behaviour("B-2751")
@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("effort", 3, "effort 3 does not count: levels have names here, low, medium, high, xhigh, max"),
        ("observer", "watcher", "observer does nothing here: no other agent watches what this one does"),
        ("observerMessage", "Look.", "observerMessage does nothing here"),
        ("mcpServers", [7], "mcpServers must hold names of servers, and servers by name"),
        ("temperature", 1, "temperature is no key of an agent: it is ignored"),
    ],
)
def test_what_is_not_is_said_before_the_first_prompt(tmp_path: Path, field: str, value: Any, why: str) -> None:
    made, mistakes = agent(**{field: value})
    assert made.effort is None and len(mistakes) == 1 and f"warning: baker: {why}" in mistakes[0]
    config = leading.checked(Stage(tmp_path, given={"baker": {**BASE, field: value}}).config())
    assert [text.startswith(f"--agents: baker: {why}") for text in config.warnings] == [True]


@pytest.mark.behaviour("B-2751")
@pytest.mark.parametrize(
    ("mode", "why"), [("bypassPermissions", "only the person"), ("auto", "coder has no such mode")]
)
def test_a_mode_that_is_not_is_said(tmp_path: Path, mode: str, why: str) -> None:
    stage = Stage(tmp_path, given={"baker": {**BASE, "permissionMode": mode}})
    assert stage.casting().cast(Brief(prompt="p", kind="baker"), 1).mode is None
    assert len(stage.told) == 1 and why in stage.told[0]


@pytest.mark.behaviour("B-2750")
def test_each_field_of_the_sdks_is_shown_here_and_in_the_matrix() -> None:
    """`FIELDS` are those of both SDKs; that these have no others is looked at where the SDKs are."""
    assert HONOURED.keys() | ELSEWHERE | UNMET.keys() == FIELDS
    told = {row.option: row for row in rows("Agents")}
    assert told.keys() == FIELDS
    assert {name for name, row in told.items() if row.here == "no"} == UNMET.keys()
    assert all(row.reason for row in told.values() if row.here != "yes")


@pytest.mark.behaviour("B-2750")
async def test_of_memory_only_that_of_administrators(tmp_path: Path) -> None:
    definition = {**BASE, "omitClaudeMd": True}
    async with running_api(fan(["part one"], subagent_type="baker")) as api:
        talk = Talk.at(tmp_path, api.url)
        (talk.project / "CLAUDE.md").write_text("The project says so.\n", encoding="utf-8")
        assert await talk.say(GO, agents=json.dumps({"baker": definition})) == DONE
    assert "The project says so." in json.dumps(api.requests[0])
    (theirs,) = [body for body in api.requests if "You bake." in json.dumps(body["system"])]
    assert "The project says so." not in json.dumps(theirs)


@pytest.mark.behaviour("B-2750")
@pytest.mark.parametrize(("window", "is_shortened"), [(50_000, True), (None, False)])
async def test_its_window_is_smaller_than_the_models(tmp_path: Path, window: int | None, is_shortened: bool) -> None:
    path, usage = str(tmp_path / "project" / "a.txt"), {"input_tokens": 60_000}
    reads = [tool("Read", file_path=path, limit=limit) for limit in range(1000, 1006)]
    rules = [
        rule({"last_user_contains": "This conversation is about to be shortened"}, "All was read."),
        rule({"last_user_contains": "part one"}, reads[0], times=1),
        *(rule({"last_tool": "Read"}, read, usage=usage, times=1) for read in reads[1:]),
        rule({"last_tool": "Read"}, "Done.", times=1),
        rule({"last_user_contains": "All was read."}, "Done."),
    ]
    async with running_api(fan(["part one"], *rules, subagent_type="baker")) as api:
        talk = Talk.at(tmp_path, api.url)
        (talk.project / "a.txt").write_text("a line of words\n" * 1500, encoding="utf-8")
        assert await talk.say(GO, agents=json.dumps({"baker": {**BASE, "autoCompactWindow": window}})) == DONE
    assert any("about to be shortened" in json.dumps(body) for body in api.requests) is is_shortened


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just({"command": "x"}),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.just("docs"), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.behaviour("B-2743")
@given(said=JSON, origin=st.sampled_from(["given", "project", "yours", "managed", "added"]))
def test_whatever_stands_there_is_begun_or_said(said: Any, origin: Any) -> None:
    """And none that is called like one of the session's."""
    (made,), _ = given_agents({"baker": {**BASE, "mcpServers": said}})
    told: list[str] = []
    config = Config(Path("/work"), Path("/home"), ModelConfig("some-model", "http://127.0.0.1:9"))
    source, shared = describing.described(replace(made, origin=origin), config, ("docs",), told.append)
    begun = dict(source.servers) if source is not None else {}
    every = agent_servers.described(made.servers)
    assert begun.keys() <= every.keys() and "docs" not in begun and not shared
    assert len(told) == len(every) - len(begun) and all("\n" not in text for text in told)


NESTED = "It did not work in the background: what an agent asks is always waited for."
OFF = "It did not work in the background: that is switched off in this session."


@pytest.mark.behaviour("B-2752")
@pytest.mark.parametrize(("asks_behind", "said"), [(True, NESTED), (None, ""), (False, "")])
async def test_an_agent_of_an_agent_says_why_it_was_waited_for(tmp_path: Path, asks_behind: Any, said: str) -> None:
    more = {} if asks_behind is None else {"run_in_background": asks_behind}
    inner = tool("Agent", description="inner", prompt="inner task", **more)
    script = fan(
        ["part one"],
        rule({"last_user_contains": "part one"}, inner, times=1),
        rule({"last_user_contains": "inner task"}, "Inner report.", times=1),
    )
    async with running_api(script) as api:
        assert await Talk.at(tmp_path, api.url).say(GO) == DONE
    told = json.dumps(of(api, "part one")[-1]["messages"][-1])
    assert "Inner report." in told and ("in the background" in told) is bool(said) and said in told
    assert "in the background" not in json.dumps(of(api, GO)[-1]["messages"][-1])


@pytest.mark.behaviour("B-2752")
async def test_where_nothing_works_behind_the_result_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", "1")
    async with running_api(fan(["part one"], run_in_background=True)) as api:
        assert await Talk.at(tmp_path, api.url).say(GO) == DONE
    assert OFF in json.dumps(of(api, GO)[-1]["messages"][-1])
