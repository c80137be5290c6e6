"""What hostile plugins and folders get from being named: nothing that was not shown, no name like another."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from coder.app.plugging.trusting import is_brought
from coder.commands.plugins import load_plugin
from coder.config.masking import masked
from coder.config.trust import approve
from coder.mcp.entries import servers_of
from coder.mcp.server import Stdio
from tests.support.plugged import put
from tests.support.plugged_sessions import here


@pytest.mark.behaviour("B-2620")
def test_the_server_that_was_shown_is_the_one_that_starts(tmp_path: Path) -> None:
    said = {"name": "p", "mcpServers": {"s": {"command": "first"}}}
    root = put(
        tmp_path / "project" / "p",
        {".claude-plugin/plugin.json": said, ".mcp.json": {"s": {"command": "second"}, "t": {"command": "third"}}},
    )
    config = here(tmp_path, root)
    assert config.trust is not None
    assert {item.name: item.text for item in config.trust.brought} == {"s": "first", "t": "third"}
    approve(config.home, config.trust)
    found, _ = servers_of((config := here(tmp_path, root)).servers, config.env, config.cwd)
    started = {each.name: each.transport.command for each in found if isinstance(each.transport, Stdio)}
    assert started == {"plugin:p:s": "first", "plugin:p:t": "third"}


@pytest.mark.behaviour("B-2621")
@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("oven", "oven"),
        ("a b", "a-b"),
        ("new\nline", "new-line"),
        ("oven:bake", "oven-bake"),
        ("\u202eneve", "-neve"),
        ("x\x1b[2J", "x-[2J"),
        ("y" * 200, "y" * 64),
    ],
)
def test_a_folder_gives_a_plugin_no_name_that_a_manifest_could_not(tmp_path: Path, folder: str, name: str) -> None:
    found = load_plugin(put(tmp_path / folder, {"commands/go.md": "go"}))
    assert found.name == name and not found.mistakes
    assert {place.prefix for place in found.places} == {f"{name}:"}


@pytest.mark.behaviour("B-2622")
def test_a_plugin_in_any_work_tree_of_the_repository_is_the_repositorys(tmp_path: Path) -> None:
    top = tmp_path / "bare.git"

    def git(*words: str) -> str:
        said = ["git", "-C", str(top), "-c", "user.name=a", "-c", "user.email=a@b", *words]
        return subprocess.run(said, check=True, capture_output=True, text=True, input="").stdout.strip()

    top.mkdir()
    git("init", "-q", "--bare")
    commit = git("commit-tree", "-m", "x", git("mktree"))
    for name in ("one", "two"):
        git("worktree", "add", "-q", "-b", name, str(tmp_path / name), commit)
    put(tmp_path / "two" / "p", {"commands/go.md": "go"})
    put(tmp_path / "else" / "p", {"commands/go.md": "go"})
    assert is_brought(tmp_path / "two" / "p", tmp_path / "one")
    assert not is_brought(tmp_path / "else" / "p", tmp_path / "one")


@pytest.mark.behaviour("B-2623")
def test_options_of_plugins_are_hidden_wherever_settings_are_shown() -> None:
    options = {"bakery": {"options": {"oven": "hunter2-open-sesame", "more": ["hunter3"], "at": 3307, "on": True}}}
    one = [masked("pluginConfigs.bakery.options.more", "hunter3"), masked("pluginConfigs.b.options.at", 3307)]
    for text in (str(masked("pluginConfigs", options)), str(one)):
        assert "hunter" not in text and "3307" not in text and "…" in text
