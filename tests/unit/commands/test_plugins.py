"""Plugin folders and marketplaces: their layout, their manifest, their names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder.commands.agents import load_agents
from coder.commands.check import check
from coder.commands.loader import load
from coder.commands.places import files_in
from coder.commands.plugins import load_plugin, market_plugins
from coder.commands.styles import style_of
from coder.frontmatter.found import Search
from tests.unit.commands.shelf import Shelf, shelf

AGENT = "---\nname: helper\ndescription: helps\ntools: Read\nmodel: inherit\n---\nYou help.\n"


@pytest.fixture
def at(tmp_path: Path) -> Shelf:
    return shelf(tmp_path)


def manifest(at: Shelf, **said: object) -> Path:
    return at.put("plug/.claude-plugin/plugin.json", json.dumps(said)).parent.parent


def commands(at: Shelf) -> set[str]:
    return {one.name for one in load(load_plugin(at.top / "plug").places).all()}


@pytest.mark.behaviour("B-1141")
def test_a_plugin_loads_by_its_layout(at: Shelf) -> None:
    root = manifest(at, name="tools", version="1.0")
    at.put("plug/commands/go.md")
    at.put("plug/commands/sub/deep.md")
    at.put("plug/skills/pdf/SKILL.md", "---\nname: pdf-reader\ndescription: x\n---\nx")
    at.put("plug/agents/helper.md", AGENT)
    at.put("plug/agents/group/other.md", AGENT.replace("helper", "other"))
    at.put("plug/output-styles/terse.md", "---\nforce-for-plugin: true\n---\nBe terse.")
    at.put("plug/hooks/hooks.json", '{"hooks": {"Stop": []}}')
    plugin = load_plugin(root)
    assert (plugin.name, plugin.mistakes) == ("tools", ())
    catalogue = load(plugin.places)
    assert {one.name for one in catalogue.all()} == {"tools:go", "tools:sub:deep", "tools:pdf-reader"}
    go = catalogue.find("go")
    assert go is not None and (go.origin, go.plugin) == ("plugin", root)
    agents, mistakes = load_agents(plugin.places)
    assert ({agent.name for agent in agents}, mistakes) == ({"tools:helper", "tools:group:other"}, ())
    assert (agents[0].tools, agents[0].model, agents[0].prompt) == (("Read",), "inherit", "You help.")
    assert [hooks for _, hooks in plugin.hooks] == [{"hooks": {"Stop": []}}]
    place = next(place for place in plugin.places if place.kind == "output-styles")
    file = next(iter(files_in(place, Search())))
    style, _ = style_of(file.path.read_bytes(), file.path, place)
    assert (style.name, style.text, style.forced, style.keeps_coding) == ("tools:terse", "Be terse.", True, False)


@pytest.mark.behaviour("B-1141")
def test_a_manifest_adds_skills_and_replaces_the_rest(at: Shelf) -> None:
    manifest(at, name="tools", skills=["./extra", "./one"], commands="./cmd/only.md", hooks={"Stop": []})
    for name in (
        "skills/a/SKILL.md",
        "extra/b/SKILL.md",
        "one/SKILL.md",
        "cmd/only.md",
        "cmd/not.md",
        "commands/not.md",
    ):
        at.put(f"plug/{name}")
    assert commands(at) == {"tools:a", "tools:b", "tools:one", "tools:only"}
    assert [hooks for _, hooks in load_plugin(at.top / "plug").hooks] == [{"Stop": []}]


@pytest.mark.behaviour("B-1141")
def test_a_manifest_leads_nowhere_outside(at: Shelf) -> None:
    at.put("person/secret/SKILL.md")
    (at.top / "plug").mkdir()
    (at.top / "plug/link").symlink_to(at.person)
    root = manifest(at, name="a b", version=1, commands=["../person", "person", "./link", "./none", 7], skills="/etc")
    plugin = load_plugin(root)
    assert not load(plugin.places).all()
    assert {mistake.text for mistake in plugin.mistakes} == {
        "name must be a text without blanks, colons and slashes",
        "version must be a text",
        "commands must be a path or a list of paths",
        "commands: '../person' must begin with ./, which is the folder of the plugin",
        "commands: 'person' must begin with ./, which is the folder of the plugin",
        "commands: './link' leads out of the plugin",
        "commands: there is no ./none",
        "skills: '/etc' must begin with ./, which is the folder of the plugin",
    }


@pytest.mark.behaviour("B-1141")
def test_a_broken_manifest_is_named_and_the_layout_counts(at: Shelf) -> None:
    at.put("plug/commands/go.md")
    at.put("plug/.claude-plugin/plugin.json", '{\n  "name": "x",\n  2}')
    plugin = load_plugin(at.top / "plug")
    assert [(mistake.line, mistake.text[:14]) for mistake in plugin.mistakes] == [(3, "not valid JSON")]
    assert commands(at) == {"plug:go"}
    for text in ("[]", "[" * 100_000, '"x"', "\x00", '{"name": 1}'):
        at.put("plug/.claude-plugin/plugin.json", text)
        assert load_plugin(at.top / "plug").mistakes


def test_a_marketplace_names_its_plugins(at: Shelf) -> None:
    at.put("market/plugins/one/commands/a.md")
    at.put("person/commands/secret.md")
    at.put("market/skills/two/SKILL.md", "---\ndescription: x\nmodell: y\n---\nx")
    at.put("market/skills/three/SKILL.md", "---\ndescription: x\n---\nx")
    entries = [
        {"name": "one", "source": "./plugins/one"},
        {"name": "set", "source": "./", "strict": False, "skills": ["./skills/two"]},
        {"name": "far", "source": {"source": "github", "repo": "a/b"}},
        {"name": "gone", "source": "./plugins/gone"},
        {"name": "out", "source": "./../person"},
        {"source": "./"},
    ]
    at.put("market/.claude-plugin/marketplace.json", json.dumps({"name": "m", "plugins": entries}))
    plugins, mistakes = market_plugins(at.top / "market")
    names = [one.name for plugin in plugins for one in load(plugin.places).all()]
    assert names == ["one:a", "set:two"]
    assert [mistake.text for mistake in mistakes] == [
        "gone: there is no folder './plugins/gone' here",
        "out: there is no folder './../person' here",
        "plugin 6 of the list has no name",
    ]
    assert any(mistake.line == 3 and "modell" in mistake.text for mistake in check(at.top / "market"))


def test_an_agent_says_all_it_can(at: Shelf) -> None:
    at.put(
        "project/.claude/agents/full.md",
        "---\nname: full\ndescription: d\ntools: Read, Bash(git:*)\ndisallowedTools: [Write]\nmodel: haiku\n"
        "permissionMode: plan\nmaxTurns: 5\nskills: a, b\nmcpServers: [db]\nhooks:\n  Stop: []\nmemory: project\n"
        "background: on\neffort: low\nisolation: worktree\ncolor: red\ninitialPrompt: Begin.\n---\nYou.\n",
    )
    at.put("person/.claude/agents/full.md", AGENT.replace("helper", "full"))
    at.put("project/.claude/agents/all.md", "---\nname: all\ndescription: d\ntools: '*'\n---\nYou.\n")
    at.put("project/.claude/agents/README.md", "none")
    agents, mistakes = load_agents(at.places())
    assert mistakes == ()
    assert [(agent.name, agent.origin) for agent in agents] == [("all", "project"), ("full", "project")]
    full = agents[1]
    assert (full.tools, full.without, full.model, full.mode, full.max_turns) == (
        ("Read", "Bash(git:*)"), ("Write",), "haiku", "plan", 5,
    )  # fmt: skip
    assert (full.skills, full.servers, dict(full.hooks), full.memory) == (("a", "b"), ("db",), {"Stop": []}, "project")
    assert (full.background, full.effort, full.isolation, full.color, full.opening) == (
        True,
        "low",
        "worktree",
        "red",
        "Begin.",
    )
    assert agents[0].tools is None
