"""Which MCP servers there are: every place that names some, and what keeps one out."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coder.config.brought import brought_by
from coder.config.flags import Flags
from coder.config.load import folder_trust, load
from coder.config.server_write import turn
from coder.config.trust import approve
from coder.core.config import Config, ServerSettings
from coder.core.errors import ConfigError

A: dict[str, Any] = {"command": "a"}
TWO = {"mcpServers": {"p": A, "q": {"command": "q"}}}


@dataclass(frozen=True, slots=True)
class Spot:
    root: Path

    @property
    def home(self) -> Path:
        return self.root / "user" / ".coder"

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def managed(self) -> Path:
        return self.root / "etc"

    def put(self, path: Path, content: object) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        path.chmod(0o600)
        return path

    def own(self, **content: object) -> Path:
        return self.put(self.home / ".claude.json", content)

    def theirs(self, content: object = TWO) -> Path:
        return self.put(self.project / ".mcp.json", content)

    def approve(self) -> None:
        approve(self.home, folder_trust(self.env(), self.project, self.home)[0])

    def env(self, **more: str) -> dict[str, str]:
        return {"HOME": str(self.home.parent), **more}

    def load(self, flags: Flags | None = None, folder: str = ".", **env: str) -> Config:
        place = self.project / folder
        return load(flags or Flags(headless=False), self.env(**env), place, self.home, self.managed)

    def servers(self, flags: Flags | None = None, folder: str = ".", **env: str) -> ServerSettings:
        return self.load(flags, folder, **env).servers


@pytest.fixture
def spot(tmp_path: Path) -> Spot:
    (tmp_path / "user").mkdir()
    (tmp_path / "project").mkdir()
    return Spot(tmp_path)


def found(settings: ServerSettings) -> list[tuple[str, str]]:
    return [(source.scope, name) for source in settings.sources for name in source.servers]


def everywhere(spot: Spot) -> None:
    spot.own(mcpServers={"u": A}, projects={str(spot.project): {"mcpServers": {"l": A}}})
    spot.put(spot.home.parent / ".claude.json", {"mcpServers": {"claude": A}})
    spot.theirs()


FLAG = Flags(headless=False, mcp_config=('{"mcpServers": {"f": {"command": "f"}, "s": {"type": "sdk", "name": "s"}}}',))


@pytest.mark.behaviour("B-1570")
def test_the_strongest_stands_first(spot: Spot) -> None:
    everywhere(spot)
    given = spot.put(spot.project / "more.json", {"mcpServers": {"g": A}})
    flags = Flags(headless=False, mcp_config=(*FLAG.mcp_config, "more.json"), trust_folder=True)
    settings = spot.servers(flags)
    assert found(settings) == [
        ("flag", "f"),
        ("flag", "s"),
        ("flag", "g"),
        ("local", "l"),
        ("project", "p"),
        ("project", "q"),
        ("user", "u"),
        ("user", "claude"),
    ]
    assert [source.origin for source in settings.sources[:2]] == ["--mcp-config", str(given)]


@pytest.mark.behaviour("B-1570")
@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (Flags(headless=False, setting_sources="user"), ["user"]),
        (Flags(headless=False, setting_sources="local"), ["local"]),
        (Flags(headless=False, setting_sources="project", trust_folder=True), ["project"]),
        (Flags(headless=False, setting_sources=""), []),
        (Flags(headless=False, strict_mcp_config=True), []),
        (Flags(headless=False, bare=True), []),
        (Flags(headless=False, safe_mode=True), []),
        (Flags(headless=False, strict_mcp_config=True, mcp_config=FLAG.mcp_config), ["flag"]),
        (Flags(headless=False, bare=True, mcp_config=FLAG.mcp_config), ["flag"]),
    ],
)
def test_flags_leave_places_out(spot: Spot, flags: Flags, expected: list[str]) -> None:
    everywhere(spot)
    assert sorted({scope for scope, _ in found(spot.servers(flags))}) == expected


@pytest.mark.behaviour("B-1570")
def test_local_servers_are_those_of_the_nearest_project(spot: Spot) -> None:
    (spot.project / ".git").mkdir()
    inner = spot.project / "sub"
    inner.mkdir()
    projects = {str(spot.project): {"mcpServers": {"top": A}}, str(inner): {"mcpServers": {"sub": A}}}
    spot.own(projects={**projects, str(spot.root): {"mcpServers": {"above": A}}})
    assert found(spot.servers(folder="sub")) == [("local", "sub"), ("local", "top")]
    assert found(spot.servers()) == [("local", "top")]


@pytest.mark.behaviour("B-1570")
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("gone.json", "there is no file"),
        ("{}", 'must hold an object {"mcpServers"'),
        ('{"mcpServers": []}', "--mcp-config must hold"),
        ("{no", "--mcp-config, line 1, column 2: not valid JSON"),
    ],
)
def test_a_flag_that_names_nothing_is_an_error(spot: Spot, given: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"--mcp-config") as raised:
        spot.load(Flags(mcp_config=(given,)))
    assert words in str(raised.value)


@pytest.mark.behaviour("B-1571")
def test_the_administrators_file_leaves_no_room_for_others(spot: Spot) -> None:
    everywhere(spot)
    spot.put(spot.managed / "managed-mcp.json", {"mcpServers": {"m": A}})
    config = spot.load(Flags(headless=False, mcp_config=FLAG.mcp_config, strict_mcp_config=True, trust_folder=True))
    assert found(config.servers) == [("managed", "m"), ("flag", "s")]
    assert "--mcp-config: the administrator says which MCP servers there are. Not used: f." in config.warnings


@pytest.mark.behaviour("B-1571")
@pytest.mark.parametrize("content", ["{", "[]", '{"mcpServers": 1}', "{}"])
def test_a_broken_file_of_the_administrators_leaves_none(spot: Spot, content: str) -> None:
    everywhere(spot)
    path = spot.put(spot.managed / "managed-mcp.json", content)
    config = spot.load()
    assert found(config.servers) == []
    assert any(str(path) in warning and "MCP server" in warning for warning in config.warnings)


@pytest.mark.behaviour("B-1572")
def test_what_changed_in_a_project_after_it_was_approved_is_not_used_and_says_so(spot: Spot) -> None:
    spot.theirs()
    new = spot.servers()
    assert found(new) == [] and new.unapproved["p"].startswith("this folder is not trusted. See it with: coder trust.")
    spot.approve()
    assert found(spot.servers()) == [("project", "p"), ("project", "q")]
    spot.theirs({"mcpServers": {"p": {"command": "evil"}, "q": {"command": "q"}, "r": A}})
    config = spot.load()
    assert found(config.servers) == []
    assert {name: why.partition(".")[0] for name, why in config.servers.unapproved.items()} == {
        "p": "it has changed in ",
        "q": "it is approved, but something beside it in ",
        "r": "it is new in ",
    }
    assert "since you approved it" in config.servers.unapproved["p"]
    assert any(".mcp.json" in warning and "not used" in warning for warning in config.warnings)


@pytest.mark.behaviour("B-1572")
@pytest.mark.parametrize("key", ["enableAllProjectMcpServers", "enabledMcpjsonServers"])
@pytest.mark.parametrize("who", ["user", "project"])
def test_no_setting_takes_the_place_of_having_seen_it(spot: Spot, key: str, who: str) -> None:
    spot.theirs()
    value: object = True if key.startswith("enableAll") else ["p", "q"]
    folder = spot.home if who == "user" else spot.project / ".coder"
    spot.put(folder / "settings.json", {key: value})
    assert found(spot.servers()) == []


@pytest.mark.behaviour("B-1572")
def test_all_that_decides_what_runs_is_shown_before_it_is_approved() -> None:
    entry = {"command": "x", "args": ["a"], "env": {"E": "1"}, "cwd": "../b", "headers": {"H": "${S}"}}
    (item,) = brought_by(".mcp.json", {"mcpServers": {"s": entry}})
    assert item.text == "E=1 x a (in ../b) (header H: ${S})"


@pytest.mark.behaviour("B-1575")
def test_no_tool_reads_the_file_with_the_persons_keys(spot: Spot) -> None:
    assert not [rule for rule in spot.load().rules if "claude.json" in rule.text]
    spot.own()
    rules = [(rule.text, rule.behaviour, rule.base) for rule in spot.load().rules]
    assert ("Read(/.claude.json)", "deny", spot.home) in rules


@pytest.mark.behaviour("B-1573")
@pytest.mark.parametrize("where", ["user", "project"])
def test_a_server_of_a_project_can_be_turned_off_by_anybody(spot: Spot, where: str) -> None:
    spot.theirs()
    folder = spot.home if where == "user" else spot.project / ".coder"
    spot.put(folder / "settings.json", {"disabledMcpjsonServers": ["p", "absent"]})
    spot.approve()
    assert spot.servers().off == ("p",)
    turn(spot.home, spot.project, "p", is_on=True)
    assert spot.servers().off == ("p",), "what the settings turn off stays off"
    spot.own(projects={str(spot.project): {"mcpServers": {"p": A}}})
    assert spot.servers().off == (), "another server of that name is meant by nobody"


@pytest.mark.behaviour("B-1573")
def test_a_server_is_turned_off_and_on_again_for_a_project(spot: Spot) -> None:
    key = str(spot.project)
    foreign = {"projects": {key: {"disabledMcpServers": ["u", "v"]}}}
    path = spot.put(spot.home.parent / ".claude.json", foreign)
    spot.own(mcpServers={"u": A, "v": A, "w": A})
    assert spot.servers().off == ("u", "v")
    assert turn(spot.home, spot.project, "u", is_on=True)
    assert turn(spot.home, spot.project, "w", is_on=False)
    assert not turn(spot.home, spot.project, "w", is_on=False)
    assert spot.servers().off == ("v", "w")
    assert turn(spot.home, spot.project, "w", is_on=True)
    assert spot.servers().off == ("v",)
    assert json.loads(path.read_text("utf-8")) == foreign


@pytest.mark.behaviour("B-1574")
@pytest.mark.parametrize("content", ["{", "[]", "\x00", '{"mcpServers": 1, "projects": {"x": 2}}', "[" * 100_000])
def test_a_broken_file_is_named_and_nothing_else_is_lost(spot: Spot, content: str) -> None:
    spot.put(spot.home.parent / ".claude.json", {"mcpServers": {"u": A}})
    own = spot.put(spot.home / ".claude.json", content)
    config = spot.load()
    assert found(config.servers) == [("user", "u")]
    assert any(str(own) in warning for warning in config.warnings)


@pytest.mark.behaviour("B-1574")
def test_broken_parts_of_a_file_are_named_by_their_keys(spot: Spot) -> None:
    own = spot.own(mcpServers={"u": A}, projects={str(spot.project): {"mcpServers": 1, "disabledMcpServers": "u"}})
    config = spot.load()
    assert found(config.servers) == [("user", "u")] and config.servers.off == ()
    where = f"projects.{spot.project}."
    assert f"{own}: {where}mcpServers must be an object. It is not used." in config.warnings
    assert f"{own}: {where}disabledMcpServers must be a list of names. It is not used." in config.warnings


@pytest.mark.behaviour("B-1574")
def test_a_key_that_stands_twice_in_a_projects_file_is_told(spot: Spot) -> None:
    path = spot.theirs('{"mcpServers": {"a": {"command": "one"}, "a": {"command": "two"}}}')
    assert f"{path}: the key 'a' stands there twice; the last one counts." in spot.load().warnings


@pytest.mark.behaviour("B-1575")
def test_a_file_that_a_repository_brings_is_none_of_the_persons(spot: Spot) -> None:
    spot.own(mcpServers={"u": A})
    (spot.root / ".git").mkdir()
    config = spot.load()
    assert found(config.servers) == []
    assert any("lies in the repository you work in" in warning for warning in config.warnings)


@pytest.mark.behaviour("B-1575")
def test_a_file_that_anybody_may_write_starts_nothing(spot: Spot) -> None:
    path = spot.own(mcpServers={"u": A, "v": A}, projects={str(spot.project): {"disabledMcpServers": ["u"]}})
    path.chmod(0o666)
    config = spot.load()
    assert found(config.servers) == [] and config.servers.off == ("u",)
    assert any("may be written by anybody" in warning for warning in config.warnings)


@pytest.mark.behaviour("B-1576")
@pytest.mark.parametrize("managed_only", [False, True])
def test_who_may_say_which_servers_are_allowed(spot: Spot, managed_only: bool) -> None:
    ours, theirs = {"serverName": "ours"}, {"serverName": "theirs"}
    admin = {"allowedMcpServers": [ours], "allowManagedMcpServersOnly": managed_only}
    spot.put(spot.managed / "managed-settings.json", admin)
    spot.put(spot.home / "settings.json", {"allowedMcpServers": [{"serverName": "mine"}], "deniedMcpServers": [ours]})
    lists = {"allowedMcpServers": [theirs], "deniedMcpServers": [theirs]}
    spot.put(spot.project / ".coder" / "settings.json", {"env": {"A": "1"}, **lists})
    spot.approve()
    settings = spot.servers()
    assert settings.allowed == ((ours,) if managed_only else (ours, {"serverName": "mine"}))
    assert settings.denied == (theirs, ours)


@pytest.mark.behaviour("B-1576")
def test_without_a_list_everything_is_allowed_unless_only_the_administrator_may(spot: Spot) -> None:
    assert spot.servers().allowed is None
    spot.put(spot.managed / "managed-settings.json", {"allowManagedMcpServersOnly": True})
    assert spot.servers().allowed == ()


@pytest.mark.parametrize(
    ("given", "search"),
    [
        ("", "auto"),
        ("true", "true"),
        ("FALSE", "false"),
        ("auto", "auto"),
        ("auto:25", "auto:25"),
        ("auto:101", "auto"),
    ],
)
def test_how_tools_are_deferred(spot: Spot, given: str, search: str) -> None:
    config = spot.load(Flags(headless=False, require_mcp=("a", "b", "a")), ENABLE_TOOL_SEARCH=given)
    assert (config.servers.search, config.servers.required) == (search, ("a", "b"))
    assert any("ENABLE_TOOL_SEARCH" in warning for warning in config.warnings) is (given == "auto:101")


def test_without_any_of_it_there_is_nothing_to_say(spot: Spot) -> None:
    config = spot.load()
    assert (found(config.servers), config.servers.unapproved, config.servers.off) == ([], {}, ())
    assert config.warnings == () and not os.path.lexists(spot.home)
