"""Plugins that cannot be used, or in part: named, and nobody is held up."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder.hooks.config import HookSet
from coder.mcp.entries import servers_of
from tests.support.plugged import bakery, put
from tests.support.plugged_sessions import files, here, hooks, kinds, named


@pytest.mark.behaviour("B-2401")
@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (None, "path-not-found", "there is no such folder or archive"),
        ({"README": "x"}, "manifest-validation-error", "nothing of a plugin is in it"),
        ({".claude-plugin/plugin.json": "{"}, "manifest-parse-error", "not valid JSON"),
        ({".claude-plugin/plugin.json": {"name": "a b"}}, "manifest-validation-error", "name must be a text"),
        ({".claude-plugin/plugin.json": {"name": "a\u202eb"}}, "manifest-validation-error", "name must be a text"),
        ({".claude-plugin/plugin.json": {"name": "a", "commands": 7}}, "manifest-validation-error", "commands must"),
        ({".claude-plugin/plugin.json": {"name": "a", "mcpServers": 7}}, "manifest-validation-error", "mcpServers"),
        ({".claude-plugin/plugin.json": {"name": "a", "userConfig": []}}, "manifest-validation-error", "userConfig"),
        ({".claude-plugin/plugin.json": "[" * 100_000}, "manifest-parse-error", "not usable JSON"),
        (
            {".claude-plugin/plugin.json": {"name": "a", "userConfig": {"key": {"required": True}}}},
            "user-config-missing",
            "its option key is needed and has no value. Set pluginConfigs.a.options.key",
        ),
    ],
)
def test_a_plugin_that_cannot_be_used_is_named_and_nothing_of_it_counts(
    tmp_path: Path, content: dict[str, Any] | None, kind: str, words: str
) -> None:
    path = tmp_path / "plug"
    if content is not None:
        put(path, {"commands/go.md": "go", **content} if "README" not in content else content)
    config = here(tmp_path, path, bakery(tmp_path / "bakery"))
    assert kinds(config) == [kind] and words in named(config).problems[0].message
    assert config.warnings == (named(config).problems[0].message,) and "\n" not in config.warnings[0]
    assert [each.name for each in named(config).loaded] == ["bakery"] and files(config, tmp_path) == {
        "bakery:knead",
        "bakery:prove",
    }


@pytest.mark.behaviour("B-2401")
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"hooks/hooks.json": "{"}, "hook-load-failed"),
        ({"hooks/hooks.json": {"hooks": []}}, "hook-load-failed"),
        ({".mcp.json": "[]"}, "mcp-config-invalid"),
        ({".mcp.json": {"mcpServers": []}}, "mcp-config-invalid"),
        ({".claude-plugin/plugin.json": {"name": "bakery", "agents": "./away"}}, "component-load-failed"),
        ({".claude-plugin/plugin.json": {"name": "bakery", "commands": "../up"}}, "component-load-failed"),
        ({".claude-plugin/plugin.json": {"name": "bakery", "agents": "./a\0b"}}, "component-load-failed"),
        ({".claude-plugin/plugin.json": {"name": "bakery", "agents": "./\ud800"}}, "component-load-failed"),
        ({".claude-plugin/plugin.json": {"name": "bakery", "agents": f"./{'a' * 5000}"}}, "component-load-failed"),
        ({".claude-plugin/plugin.json": {"name": "bakery", "agents": f"./{'a' * 300}"}}, "component-load-failed"),
    ],
)
def test_of_a_plugin_with_one_part_that_is_wrong_the_rest_counts(
    tmp_path: Path, content: dict[str, Any], kind: str
) -> None:
    config = here(tmp_path, bakery(tmp_path / "bakery", more=content))
    assert kinds(config) == [kind] and "bakery:prove" in files(config, tmp_path)


@pytest.mark.behaviour("B-2401")
def test_of_two_plugins_of_one_name_the_first_counts_and_one_named_twice_is_one(tmp_path: Path) -> None:
    one, two = bakery(tmp_path / "one"), bakery(tmp_path / "two")
    (tmp_path / "linked").symlink_to(one)
    config = here(tmp_path, one, tmp_path / "linked", tmp_path / "one" / ".." / "one", two)
    assert kinds(config) == ["generic-error"] and "has the same name" in config.warnings[0]
    assert len(hooks(config)) == 1


def test_what_is_wrong_names_the_path_as_it_is(tmp_path: Path) -> None:
    (told,) = named(here(tmp_path, tmp_path / "a..b")).problems
    assert told.message == f"--plugin-dir {tmp_path / 'a..b'}: there is no such folder or archive. Check the path."


@pytest.mark.behaviour("B-2401")
@pytest.mark.parametrize("name", [".claude-plugin/plugin.json", "hooks/hooks.json", ".mcp.json", "settings.json"])
@pytest.mark.parametrize("what", ["pipe", "loop", "deep", "bytes", "folder"])
def test_what_is_no_ordinary_file_holds_nobody_up(tmp_path: Path, name: str, what: str) -> None:
    root = bakery(tmp_path / "bakery", more={"settings.json": {}})
    (file := root / name).unlink()
    deep = '{"hooks": {"Stop": ' + "[" * 3000 + "]" * 3000 + '}, "mcpServers": {"a": ' + "[" * 3000 + "]" * 3000 + "}}"
    match what:
        case "pipe":
            os.mkfifo(file)
        case "loop":
            file.symlink_to(file)
        case "deep":
            file.write_text(deep)
        case "bytes":
            file.write_bytes(b"\xff\xfe{\0")
        case _:
            file.mkdir()
    for _ in range(2):
        config = here(tmp_path, root)
        servers_of(config.servers, config.env, config.cwd)
        HookSet.of(config.hooks.sources)
        assert named(config).is_loaded
        root = root.rename(tmp_path / "project" / "bakery")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
KEYS = ["name", "commands", "skills", "agents", "hooks", "mcpServers", "userConfig", "outputStyles", "experimental"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(manifest=st.dictionaries(st.sampled_from(KEYS), JSON), hooks=JSON, servers=JSON, own=JSON, inside=st.booleans())
@pytest.mark.behaviour("B-2401")
def test_whatever_stands_in_a_plugin_a_session_begins(
    tmp_path: Path, manifest: Any, hooks: Any, servers: Any, own: Any, inside: bool
) -> None:
    base = tmp_path / "project" if inside else tmp_path
    texts = {".claude-plugin/plugin.json": manifest, "hooks/hooks.json": hooks, ".mcp.json": servers}
    texts["settings.json"] = own
    root = put(base / "plug", {name: json.dumps(value) for name, value in texts.items()})
    config = here(tmp_path, root)
    assert named(config).is_loaded and all("\n" not in text for text in config.warnings)
    found, problems = servers_of(config.servers, config.env, config.cwd)
    assert not inside or not (found or problems or config.hooks.sources)
