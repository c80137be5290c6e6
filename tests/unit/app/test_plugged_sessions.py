"""What plugins become in the settings of a session: from a folder, an archive, and what is wrong with one."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder.app.commanding.granting import grants_count
from coder.app.plugging.late import with_plugins
from coder.app.plugging.options import Missing, variables_of
from coder.app.styling import forced
from coder.app.subagents.roster import roster_of
from coder.commands.loader import load as load_commands
from coder.commands.places import places_of
from coder.config.flags import Flags
from coder.config.load import load
from coder.config.trust import approve
from coder.core.config import Config
from coder.core.plugins import PluginSettings
from coder.hooks.config import HookSet
from coder.mcp.entries import servers_of
from coder.mcp.server import Stdio
from tests.support.plugged import bakery, put, zipped

MANAGED = "managed"


def here(top: Path, *plugins: Path, user: Any = None, managed: Any = None, **flags: Any) -> Config:
    """A session in `top/project`, as its front end would have it."""
    home, project = top / "home", top / "project"
    for folder in (home, project, top / MANAGED):
        folder.mkdir(exist_ok=True)
    if user is not None:
        (home / "settings.json").write_text(json.dumps(user))
    if managed is not None:
        (top / MANAGED / "managed-settings.json").write_text(json.dumps(managed))
    given = Flags(plugin_dirs=tuple(map(str, plugins)), headless=False, **flags)
    env = {"HOME": str(top), "ANTHROPIC_API_KEY": "k", "CODER_CONFIG_DIR": str(home)}
    return with_plugins(load(given, env, project, home, top / MANAGED))


def named(config: Config) -> PluginSettings:
    assert config.plugins is not None
    return config.plugins


def kinds(config: Config) -> list[str]:
    return [each.kind for each in named(config).problems]


def files(config: Config, top: Path) -> set[str]:
    places = [place for place in places_of(config, top / MANAGED) if place.kind in ("commands", "skills")]
    return {one.name for one in load_commands(places).all() if one.origin == "plugin"}


def agents(config: Config) -> set[str]:
    return {agent.name for agent in roster_of(config, {}, Path("/nowhere")).all() if agent.origin == "plugin"}


def hooks(config: Config) -> list[str]:
    return [source.root for source in config.hooks.sources if source.root]


def servers(config: Config) -> list[str]:
    found, _ = servers_of(config.servers, config.env, config.cwd)
    return [server.name for server in found if server.scope == "plugin"]


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
    assert with_plugins(config) is config and not any((tmp_path / "project").iterdir())


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


@pytest.mark.behaviour("B-2402")
def test_an_archive_is_unpacked_once_for_what_is_in_it(tmp_path: Path) -> None:
    root = bakery(tmp_path / "bakery")
    archive = zipped(root, tmp_path / "b.zip")
    unpacked = tmp_path / "home" / "plugins" / "unpacked"
    first = named(here(tmp_path, archive)).loaded[0].root
    (first / "commands" / "more.md").write_text("kept, since nothing is unpacked over it")
    assert named(here(tmp_path, archive)).loaded[0].root == first and (first / "commands" / "more.md").exists()
    put(root, {"commands/knead.md": "other"})
    second = named(here(tmp_path, zipped(root, archive))).loaded[0].root
    assert second != first and first.exists() and sorted(unpacked.iterdir()) == sorted([first, second])
    assert unpacked.stat().st_mode & 0o77 == 0


@pytest.mark.behaviour("B-2402")
@pytest.mark.parametrize("name", ["../out", "/etc/x", "a/../../b"])
def test_an_archive_that_leads_out_is_not_unpacked(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as made:
        made.writestr(".claude-plugin/plugin.json", '{"name": "a"}')
        made.writestr(name, "x")
    config = here(tmp_path, tmp_path / "b.zip")
    assert kinds(config) == ["generic-error"] and "is not unpacked" in config.warnings[0]
    assert not any((tmp_path / "home" / "plugins" / "unpacked").iterdir())


@pytest.mark.behaviour("B-2402")
def test_a_bomb_and_what_is_no_archive_are_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("commands/a.md", "x" * 4_000_000)
    (tmp_path / "c.zip").write_text("no archive")
    os.mkfifo(tmp_path / "d.zip")
    config = here(tmp_path, tmp_path / "b.zip", tmp_path / "c.zip", tmp_path / "d.zip")
    assert kinds(config) == ["generic-error"] * 3 and "as bombs do" in config.warnings[0]


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


@pytest.mark.behaviour("B-2406")
def test_what_the_person_set_reaches_hooks_and_servers_and_a_repository_sets_nothing(tmp_path: Path) -> None:
    asked = {"oven": {"type": "string", "sensitive": True}, "loud": {"type": "boolean", "default": True}}
    manifest = {"name": "bakery", "userConfig": asked}
    server = {"mcpServers": {"oven": {"command": "${CLAUDE_PLUGIN_ROOT}/x", "args": ["${user_config.oven}"]}}}
    root = bakery(tmp_path / "bakery", more={".claude-plugin/plugin.json": manifest, ".mcp.json": server})
    put(tmp_path / "project", {".claude/settings.json": {"pluginConfigs": {"bakery": {"options": {"loud": False}}}}})
    config = here(
        tmp_path, root, user={"pluginConfigs": {"bakery@shop": {"options": {"oven": "hot"}}}}, trust_folder=True
    )
    data = str(tmp_path / "home" / "plugins" / "data" / "bakery")
    own = {"CLAUDE_PLUGIN_ROOT": str(root), "CLAUDE_PLUGIN_DATA": data}
    (source,) = [source for source in config.hooks.sources if source.root]
    assert source.variables == {"CLAUDE_PLUGIN_OPTION_OVEN": "hot", "CLAUDE_PLUGIN_OPTION_LOUD": "true", **own}
    (found,), _ = servers_of(config.servers, config.env, config.cwd)
    assert isinstance(found.transport, Stdio) and found.hidden == ("hot",)
    assert (found.transport.command, found.transport.args) == (f"{root}/x", ("hot",))
    assert own.items() <= found.transport.env.items() and Path(data).is_dir()
    assert "hot" not in repr(config) + repr(found)


@pytest.mark.behaviour("B-2406")
@pytest.mark.parametrize(
    ("spec", "value", "made"),
    [
        ({"type": "number"}, 7, "7"),
        ({"type": "number"}, "7", None),
        ({"type": "boolean"}, False, "false"),
        ({"type": "string", "multiple": True}, ["a", "b"], "a,b"),
        ({"type": "file"}, "/x", "/x"),
        ({"type": "string"}, {"a": 1}, None),
        ({"type": "string"}, "a\0b", None),
        ({}, "x", "x"),
    ],
)
def test_values_of_options(spec: dict[str, Any], value: object, made: str | None) -> None:
    if made is None:
        with pytest.raises(Missing, match=r"must be a .*pluginConfigs\.p\.options\.key"):
            variables_of("p", {"key": spec}, {"key": value})
    else:
        assert variables_of("p", {"key": spec}, {"key": value}) == {"CLAUDE_PLUGIN_OPTION_KEY": made}


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


@pytest.mark.behaviour("B-2400")
def test_a_style_that_its_plugin_forces_counts_where_nobody_chose_one(tmp_path: Path) -> None:
    style = {"output-styles/floury.md": "---\nforce-for-plugin: true\n---\nSpeak of flour.\n"}
    found = forced(here(tmp_path, bakery(tmp_path / "bakery", more=style)))
    assert found is not None and (found.name, found.text) == ("bakery:floury", "Speak of flour.")
    assert forced(here(tmp_path, bakery(tmp_path / "project" / "bakery", more=style))) is None


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
