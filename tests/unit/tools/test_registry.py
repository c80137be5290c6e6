from __future__ import annotations

import json

import pytest

from coder.tools.git.tool import GitTool
from coder.tools.registry import ToolSession, builtins, spec
from coder.tools.web.room import Searched, WebRoom

ORDER = (
    *("Read", "Edit", "Write", "NotebookEdit", "Glob", "Grep", "Bash", "TaskOutput", "TaskStop"),
    *("Agent", "SendMessage", "TodoWrite", "AskUserQuestion", "EnterPlanMode", "ExitPlanMode", "WebFetch"),
)


def test_tools_come_in_a_fixed_order() -> None:
    assert tuple(tool.name for tool in builtins(ToolSession())) == ORDER
    assert tuple(tool.name for tool in builtins(ToolSession(), thinks=True)) == (*ORDER, "Think")


def test_a_search_is_offered_where_somebody_searches() -> None:
    async def search(query: str, allowed: tuple[str, ...], blocked: tuple[str, ...]) -> Searched:
        return Searched()

    session = ToolSession(web=WebRoom(search=search))
    assert tuple(tool.name for tool in builtins(session, thinks=True)) == (*ORDER, "WebSearch", "Think")


@pytest.mark.behaviour("B-2441")
@pytest.mark.parametrize(("format", "said"), [("html", True), ("markdown", False)])
def test_previews_are_html_only_where_the_host_shows_pages(format: str, said: bool) -> None:
    session = ToolSession.from_env({"CLAUDE_CODE_QUESTION_PREVIEW_FORMAT": format})
    (made,) = [spec(tool) for tool in builtins(session) if tool.name == "AskUserQuestion"]
    assert ("HTML" in made.description) is said


def test_think_says_what_it_is_for_in_few_words_and_answers_in_fewer() -> None:
    made = spec(builtins(ToolSession(), thinks=True)[-1])
    assert len(made.description.split()) <= 40
    assert made.input_schema["required"] == ["thought"] and list(made.input_schema["properties"]) == ["thought"]


def test_all_tools_together_are_small_enough_for_the_first_request() -> None:
    sizes = {}
    for tool in builtins(ToolSession()):
        made = spec(tool)
        raw = {"name": made.name, "description": made.description, "input_schema": made.input_schema}
        sizes[tool.name] = len(json.dumps(raw))
    assert sum(sizes.values()) < 19_300, sizes


def test_the_git_tool_costs_at_most_700_tokens() -> None:
    made = spec(GitTool(dict))
    raw = {"name": made.name, "description": made.description, "input_schema": made.input_schema}
    assert len(json.dumps(raw)) / 4 <= 700


@pytest.mark.parametrize(("value", "expected"), [("9000", 9_000), ("", 25_000), ("x", 25_000), ("0", 25_000)])
def test_read_cap_can_be_set_by_the_environment(value: str, expected: int) -> None:
    assert ToolSession.from_env({"CLAUDE_CODE_FILE_READ_MAX_OUTPUT_TOKENS": value}).read_tokens == expected
