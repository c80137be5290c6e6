"""What is checked in a folder, and that one mistake is said once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder.commands.check import check, examined
from coder.commands.loader import load
from coder.commands.plugins import load_plugin
from tests.unit.commands.shelf import Shelf, shelf

AGENT = "---\nname: helper\ndescription: helps\n---\nYou help.\n"


@pytest.fixture
def at(tmp_path: Path) -> Shelf:
    return shelf(tmp_path)


@pytest.mark.behaviour("B-1289")
@pytest.mark.parametrize("name", ["agents", "skills", "commands"])
def test_a_repository_that_is_called_like_a_folder_of_files_is_a_repository(at: Shelf, name: str) -> None:
    at.put(f"{name}/README.md", "# Our collection\n")
    at.put(f"{name}/docs/how.md", "How it works.\n")
    at.put(f"{name}/.claude/agents/helper.md", AGENT)
    assert check(at.top / name) == ()
    market = {"plugins": [{"name": "p", "source": "./p"}]}
    at.put(f"{name}-market/{name}/.claude-plugin/marketplace.json", json.dumps(market))
    at.put(f"{name}-market/{name}/p/skills/s/SKILL.md", "---\ndescription: x\n---\nx\n")
    at.put(f"{name}-market/{name}/docs/how.md", "How it works.\n")
    done = examined(at.top / f"{name}-market" / name)
    assert (done.mistakes, dict(done.counts)) == ((), {"skill": 1})


def test_a_folder_of_agents_is_one_all_the_same(at: Shelf) -> None:
    at.put("plug/agents/helper.md", AGENT.replace("name: helper\n", ""))
    assert [mistake.level for mistake in check(at.top / "plug" / "agents")] == ["error"]


@pytest.mark.behaviour("B-1289")
def test_a_skill_that_a_manifest_names_beside_its_folder_is_there_once(at: Shelf) -> None:
    at.put("plug/.claude-plugin/plugin.json", json.dumps({"name": "p", "skills": ["./skills/deep"]}))
    at.put("plug/skills/deep/SKILL.md", "---\ndescription: x\n---\nx\n")
    catalogue = load(load_plugin(at.top / "plug").places)
    assert [one.name for one in catalogue.all()] == ["p:deep"] and catalogue.shadowed == ()
    assert check(at.top / "plug") == ()


@pytest.mark.behaviour("B-1289")
def test_a_description_that_runs_over_is_one_mistake(at: Shelf) -> None:
    talk = 'Context: a file\nuser: "x: y" z\nassistant: "look: at" it\n'
    text = f"---\nname: a\ndescription: when asked\n{talk}model: opus\n---\nYou.\n"
    file = at.put("project/.claude/agents/a.md", text)
    (mistake,) = check(at.project)
    assert (mistake.path, mistake.line) == (file, 3)
    assert (
        mistake.text
        == "only the first line of description counts: write description: | and indent all of its lines below it"
    )


def test_a_mistyped_key_beside_one_that_is_no_yaml_is_still_named(at: Shelf) -> None:
    at.put("project/.claude/commands/a.md", "---\ndescription: x\nargumnet-hint: y\nfoo: a: b\n---\nDo.\n")
    told = [mistake.text for mistake in check(at.project)]
    assert "argumnet-hint is no key of a command: write argument-hint" in told


def test_globs_are_advised_where_they_count(at: Shelf) -> None:
    at.put("project/.claude/commands/a.md", "---\ndescription: x\nglobs: '*.py'\n---\nDo.\n")
    at.put("project/.claude/skills/b/SKILL.md", "---\ndescription: x\nglobs: '*.py'\n---\nDo.\n")
    assert [mistake.text for mistake in check(at.project)] == [
        "globs is no key of a command: it is ignored",
        "globs is no key of a skill: write paths",
    ]


def test_hooks_of_a_plugin_are_named_with_their_line(at: Shelf) -> None:
    at.put("plug/.claude-plugin/plugin.json", '{"name": "p"}')
    file = at.put("plug/hooks/hooks.json", '{\n "hooks": {\n  "Stpo": []\n }\n}\n')
    (mistake,) = check(at.top / "plug")
    assert (mistake.path, mistake.line) == (file, 3) and mistake.text.endswith("write Stop")
