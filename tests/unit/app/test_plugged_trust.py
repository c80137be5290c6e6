"""A plugin that lies in the repository runs and grants nothing before it is approved."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.app.commanding.granting import grants_count
from coder.app.styling import forced
from coder.app.subagents.roster import roster_of
from coder.commands.loader import load as load_commands
from coder.commands.places import places_of
from coder.config.question import notice
from coder.config.trust import approve
from coder.core.config import Config
from coder.mcp.entries import servers_of
from coder.mcp.server import Stdio
from tests.support.plugged import bakery, put, zipped
from tests.support.plugged_sessions import MANAGED, agents, files, here, hooks, servers

OWN = {".claude/settings.json": {"permissions": {"allow": ["Bash(ls)"]}}}
LOOSE = "---\nname: go\ndescription: d\nallowed-tools: Bash(rm *)\n---\nGo.\n"


@pytest.mark.behaviour("B-2403")
@pytest.mark.parametrize("form", ["folder", "link", "link in it", "zip", "of the work tree's main checkout"])
def test_a_plugin_of_the_repository_runs_nothing_before_it_is_approved(tmp_path: Path, form: str) -> None:
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    path = root = bakery(project / "tools" / "bakery", more={"settings.json": {"agent": "baker"}})
    if form == "link":
        path = tmp_path / "linked"
        path.symlink_to(root)
    elif form == "link in it":
        root = root.rename(tmp_path / "bakery")
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(root)
    elif form == "zip":
        path = zipped(root, project / "b.zip")
    elif form != "folder":
        main = tmp_path / "main"
        (main / ".git" / "worktrees" / "w").mkdir(parents=True)
        (main / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
        (main / ".git" / "worktrees" / "w" / "HEAD").write_text("ref: refs/heads/w\n")
        (main / ".git" / "worktrees" / "w" / "commondir").write_text("../..\n")
        path = root.rename(main / "bakery")
        (project / ".git").rmdir()
        (project / ".git").write_text(f"gitdir: {main}/.git/worktrees/w\n")
    config = here(tmp_path, path)
    assert (hooks(config), servers(config), config.agents.main) == ([], [], "")
    assert "before you trust them" in config.warnings[-1] and not (tmp_path / "home" / "plugins" / "data").exists()
    assert files(config, tmp_path) == {"bakery:knead", "bakery:prove"} and agents(config) == {"bakery:baker"}
    assert config.trust is not None and {item.kind for item in config.trust.off} == {"hook", "server", "setting"}
    approve(tmp_path / "home", config.trust)
    config = here(tmp_path, path)
    assert (len(hooks(config)), servers(config), config.warnings) == (1, ["plugin:bakery:oven"], ())
    assert config.agents.main == "bakery:baker"
    changed = {".mcp.json": {"mcpServers": {"other": {"command": "x"}}}}
    if form == "zip":
        zipped(bakery(tmp_path / "other", more=changed), path)
    else:
        put(path, changed)
    config = here(tmp_path, path)
    assert (hooks(config), servers(config)) == ([], [])
    assert len(hooks(here(tmp_path, path, trust_folder=True))) == 1


@pytest.mark.behaviour("B-2403")
def test_heads_of_a_plugin_of_the_repository_grant_only_what_was_approved(tmp_path: Path) -> None:
    project = tmp_path / "project"
    remembers = LOOSE.replace("allowed-tools: Bash(rm *)", "memory: user")
    root = put(project / "plug", {"commands/go.md": LOOSE, "agents/a.md": remembers})

    def counted(config: Config) -> list[bool]:
        places = [place for place in places_of(config, tmp_path / MANAGED) if place.kind == "commands"]
        roster = roster_of(config, {}, Path("/nowhere"))
        (agent,) = [agent for agent in roster.all() if agent.origin == "plugin"]
        found = [one for one in load_commands(places).all() if one.origin == "plugin"]
        return [*(grants_count(config, one) for one in found), roster.trusts(agent)]

    config = here(tmp_path, root)
    assert counted(config) == [False, False] and config.trust is not None
    assert {item.kind for item in config.trust.off} == {"rule", "folder"}
    approve(tmp_path / "home", config.trust)
    assert counted(here(tmp_path, root)) == [True, True]
    elsewhere = root.rename(tmp_path / "elsewhere")
    assert counted(here(tmp_path, elsewhere)) == [True, True]


@pytest.mark.behaviour("B-2403")
def test_a_server_of_the_repository_gets_no_key_of_the_persons(tmp_path: Path) -> None:
    server = {"mcpServers": {"oven": {"command": "x", "args": ["${ANTHROPIC_API_KEY}"]}}}
    for folder, key in ((tmp_path / "project", "${ANTHROPIC_API_KEY}"), (tmp_path, "k")):
        config = here(tmp_path, bakery(folder / "bakery", more={".mcp.json": server}), trust_folder=True)
        (found,), _ = servers_of(config.servers, config.env, config.cwd)
        assert isinstance(found.transport, Stdio) and found.transport.args == (key,)


@pytest.mark.behaviour("B-2716")
def test_a_style_that_a_plugin_of_the_repository_forces_counts_once_that_text_is_approved(tmp_path: Path) -> None:
    """Not by itself, and not because the folder is trusted."""
    style = {"output-styles/floury.md": "---\nforce-for-plugin: true\n---\nSpeak of flour.\n"}
    project = put(tmp_path / "project", OWN)
    own = here(tmp_path).trust
    assert own is not None
    approve(tmp_path / "home", own)
    root = put(project / "tools" / "bakery", {".claude-plugin/plugin.json": {"name": "bakery"}, **style})
    config = here(tmp_path, root)
    assert config.trust is not None and config.trust.is_trusted and forced(config) is None
    assert "before you trust them" in config.warnings[-1]
    (item,) = config.trust.off
    assert (item.kind, item.name) == ("setting", "outputStyle bakery:floury")
    once = forced(here(tmp_path, root, trust_folder=True))
    assert once is not None and once.text == "Speak of flour."
    approve(tmp_path / "home", config.trust)
    config = here(tmp_path, root)
    found = forced(config)
    assert found is not None and found.text == "Speak of flour." and config.warnings == ()
    put(root, {"output-styles/floury.md": style["output-styles/floury.md"] + "And of yeast.\n"})
    assert forced(config) is None  # it was changed since the session was opened
    assert forced(here(tmp_path, root)) is None


@pytest.mark.behaviour("B-2605")
def test_a_plugin_that_is_not_approved_takes_nothing_from_the_folder(tmp_path: Path) -> None:
    project = put(tmp_path / "project", OWN)
    own = here(tmp_path).trust
    assert own is not None and not own.is_trusted
    approve(tmp_path / "home", own)
    config = here(tmp_path, bakery(project / "tools" / "bakery"))
    assert config.trust is not None and config.trust.is_trusted and config.trust.off and not config.trust.own_off
    assert hooks(config) == [] and [rule.text for rule in config.rules] == ["Bash(ls)"]
    put(project, {".claude/settings.json": {"permissions": {"allow": ["Bash"]}}})
    config = here(tmp_path, project / "tools" / "bakery")
    assert config.trust is not None and not config.trust.is_trusted and len(config.trust.own_off) == 1
    assert "so allow rule" in (said := notice(config.trust).replace("1 ", "")) and "hook" not in said
    assert "tools/bakery" not in said


@pytest.mark.behaviour("B-2605")
def test_the_folders_own_files_are_its_own_though_a_plugin_lies_in_the_same_place(tmp_path: Path) -> None:
    project = put(tmp_path / "project", OWN)
    own = here(tmp_path).trust
    assert own is not None
    approve(tmp_path / "home", own)
    put(project, {".claude/commands/go.md": LOOSE})
    config = here(tmp_path, project / ".claude")
    assert config.trust is not None and not config.trust.is_trusted
    assert {item.file for item in config.trust.own_off} == {".claude/commands/go.md"}


@pytest.mark.behaviour("B-2606")
@pytest.mark.parametrize("form", ["folder", "zip"])
def test_what_is_approved_where_a_plugin_lies_is_approved_in_another_work_tree(tmp_path: Path, form: str) -> None:
    main, tree = tmp_path / "project", tmp_path / "project" / ".coder" / "worktrees" / "w"
    put(main / ".git", {"HEAD": "ref: refs/heads/main\n", "worktrees/w/HEAD": "x", "worktrees/w/commondir": "../..\n"})
    put(tree, {".git": f"gitdir: {main}/.git/worktrees/w\n"})
    path = bakery(main / "tools" / "bakery", more={"commands/go.md": LOOSE})
    if form == "zip":
        path = zipped(path, main / "tools" / "b.zip")
    approved = here(tmp_path, path).trust
    assert approved is not None
    approve(tmp_path / "home", approved)
    config = here(tmp_path, path, cwd=str(tree))
    assert config.cwd == tree and len(hooks(config)) == 1 and config.warnings == ()
    if form == "zip":
        zipped(bakery(tmp_path / "more", more={".mcp.json": {"mcpServers": {"other": {"command": "x"}}}}), path)
    else:
        put(path, {".mcp.json": {"mcpServers": {"other": {"command": "x"}}}})
    config = here(tmp_path, path, cwd=str(tree))
    assert (hooks(config), servers(config)) == ([], [])
    assert f"`coder trust add --plugin-dir {path}` trusts them" in config.warnings[-1]
