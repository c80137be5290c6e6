"""What a check says of a file: every mistake with its line. The patterns are those of public collections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coder.commands.check import check
from coder.commands.hook_form import hook_problems
from coder.commands.loader import load
from tests.unit.commands.shelf import Shelf, shelf


@pytest.fixture
def at(tmp_path: Path) -> Shelf:
    return shelf(tmp_path)


def told(at: Shelf, name: str, text: str) -> list[tuple[int, str]]:
    return [(mistake.line, mistake.text) for mistake in check(at.put(name, text))]


CASES = [
    json.loads(line) for line in (Path(__file__).parent / "mistakes.jsonl").read_text(encoding="utf-8").splitlines()
]
COMMAND = "project/.claude/commands/c.md"
SKILL = "project/.claude/skills/s/SKILL.md"


@pytest.mark.behaviour("B-1138")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["told"][:40])
def test_a_mistake_is_named_with_its_line(at: Shelf, case: dict[str, Any]) -> None:
    found = told(at, case["file"], case["text"])
    assert (case["line"], case["told"].replace("{project}", str(at.project))) in found


@pytest.mark.behaviour("B-1138")
def test_what_is_right_is_not_remarked_on(at: Shelf) -> None:
    at.put("project/docs/style.md")
    at.put("project/.claude/skills/s/reference/how.md")
    assert not told(
        at,
        COMMAND,
        "---\ndescription: commits\nargument-hint: [message] [branch]\n"
        "allowed-tools: Bash(git add:*), Bash(git commit:*), Bash(npm test)\n"
        "author: me\n---\nStatus:\n!`git status --short`\n!`npm test`\n\n"
        "Commit $1 to $2, as @docs/style.md says, not @types/node.\n"
        "Mail a@b.io. Use `@missing.md` and `C:\\\\x` only in code.\n\n"
        "````md\n```sh\nls C:\\x\\y.py @nope.md $9\n```\n````\n"
        "```md\n```sh\nls\n```\n",
    )
    assert not told(
        at,
        SKILL,
        "---\nname: S\ndescription: x\nallowed-tools: Bash(${CLAUDE_SKILL_DIR}/run.sh:*)\n---\n"
        "See [how](reference/how.md#part), [web](https://x.io/a.md), [top](#top).\n"
        "!`${CLAUDE_SKILL_DIR}/run.sh $ARGUMENTS`\n",
    )
    assert not told(
        at,
        "project/.claude/agents/a.md",
        "---\nname: a\ndescription: x\ntools: Read, LS, mcp__db__query\ncolor: red\n---\nYou are.",
    )


def test_quoted_talks_in_a_description_are_no_keys(at: Shelf) -> None:
    path = at.put(
        "project/.claude/agents/reviewer.md",
        "---\nname: reviewer\ndescription: Use this agent when code was written: Examples:\n\n<example>\n"
        "Context: done\n"
        'user: "I am done"\nassistant: "Good"\n<commentary>\nx\n</commentary>\nassistant: "I review"\n</example>\n\n'
        "model: inherit\ntools: [Read]\n---\nYou review.\n",
    )
    assert [(mistake.line, mistake.text) for mistake in check(path)] == [
        (3, "description is read as plain text: a text with `: ` in it needs quotes")
    ]


@pytest.mark.behaviour("B-1138")
def test_a_project_a_collection_and_nothing_are_checked(at: Shelf) -> None:
    at.put("project/.claude/commands/a.md", "---\nmodell: x\n---\nx")
    at.put("project/.claude/skills/cat/b/SKILL.md", "---\ndescription: d\nmodell: x\n---\nx")
    at.put("project/.claude/agents/sub/c.md", "---\nname: c\ndescription: d\nmodell: x\n---\nx")
    at.put("project/.coder/commands/a.md", "again")
    at.put("project/node_modules/p/commands/d.md", "---\nmodell: x\n---\nx")
    found = check(at.project)
    assert [mistake.path.name for mistake in found if "modell" in mistake.text] == ["c.md", "a.md", "SKILL.md"]
    assert [mistake.path.parent.parent.name for mistake in found if "already" in mistake.text] == [".claude"]
    loose = at.put("loose/x.md", "---\nmodell: x\n---\nx").parent
    assert [mistake.line for mistake in check(loose)] == [2]
    assert check(at.top / "nowhere")[0].text == "there is no such file or folder"


@pytest.mark.behaviour("B-1138")
def test_a_check_of_places_says_what_loading_them_says(at: Shelf) -> None:
    at.put("project/.claude/commands/model.md", "x")
    at.put("project/.claude/commands/a.md", "---\nmodell: x\n---\nx")
    places = at.places()
    assert set(load(places, reserved=("model",)).mistakes) <= set(check(places, reserved=("model",)))


def test_hooks_of_any_form_are_told_apart() -> None:
    good = {"PreToolUse": [{"matcher": "Edit", "hooks": [{"type": "command", "command": "x", "timeout": 5}]}]}
    assert not list(hook_problems(good))
    every: tuple[dict[str, Any], ...] = (
        {"PreToolUse": {}},
        {"PreToolUse": ["x"]},
        {"PreToolUse": [{"matcher": 1, "hooks": []}]},
        {"PreToolUse": [{"command": "x"}]},
        {"PreToolUse": [{"hooks": ["x"]}]},
        {"PreToolUse": [{"hooks": [{"type": "command"}]}]},
        {"PreToolUse": [{"hooks": [{"type": "http", "url": " "}]}]},
        {"PreToolUse": [{"hooks": [{"command": "x", "timeout": "5s"}]}]},
        {"PreToolUse": [{"hooks": [{"type": [], "command": "x"}]}]},
        {"PreToolUse": [{"hooks": [{"command": "x", "timeout": float("nan")}]}]},
    )
    for bad in every:
        assert len(list(hook_problems(bad))) == 1, json.dumps(bad)
