"""Servers written to the file of a scope: that entry, and no other character."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder.config.flags import Flags
from coder.config.jsonc import plain
from coder.config.load import folder_trust, load
from coder.config.server_write import SCOPES, Scope, add, entries, remove, spot_of, spots
from coder.core.errors import ConfigError
from coder.mcp.entries import servers_of
from coder.mcp.server import Http, Stdio

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="$\0"), max_size=12)
NAME = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
STDIO = st.fixed_dictionaries(
    {"type": st.just("stdio"), "command": TEXT.filter(str.strip), "args": st.lists(TEXT, max_size=3)},
    optional={"env": st.dictionaries(st.from_regex(r"[A-Z_]{1,6}", fullmatch=True), TEXT, max_size=3)},
)
VALUE = st.text("abcXYZ 0123./+=-", max_size=12).map(str.strip)
HTTP = st.fixed_dictionaries(
    {"type": st.sampled_from(["http", "sse"]), "url": st.just("https://x.example/mcp?a=b")},
    optional={"headers": st.dictionaries(st.from_regex(r"[A-Za-z-]{1,8}", fullmatch=True), VALUE, max_size=2)},
)
OLD = '{\n   "z": 1.50, "projects": {"/other": {"history": ["é\\u00e9"]}},\n\t"a": [ ]\n}\n'


def where(root: Path) -> tuple[Path, Path]:
    home, project = root / "user" / ".coder", root / "project"
    project.mkdir(parents=True, exist_ok=True)
    return home, project


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAME, entry=STDIO | HTTP, scope=st.sampled_from(SCOPES))
@pytest.mark.behaviour("B-1582")
def test_what_was_added_is_what_is_used(
    tmp_path_factory: pytest.TempPathFactory, name: str, entry: dict[str, Any], scope: Scope
) -> None:
    home, project = where(tmp_path_factory.mktemp("add"))
    add(spot_of(scope, home, project), name, entry, home)
    env = {"HOME": str(home.parent)}
    config = load(Flags(headless=False), env, project, home, project / "none")
    (server,), problems = servers_of(config.servers, env, project)
    assert (server.name, server.scope, problems) == (name, scope, ())
    match server.transport:
        case Stdio(command=command, args=args, env=variables):
            held = {key: value for key, value in variables.items() if key not in ("CLAUDE_PROJECT_DIR", "CLAUDECODE")}
            assert (command, list(args), held) == (entry["command"], entry["args"], entry.get("env", {}))
        case Http(url=url, kind=kind, headers=headers):
            assert (url, kind, dict(headers)) == (entry["url"], entry["type"], entry.get("headers", {}))


@pytest.mark.behaviour("B-1583")
@pytest.mark.parametrize("scope", ["local", "user"])
def test_every_other_character_of_the_file_stays(tmp_path: Path, scope: Scope) -> None:
    home, project = where(tmp_path)
    home.mkdir(parents=True)
    path = home / ".claude.json"
    path.write_text(OLD, encoding="utf-8")
    path.chmod(0o644)
    spot = spot_of(scope, home, project)
    add(spot, "one", {"command": "x"}, home)
    add(spot, "two", {"command": "y"}, home)
    text = path.read_text("utf-8")
    assert '"z": 1.50, "projects": {"/other": {"history": ["é\\u00e9"]}' in text and '\t"a": [ ]' in text
    assert list(json.loads(text))[:3] == ["z", "projects", "a"] and list(entries(spot)) == ["one", "two"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert remove(spot, "one") and not remove(spot, "one")
    assert list(entries(spot)) == ["two"]


@pytest.mark.behaviour("B-1583")
@pytest.mark.parametrize("content", ["", '{"mcpServers": {"a": ', '{"mcpServers": []}', '{"mcpServers": 5}', "\xff"])
def test_a_broken_file_is_never_written(tmp_path: Path, content: str) -> None:
    home, project = where(tmp_path)
    home.mkdir(parents=True)
    path = home / ".claude.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"\.claude\.json"):
        add(spot_of("user", home, project), "a", {"command": "x"}, home)
    assert path.read_bytes() == content.encode("latin-1")
    assert os.listdir(home) == [".claude.json"]


@pytest.mark.behaviour("B-1583")
def test_two_who_write_at_once_lose_nothing(tmp_path: Path) -> None:
    home, project = where(tmp_path)
    script = (
        "import sys; from pathlib import Path; from coder.config.server_write import add, spot_of\n"
        "home, project = Path(sys.argv[1]), Path(sys.argv[2])\n"
        "for n in range(8): add(spot_of('user', home, project), f'{sys.argv[3]}{n}', {'command': 'x'}, home)"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    every = [
        subprocess.Popen([sys.executable, "-c", script, str(home), str(project), who], env=env) for who in ("a", "b")
    ]
    assert [each.wait(60) for each in every] == [0, 0]
    assert len(entries(spot_of("user", home, project))) == 16


@pytest.mark.behaviour("B-1582")
def test_a_name_is_added_once(tmp_path: Path) -> None:
    home, project = where(tmp_path)
    for scope in SCOPES:
        spot = spot_of(scope, home, project)
        add(spot, "a", {"command": "x"}, home)
        with pytest.raises(ConfigError, match=f"MCP server a already exists in {scope} config"):
            add(spot, "a", {"command": "y"}, home)
        assert entries(spot) == {"a": {"command": "x"}}
    assert [spot.scope for spot in spots(home, project)] == ["local", "project", "user"]


@pytest.mark.behaviour("B-1584")
def test_only_the_entry_that_was_added_to_a_project_counts_as_seen(tmp_path: Path) -> None:
    home, project = where(tmp_path)
    env = {"HOME": str(home.parent)}
    spot = spot_of("project", home, project)
    add(spot, "mine", {"command": "x"}, home)
    assert folder_trust(env, project, home)[0].off == ()
    theirs = {"mcpServers": {"mine": {"command": "x"}, "other": {"command": "evil"}}}
    spot.path.write_text(json.dumps(theirs), encoding="utf-8")
    add(spot, "more", {"command": "y"}, home)
    assert [item.name for item in folder_trust(env, project, home)[0].unapproved] == ["other"]


@pytest.mark.behaviour("B-1584")
def test_a_projects_file_that_is_a_link_leads_nowhere_else(tmp_path: Path) -> None:
    home, project = where(tmp_path)
    outside = tmp_path / "outside.json"
    outside.write_text("{}", encoding="utf-8")
    (project / ".mcp.json").symlink_to(outside)
    with pytest.raises(ConfigError, match="leads out of the project"):
        add(spot_of("project", home, project), "a", {"command": "x"}, home)
    assert outside.read_text("utf-8") == "{}" and folder_trust({}, project, home)[0].approved in (None, {})


@given(st.recursive(st.none() | st.text(), lambda i: st.lists(i) | st.dictionaries(st.text(), i), max_leaves=5))
@pytest.mark.behaviour("B-1586")
def test_json_is_json_with_comments_too(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False)
    assert plain(text) == text
    assert json.loads(plain(f"// a\n/* {{ */{text} // b")) == value


def test_comments_and_trailing_commas_go_and_lines_stay() -> None:
    text = '{"a": "x//y /* z */, ]", // c\n/* d\n, */ "b": [1, 2, /* e */ ], \n}'
    assert json.loads(plain(text)) == {"a": "x//y /* z */, ]", "b": [1, 2]}
    assert plain(text).count("\n") == text.count("\n")
    assert plain("/* never ends") == ""
