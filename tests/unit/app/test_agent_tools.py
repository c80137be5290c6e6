"""What holds of the tools of any agent, whatever its file says; skills it is given; agents that a prompt names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.app.subagents.choice import IN_BACKGROUND, NOT_FOR_AGENTS, Choice, bounded, tools_of
from coder.app.subagents.mentioned import mention_of, wanted
from coder.app.subagents.preloading import MOST, preloaded
from coder.commands.loader import load
from coder.commands.places import Place
from coder.core.errors import ConfigError
from tests.support.casts import TOOLS

_ENTRIES = st.lists(
    st.sampled_from([*TOOLS, "*", "Task", "mcp__docs", "mcp__shop__*", "mcp__", "Bash(x)", "read", "", "(", "mcp__*"])
    | st.text(max_size=6),
    max_size=6,
).map(tuple)


@pytest.mark.behaviour("B-1934")
@given(st.none() | _ENTRIES, _ENTRIES, st.none() | st.just(("docs",)), st.booleans())
def test_nothing_is_there_that_was_taken_away(
    only: tuple[str, ...] | None, without: tuple[str, ...], servers: tuple[str, ...] | None, background: bool
) -> None:
    choice = Choice(only, without, servers)
    found = tools_of(choice, TOOLS, NOT_FOR_AGENTS, IN_BACKGROUND if background else None)
    assert found == [name for name in TOOLS if name in found]
    assert not NOT_FOR_AGENTS & set(found)
    assert not any(name in without for name in found)
    assert not background or all(name in IN_BACKGROUND or name.startswith("mcp__") for name in found)
    less = tools_of(Choice(only, (*without, "Read"), servers), TOOLS, NOT_FOR_AGENTS, None)
    assert "Read" not in less and set(less) <= set(TOOLS)


def test_the_kinds_that_a_session_may_ask() -> None:
    assert bounded(("Read", "Agent(a, b c)", "Task(d)", "Bash(x)")) == ("a", "b c", "d")
    assert bounded(("Agent", "Agent()")) == ()


@pytest.mark.behaviour("B-1939")
def test_a_skill_is_told_whole_and_nothing_of_it_is_run(tmp_path: Path) -> None:
    text = "---\ndescription: d\n---\nIn ${CLAUDE_SKILL_DIR} and ${CLAUDE_PROJECT_DIR}: !`touch ran`\n\n"
    text += "```!\ntouch ran\n```\nEnd $0."
    file = tmp_path / "skills" / "x" / "SKILL.md"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    (skill,) = load((Place(tmp_path / "skills", "skills", "yours"),)).definitions
    told = preloaded(skill, {"PROJECT_DIR": "/p"})
    assert f"In {file.parent} and /p: [what `touch ran` prints; it was not run]" in told and told.endswith("End $0.")
    assert told.count("it was not run") == 2 and not (tmp_path / "ran").exists()
    file.write_text("x" * 50_000)
    (skill,) = load((Place(tmp_path / "skills", "skills", "yours"),)).definitions
    assert len(preloaded(skill, {})) < MOST + 500 and "30,000 more characters are left out" in preloaded(skill, {})
    file.unlink()
    with pytest.raises(ConfigError):
        preloaded(skill, {})


@pytest.mark.behaviour("B-1945")
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@agent-reviewer look", ["reviewer"]),
        ('ask @"Code Reviewer (agent)", then @agent-reviewer.', ["Code Reviewer", "reviewer"]),
        ("@agent-nobody and @agent- and @reviewer and mail@agent-reviewer", []),
        ("`@agent-reviewer` in code", []),
        ("@agent-a:b! @agent-reviewer @agent-reviewer", ["a:b", "reviewer"]),
    ],
)
def test_agents_that_a_prompt_names(text: str, names: list[str]) -> None:
    found = wanted(text, ("reviewer", "Code Reviewer", "a:b"))
    assert [block.text.split('"')[1] for block in found] == ([", ".join(names)] if names else [])
    for name in ("reviewer", "Code Reviewer", "a:b", "x(y"):
        (block,) = wanted(f"@{mention_of(name)} please", (name,))
        assert block.text.startswith(f'<attached-agents names="{name}">')
