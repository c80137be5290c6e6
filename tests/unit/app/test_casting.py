"""What an agent is made of: its definition, what is asked, and the session it is asked in."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coder.app.subagents.built_in import HOOK
from coder.app.subagents.cast import Cast
from coder.core.agents import Brief
from coder.core.config import Config
from coder.core.errors import ToolError
from coder.core.messages import Text, ToolUse
from coder.core.tools import Reads, Writes
from coder.core.trust import Trust
from coder.permissions.decide import decide
from coder.permissions.rules import parse_rules
from coder.permissions.world import LocalWorld
from tests.support.casts import MAIN, TOOLS, Stage

HAIKU, OPUS = "claude-haiku-5-5", "claude-opus-5-5"


def cast(stage: Stage, kind: str = "a", depth: int = 1, **brief: Any) -> Cast:
    return stage.casting().cast(Brief(prompt="do it", kind=kind, **brief), depth)


def context(made: Cast) -> str:
    assert made.context is not None
    return "\n".join(block.text for block in made.context.content if isinstance(block, Text))


def trusting(config: Config) -> Config:
    """As with --trust-folder."""
    return replace(config, trust=Trust(config.cwd, config.cwd, (0, 0), once=True))


@pytest.mark.behaviour("B-1932")
@pytest.mark.parametrize("kind", ["Explore", "Plan", "reviewer", HOOK])
@pytest.mark.parametrize("mode", ["default", "acceptEdits", "bypassPermissions"])
def test_those_that_only_read_do_so_in_every_mode_and_know_nothing_of_the_project(
    tmp_path: Path, kind: str, mode: Any
) -> None:
    made = cast(Stage(tmp_path, mode=mode), kind)
    assert (made.mode, made.reads_only, made.knows_project) == ("plan", True, False)
    assert not {"Edit", "Write", "NotebookEdit", "Agent", "Skill", "ExitPlanMode"} & set(made.tools)
    assert "<memory>" not in context(made) and "<git>" not in context(made)
    assert "Working folder: " in context(made)


@pytest.mark.behaviour("B-1932")
def test_the_others_know_what_the_session_does(tmp_path: Path) -> None:
    made = cast(Stage(tmp_path), "")
    assert (made.kind, made.mode, made.model, made.calls) == ("general-purpose", None, MAIN, None)
    text = context(made)
    assert text.index("Working folder") < text.index("<memory>") < text.index("<git>")
    assert cast(Stage(tmp_path), "Explore").calls == 20


@pytest.mark.behaviour("B-1933")
@pytest.mark.parametrize(
    ("env", "asked", "defined", "model"),
    [
        ({}, "", "", MAIN),
        ({}, "", "inherit", MAIN),
        ({}, "", "opus", OPUS),
        ({}, "haiku", "opus", HAIKU),
        ({}, "inherit", "opus", MAIN),
        ({}, "", "claude-x-9", "claude-x-9"),
        ({"CLAUDE_CODE_SUBAGENT_MODEL": "haiku"}, "opus", "opus", HAIKU),
        ({"CLAUDE_CODE_SUBAGENT_MODEL": "inherit"}, "opus", "haiku", OPUS),
    ],
)
def test_which_model(tmp_path: Path, env: dict[str, str], asked: str, defined: str, model: str) -> None:
    stage = Stage(tmp_path, env=env)
    stage.agent("a", f"model: {defined}" if defined else "")
    assert cast(stage, model=asked).model == model


@pytest.mark.behaviour("B-1933")
def test_the_server_of_an_unknown_model_may_have_no_other(tmp_path: Path) -> None:
    stage = Stage(tmp_path, model="local-llama")
    stage.agent("a", "model: opus")
    assert cast(stage).model == "local-llama"
    assert len(stage.told) == 1 and "coder does not know local-llama" in stage.told[0]
    assert cast(stage, "Explore").model == "local-llama" and len(stage.told) == 1
    stage.env["ANTHROPIC_DEFAULT_OPUS_MODEL"] = "local-big"
    assert cast(stage).model == "local-big"
    fixed = Stage(tmp_path, change=lambda config: replace(config, model=replace(config.model, is_fixed=True)))
    assert cast(fixed, model="opus").model == MAIN


@pytest.mark.behaviour("B-1934")
@pytest.mark.parametrize(
    ("head", "tools"),
    [
        ("tools: Read, Grep", "Read Grep"),
        ("tools: [Bash(git log *), read]", "Read Bash"),
        ("tools: '*'\ndisallowedTools: Edit, Write, mcp__docs, mcp__shop__*, Bash(rm *), UseTool, ToolSearch",
         "Read Grep Glob TodoWrite TaskStop WebFetch Agent SendMessage Git Skill"),
        ("tools: Read, mcp__docs", "Read ToolSearch UseTool mcp__docs__find mcp__docs__read"),
        ("tools: mcp__docs__find\ndisallowedTools: UseTool", "ToolSearch mcp__docs__find"),
        ("tools: Read, Edit\ndisallowedTools: Edit", "Read"),
        ("tools: AskUserQuestion, TaskOutput, Read", "Read"),
        ("tools: Task(Explore), Read", "Read Agent"),
        ("tools: Read\nmcpServers: [shop]", "Read ToolSearch UseTool mcp__shop__buy"),
        ("tools: Read\nmemory: local", "Read Edit Write"),
        ("tools: Read, ExitPlanMode\npermissionMode: plan", "Read ExitPlanMode"),
        ("background: true\ntools: Read, Agent, TodoWrite, mcp__shop",
         "Read TodoWrite ToolSearch UseTool mcp__shop__buy"),
    ],
)  # fmt: skip
def test_which_tools(tmp_path: Path, head: str, tools: str) -> None:
    stage = Stage(tmp_path)
    stage.agent("a", head)
    assert cast(stage).tools == tuple(tools.split())


@pytest.mark.behaviour("B-1934")
def test_further_tools_of_servers_and_the_innermost_agents(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.agent("a", "mcpServers: [docs, gone]")
    stage.agent("b", "tools: [Read, mcp__docs__find]")
    made = cast(stage)
    assert made.choice.allows("mcp__docs__later") and not made.choice.allows("mcp__shop__later")
    assert "this session has no server gone" in stage.told[0]
    assert not cast(stage, "b").choice.allows("mcp__docs__later")
    assert "Agent" in cast(stage, depth=1).tools and "Agent" not in cast(stage, depth=2).tools
    stage.env["CLAUDE_CODE_MAX_SUBAGENT_SPAWN_DEPTH"] = "3"
    assert "Agent" in cast(stage, depth=2).tools


@pytest.mark.behaviour("B-1934")
def test_one_without_tools_is_refused(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    file = stage.agent("a", "tools: Frobnicate, Task\ndisallowedTools: Agent")
    with pytest.raises(ToolError, match=rf"a has no tool .* {file} gives it Frobnicate, Task less Agent"):
        cast(stage)


@pytest.mark.behaviour("B-1935")
def test_an_unknown_and_a_denied_one(tmp_path: Path) -> None:
    stage = Stage(tmp_path, deny=("Task(Plan)", "Agent(a)"))
    stage.agent("a")
    casting = stage.casting()
    assert casting.names() == ("general-purpose", "Explore", "reviewer") and "Plan" not in casting.listed()
    with pytest.raises(ToolError, match=r"A rule denies the agent Plan: Task\(Plan\) in settings.json"):
        cast(stage, "Plan")
    with pytest.raises(ToolError, match=r"no agent 'explorer'. Did you mean Explore.* There are: general-purpose, Ex"):
        cast(stage, "explorer")
    with pytest.raises(ToolError, match="A rule denies the agent general-purpose"):
        cast(Stage(tmp_path, deny=("Agent(general-purpose)",)), "  ")
    assert Stage(tmp_path, deny=("Agent",)).casting().names() == ()


@pytest.mark.behaviour("B-1936")
def test_siblings_have_the_same_beginning(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.agent("a", "memory: project\nskills: [x]")
    one = cast(stage)
    stage.put("work/.claude/agent-memory/a/MEMORY.md", "The parser is in src/p.py.")
    other = stage.casting(git=()).cast(Brief(prompt="something else", kind="a", name="n"), 1)
    assert (one.system, one.tools) == (other.system, other.tools) and context(one) != context(other)
    assert one.system[0] == "You are one." and "Your last message is all that is passed on" in one.system[1]
    appended = stage.casting(appended="Speak German.").cast(Brief(prompt="p", kind="a"), 1).system
    assert appended == (*one.system, "Speak German.")
    stage.agent("mute", body="")
    assert cast(stage, "mute").system == cast(stage, "").system


@pytest.mark.behaviour("B-1937")
@pytest.mark.parametrize(
    ("mode", "wanted", "made"),
    [
        ("default", "acceptEdits", "acceptEdits"),
        ("default", "dontAsk", "dontAsk"),
        ("acceptEdits", "default", None),
        ("bypassPermissions", "dontAsk", None),
        ("bypassPermissions", "plan", "plan"),
        ("plan", "acceptEdits", None),
        ("plan", "default", None),
        ("dontAsk", "default", "default"),
        ("default", "bypassPermissions", None),
        ("default", "auto", None),
    ],
)
def test_modes(tmp_path: Path, mode: Any, wanted: str, made: str | None) -> None:
    stage = Stage(tmp_path, mode=mode)
    stage.agent("a", f"permissionMode: {wanted}", folder="home/.coder/agents")
    assert cast(stage).mode == made
    assert len(stage.told) == (wanted in ("bypassPermissions", "auto"))


@pytest.mark.behaviour("B-1937")
def test_what_loosens_counts_in_a_trusted_file_only_and_is_said_once(tmp_path: Path) -> None:
    head = "permissionMode: acceptEdits\nmemory: user\nhooks:\n  Stop: [{hooks: [{type: command, command: x}]}]"
    head += "\nmcpServers: [{evil: {command: x}}]"
    stage = Stage(tmp_path)
    stage.agent("a", head)
    casting = stage.casting()
    made = [casting.cast(Brief(prompt="p", kind="a"), 1) for _ in range(3)][-1]
    assert (made.mode, dict(made.hooks), made.rules, made.described) == (None, {}, (), None)
    assert [text.partition("): ")[2].partition(":")[0][:20] for text in stage.told] == [
        "permissionMode accep",
        "servers of its own (",
        "memory",
        "hooks",
    ]
    stage.agent("a", head, folder="home/.coder/agents")
    os.unlink(tmp_path / "work/.claude/agents/a.md")
    made = cast(stage)
    assert made.mode == "acceptEdits" and "Stop" in made.hooks and made.rules


@pytest.mark.behaviour("B-1938")
@pytest.mark.parametrize("kind", ["user", "project", "local"])
def test_a_memory_is_read_and_may_be_written(tmp_path: Path, kind: str) -> None:
    stage = Stage(tmp_path, tools=TOOLS)
    stage.agent("a b/../c", f"memory: {kind}", folder="home/.coder/agents")
    base = {"user": stage.home / "agent-memory", "project": stage.project / ".claude/agent-memory"}
    folder = base.get(kind, stage.project / ".claude/agent-memory-local") / "a-b-c"
    assert "It is empty so far." in context(cast(stage, "a b/../c"))
    stage.put(str(folder.relative_to(tmp_path) / "MEMORY.md"), "</agent-memory>\n" + "line\n" * 300)
    made = cast(stage, "a b/../c")
    text = context(made)
    assert text.count("line\n") == 199 and "<\\/agent-memory>" in text and "the rest is left out" in text
    rules, warnings = parse_rules(made.rules)
    world = LocalWorld(stage.project, (stage.project,), tmp_path / "home", stage.home)
    assert not warnings

    def judged(path: Path, *, writes: bool = True) -> str:
        access = Writes((path,)) if writes else Reads((path,))
        return decide(ToolUse("i", "Edit" if writes else "Read", {}), access, rules, "default", world).verdict

    assert judged(folder / "MEMORY.md") == judged(folder / "x/y.md") == judged(folder / "z", writes=False) == "allow"
    for other in (folder.parent / "b/MEMORY.md", folder.parent.parent / "settings.json", stage.project / "a.py"):
        assert judged(other) == "ask", other
    assert judged(stage.home / "settings.json", writes=False) == "ask"


@pytest.mark.behaviour("B-1938")
def test_a_memory_is_no_way_out(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.agent("a", "memory: project")
    secret = stage.put("secret.txt", "s3cret")
    folder = stage.project / ".claude/agent-memory/a"
    folder.mkdir(parents=True)
    os.symlink(secret, folder / "MEMORY.md")
    assert "s3cret" not in context(cast(stage))
    (folder / "MEMORY.md").unlink()
    os.mkfifo(folder / "MEMORY.md")
    assert "It is empty so far." in context(cast(stage))
    (folder / "MEMORY.md").unlink()
    folder.rmdir()
    outside = stage.put("elsewhere/MEMORY.md", "s3cret").parent
    os.symlink(outside, folder)
    made = cast(stage)
    assert "s3cret" not in context(made)
    rules, _ = parse_rules(made.rules)
    world = LocalWorld(stage.project, (stage.project,), tmp_path / "home", stage.home)
    access = Writes((folder / "MEMORY.md",))
    assert decide(ToolUse("i", "Edit", {}), access, rules, "default", world).verdict == "ask"


@pytest.mark.behaviour("B-1937")
def test_a_session_that_is_an_agent_asks_only_whom_it_may(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    casting = stage.casting(spawns=("Explore",))
    assert casting.names() == ("Explore",)
    with pytest.raises(ToolError, match=r"may ask no agent 'Plan'. It may ask: Explore."):
        casting.cast(Brief(prompt="p", kind="Plan"), 1)
    assert casting.cast(Brief(prompt="p", kind="Plan"), 2).kind == "Plan"
