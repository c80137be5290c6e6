"""What plugins become in the settings of a session, and what leaves them out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coder.app.plugging.late import with_plugins
from coder.app.styling import forced
from coder.hooks.config import HookSet
from tests.support.plugged import bakery, zipped
from tests.support.plugged_sessions import agents, files, here, hooks, named, servers


@pytest.mark.behaviour("B-2400")
@pytest.mark.parametrize("form", ["folder", "zip", "zip of a folder"])
def test_a_session_has_what_a_plugin_brings(tmp_path: Path, form: str) -> None:
    path = root = bakery(tmp_path / "bakery")
    if form != "folder":
        path = zipped(root, tmp_path / "b.zip", "bakery-1.0/" if "of a" in form else "")
    config = here(tmp_path, path)
    assert (config.warnings, named(config).problems) == ((), ())
    assert [(each.name, each.path) for each in named(config).loaded] == [("bakery", path)]
    assert files(config, tmp_path) == {"bakery:knead", "bakery:prove"} and agents(config) == {"bakery:baker"}
    assert servers(config) == ["plugin:bakery:oven"] and len(hooks(config)) == 1
    after = here(tmp_path)  # the next one has nothing of it
    assert after.plugins is None and (files(after, tmp_path), agents(after), hooks(after)) == (set(), set(), [])
    assert with_plugins(config) is config and not any((tmp_path / "project").iterdir())


@pytest.mark.behaviour("B-2406")
def test_equal_hooks_of_two_plugins_both_run(tmp_path: Path) -> None:
    oven = bakery(tmp_path / "oven", more={".claude-plugin/plugin.json": {"name": "oven"}})
    hooks, _ = HookSet.of(here(tmp_path, bakery(tmp_path / "bakery"), oven).hooks.sources)
    assert {each.root for each in hooks.matching("UserPromptSubmit")} == {str(tmp_path / "bakery"), str(oven)}


@pytest.mark.behaviour("B-2404")
@pytest.mark.parametrize(
    ("what", "left"),
    [
        ({"bare": True}, (False, False, False, False)),
        ({"safe_mode": True}, (False, False, False, False)),
        ({"disable_slash_commands": True}, (False, True, True, True)),
        ({"setting_sources": ""}, (True, True, True, True)),
        ({"strict_mcp_config": True}, (True, True, True, False)),
        ({"plugin_dirs_without_servers": ("../bakery",)}, (True, True, True, False)),
        ({"user": {"disableAllHooks": True}}, (True, True, False, True)),
        ({"managed": {"allowManagedHooksOnly": True}}, (True, True, False, True)),
        ({"managed": {"deniedMcpServers": [{"serverName": "plugin:bakery:oven"}]}}, (True, True, True, False)),
        ({"managed": {"allowedMcpServers": []}}, (True, True, True, False)),
    ],
)
def test_what_switches_off_its_like_switches_it_off(
    tmp_path: Path, what: dict[str, Any], left: tuple[bool, bool, bool, bool]
) -> None:
    config = here(tmp_path, bakery(tmp_path / "bakery"), **what)
    there = (files(config, tmp_path), agents(config), hooks(config), servers(config))
    assert tuple(map(bool, there)) == left
    if not any(left):
        assert config.plugins is None and config.warnings[-1].startswith("--plugin-dir is not used")


@pytest.mark.behaviour("B-2400")
def test_a_style_that_its_plugin_forces_counts_where_nobody_chose_one(tmp_path: Path) -> None:
    style = {"output-styles/floury.md": "---\nforce-for-plugin: true\n---\nSpeak of flour.\n"}
    found = forced(here(tmp_path, bakery(tmp_path / "bakery", more=style)))
    assert found is not None and (found.name, found.text) == ("bakery:floury", "Speak of flour.")
    assert forced(here(tmp_path, bakery(tmp_path / "project" / "bakery", more=style))) is None


@pytest.mark.behaviour("B-2407")
def test_what_is_not_used_is_named(tmp_path: Path) -> None:
    manifest = {"name": "bakery", "dependencies": ["flour"], "experimental": {"themes": "./themes"}}
    more = {".claude-plugin/plugin.json": manifest, ".lsp.json": {}, "bin/tool": "x", "monitors/monitors.json": {}}
    config = here(tmp_path, bakery(tmp_path / "bakery", more={**more, "settings.json": {"subagentStatusLine": {}}}))
    assert config.warnings == (
        "Plugin bakery: coder does not use its language servers, monitors, programs in bin/, dependencies, themes, "
        "settings other than agent.",
    )
    assert named(config).problems == ()
