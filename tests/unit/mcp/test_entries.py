"""Entries of MCP servers: what each kind says, what is wrong with one, and what a variable may do in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.config import ServerSettings, ServerSource
from coder.mcp.entries import Problem, servers_of
from coder.mcp.expand import MOST, Expansion, TooLongError
from coder.mcp.server import Hosted, Http, Login, Server, Stdio

CWD = Path("/work")
OURS = {"CLAUDE_PROJECT_DIR": "/work", "CLAUDECODE": "1"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("${X:-y}"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["type", "command", "args", "env", "url", "headers", "headersHelper", "oauth", "timeout", "alwaysLoad", "cwd"]
)
ENTRY = st.dictionaries(KEYS, JSON | st.sampled_from(["stdio", "http", "sse", "sdk", "https://x/y"]), max_size=6)


def read(
    entry: object, name: str = "s", env: Mapping[str, str] | None = None, **settings: Any
) -> tuple[Server | None, tuple[Problem, ...]]:
    source = ServerSource("/f.json", "user", {name: entry}, Path("/base"))
    servers, problems = servers_of(ServerSettings(sources=(source,), **settings), env or {}, CWD)
    return (servers[0] if servers else None), problems


def good(entry: object, env: Mapping[str, str] | None = None) -> Server:
    server, problems = read(entry, env=env)
    assert server is not None and problems == ()
    return server


def texts(problems: tuple[Problem, ...]) -> str:
    return "\n".join(problem.text for problem in problems)


@pytest.mark.behaviour("B-1577")
def test_every_kind_of_server() -> None:
    stdio = good({"command": "x", "args": ["-y", ""], "env": {"A": "1", "N": 5}, "unknown": 1}).transport
    assert isinstance(stdio, Stdio)
    assert (stdio.command, stdio.args, stdio.cwd) == ("x", ("-y", ""), Path("/base"))
    assert dict(stdio.env) == {"A": "1", "N": "5", **OURS}
    inner = good({"type": "stdio", "command": "x", "cwd": "in/../there"}).transport
    assert isinstance(inner, Stdio) and inner.cwd == Path("/base/there")
    oauth = {"clientId": "c", "callbackPort": 8080, "scopes": "a b", "authServerMetadataUrl": "https://x/m"}
    for kind, wanted in {"http": "http", "streamable-http": "http", "sse": "sse"}.items():
        entry = {
            "type": kind,
            "url": "https://x/y?z",
            "headers": {"A-B": " v "},
            "headersHelper": "h ${X}",
            "oauth": oauth,
        }
        http = good(entry).transport
        assert isinstance(http, Http)
        assert (http.kind, http.url, dict(http.headers), http.helper) == (
            wanted,
            "https://x/y?z",
            {"A-B": "v"},
            "h ${X}",
        )
        assert http.login == Login("c", "", 8080, ("a", "b"), "https://x/m")
    assert isinstance(good({"type": "sdk", "name": "s"}).transport, Hosted)
    server = good(
        {"command": "x", "timeout": 1500, "alwaysLoad": True}, {"MCP_TIMEOUT": "5000", "MCP_TOOL_TIMEOUT": "9000"}
    )
    assert (server.call, server.start, server.always_load, server.scope) == (1.5, 5.0, True, "user")
    assert good({"command": "x"}, {"MCP_TOOL_TIMEOUT": "9000"}).call == 9.0


def test_an_entry_can_say_that_it_is_off() -> None:
    assert good({"command": "x", "disabled": True}).is_off
    assert not good({"command": "x", "disabled": False}).is_off


@pytest.mark.behaviour("B-1578")
@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (1, "its entry must be an object"),
        ({}, "command must be a text that is not empty"),
        ({"command": " "}, "command must be"),
        ({"command": "x", "args": "y"}, "args must be a list of texts"),
        ({"command": "x", "args": ["a", 1]}, "args[1] must be a text"),
        ({"command": "x", "env": {"A": None}}, "env.A must be a text"),
        ({"command": "x", "env": []}, "env must be an object"),
        ({"command": "x", "env": {"A=B": "1"}}, "env holds a name"),
        ({"command": "x\0y"}, "command holds a character"),
        ({"command": "x", "args": ["\ud800"]}, "args[0] holds a character"),
        ({"command": "x", "args": ["a"] * 1001}, "args holds more than 1000 items"),
        ({"command": "x", "cwd": 1}, "cwd must be"),
        ({"type": "carrier-pigeon"}, "type must be one of stdio, http, sse"),
        ({"type": []}, "type must be one of"),
        ({"type": "ws", "url": "wss://x"}, "type ws is not supported"),
        ({"type": "http"}, "url must be"),
        ({"type": "http", "url": "ftp://x"}, "url must be an http or https address"),
        ({"type": "http", "url": "https://x y"}, "url must be an http or https address"),
        ({"type": "http", "url": "http://[x"}, "url must be an http or https address"),
        ({"type": "http", "url": "https://x", "headers": {"A B": "1"}}, "headers holds a name"),
        ({"type": "http", "url": "https://x", "headers": {"A": "1\r\nB: 2"}}, "headers.A holds a character"),
        ({"type": "http", "url": "https://x", "headers": {"A": 1}}, "headers.A must be a text"),
        ({"type": "http", "url": "https://x", "headersHelper": 1}, "headersHelper must be a text"),
        ({"type": "http", "url": "https://x", "oauth": {"clientId": 1}}, "oauth.clientId must be a text"),
        ({"type": "http", "url": "https://x", "oauth": {"callbackPort": 0}}, "oauth.callbackPort must be a port"),
        ({"type": "http", "url": "https://x", "oauth": {"scopes": [1]}}, "oauth.scopes must be"),
        (
            {"type": "http", "url": "https://x", "oauth": {"authServerMetadataUrl": "http://x"}},
            "must be an https address",
        ),
    ],
)
def test_a_wrong_entry_is_named_by_file_server_and_key(entry: object, words: str) -> None:
    server, problems = read(entry)
    assert server is None and len(problems) == 1
    assert problems[0].text.startswith('/f.json: MCP server "s": ') and problems[0].text.endswith(". It is not used.")
    assert words in problems[0].text and problems[0].skipped


@pytest.mark.behaviour("B-1578")
def test_an_address_without_a_type() -> None:
    server, problems = read({"url": "https://x"}, name="docs")
    assert server is None
    assert problems[0].text.startswith('/f.json: MCP server "docs" has a "url" but no "type"; ')


@pytest.mark.behaviour("B-1578")
@pytest.mark.parametrize("timeout", [999, True, "5000", -1, float("nan"), 10**15])
def test_what_only_part_of_an_entry_is_wrong_in_is_used_without_it(timeout: object) -> None:
    server, problems = read({"command": "x", "timeout": timeout, "alwaysLoad": 1}, env={"MCP_TIMEOUT": "soon"})
    assert server is not None and (server.call, server.start, server.always_load) == (None, None, False)
    assert [problem.skipped for problem in problems] == [False] * 3
    assert "timeout must be milliseconds from 1000" in texts(problems)


@pytest.mark.behaviour("B-1579")
@pytest.mark.parametrize(
    "name", ["workspace", "Claude Preview", "a b", "a.b", "", "a" * 65, "a__b", "a_", "é", "a\x1b[2J", "../x"]
)
def test_names_that_no_server_may_have(name: str) -> None:
    server, problems = read({"command": "x"}, name=name)
    assert server is None and texts(problems).isprintable()


@pytest.mark.behaviour("B-1579")
def test_servers_of_the_embedding_program_are_called_as_it_likes_but_never_alike() -> None:
    assert read({"type": "sdk"}, name="my tools")[0] is not None
    source = ServerSource("x", "flag", {"a.b": {"type": "sdk"}, "a_b": {"command": "x"}}, CWD)
    servers, problems = servers_of(ServerSettings(sources=(source,)), {}, CWD)
    assert [server.name for server in servers] == ["a.b"] and "would be called like those of a.b" in texts(problems)


@pytest.mark.behaviour("B-1577")
def test_a_name_counts_where_it_stands_first_and_whole() -> None:
    strong = ServerSource("/1", "local", {"a": {"command": "one"}, "b": {"command": 1}}, CWD)
    weak = ServerSource("/2", "user", {"a": {"command": "two", "env": {"X": "1"}}, "b": {"command": "b"}}, CWD)
    servers, problems = servers_of(ServerSettings(sources=(strong, weak)), {}, CWD)
    assert [(server.name, server.origin) for server in servers] == [("a", "/1")]
    assert isinstance(servers[0].transport, Stdio) and dict(servers[0].transport.env) == OURS
    assert [problem.server for problem in problems] == ["b"]


def test_more_servers_than_anybody_has_are_not_all_used() -> None:
    source = ServerSource("/f.json", "project", {f"s{n}": {"command": "x"} for n in range(300)}, CWD)
    servers, problems = servers_of(ServerSettings(sources=(source,)), {}, CWD)
    assert len(servers) == 200 and "/f.json: only the first 200" in texts(problems)


@pytest.mark.behaviour("B-1580")
def test_variables_are_put_in_where_the_contract_says() -> None:
    env = {"A": "va", "EMPTY": "", "NEST": "${A}", "CLAUDE_PROJECT_DIR": "/wrong"}
    entry = {"command": "${A}", "args": ["x${A}y${NO:-d e}", "${NEST}", "$A", "${EMPTY:-d}", "${CLAUDE_PROJECT_DIR}"]}
    stdio = good({**entry, "env": {"K": "${A}"}}, env).transport
    assert isinstance(stdio, Stdio)
    assert (stdio.command, stdio.args) == ("va", ("xvayd e", "${A}", "$A", "", "/work"))
    assert stdio.env["K"] == "va"
    http = good({"type": "http", "url": "https://${A}/x", "headers": {"H": "Bearer ${A}"}}, env).transport
    assert isinstance(http, Http) and (http.url, http.headers["H"]) == ("https://va/x", "Bearer va")


@pytest.mark.behaviour("B-1580")
def test_an_unset_variable_stays_and_is_named_and_no_value_ever_is() -> None:
    server, problems = read({"command": "x", "args": ["${NO}", "${NO}"]}, env={"S": "secret"})
    assert server is not None and isinstance(server.transport, Stdio) and server.transport.args == ("${NO}", "${NO}")
    assert len(problems) == 1 and "${NO} is not set" in problems[0].text and not problems[0].skipped
    for wrong in (
        {"type": "http", "url": "${S} ${NO}"},
        {"type": "http", "url": "https://x", "headers": {"A": "${S}\n2"}},
    ):
        server, problems = read(wrong, env={"S": "secret"})
        assert server is None and "secret" not in texts(problems)
    assert "${NO} is not set" in texts(read({"type": "http", "url": "${NO}"})[1])


@pytest.mark.behaviour("B-1580")
def test_what_a_text_becomes_is_bounded() -> None:
    env = {"BIG": "x" * (MOST // 2)}
    assert len(Expansion(env).text("${BIG}" * 2)) == MOST
    for text in ("${BIG}x" * 1000, "${BIG}${BIG}y"):
        with pytest.raises(TooLongError):
            Expansion(env).text(text)
    assert "args[0] is longer" in texts(read({"command": "x", "args": ["${BIG}" * 9]}, env=env)[1])


@given(st.text(), st.dictionaries(st.sampled_from("ABC"), st.text(max_size=5)))
def test_texts_without_references_stay_as_they_are(text: str, env: dict[str, str]) -> None:
    expansion = Expansion(env)
    if "${" not in text:
        assert expansion.text(text) == text and not expansion.unset
    assert Expansion({}).text("${A:-" + text.replace("}", "") + "}") == text.replace("}", "")


@given(ENTRY | JSON, st.text(max_size=10))
@pytest.mark.behaviour("B-1578")
def test_any_json_is_an_entry_or_has_a_problem(entry: object, name: str) -> None:
    server, problems = read(entry, name=name, env={"X": "secret"})
    assert (server is None) is any(problem.skipped for problem in problems)
    assert all(problem.text.isprintable() for problem in problems)


@pytest.mark.behaviour("B-1581")
def test_the_digest_changes_with_all_that_decides_what_runs_and_with_nothing_else() -> None:
    stdio = {"command": "x", "args": ["a", "b"], "env": {"A": "1"}}
    http = {"type": "http", "url": "https://x", "headers": {"A": "1"}}
    different = [
        stdio,
        {**stdio, "command": "y"},
        {**stdio, "args": ["a b"]},
        {**stdio, "args": ["b", "a"]},
        {**stdio, "env": {"A": "2"}},
        {**stdio, "cwd": "z"},
        http,
        {**http, "type": "sse"},
        {**http, "url": "https://y"},
        {**http, "headers": {"A": "2"}},
        {**http, "headersHelper": "h"},
        {**http, "oauth": {"clientId": "c"}},
    ]
    digests = [good(entry).digest for entry in different]
    assert len(set(digests)) == len(different) and all(len(digest) == 64 for digest in digests)
    assert good({**stdio, "timeout": 5000, "alwaysLoad": True, "x": 1}).digest == digests[0]
    with_variable = {"command": "${V}", "args": ["a", "b"], "env": {"A": "1"}}
    assert good(with_variable, {"V": "x"}).digest == digests[0]
    assert json.dumps(digests).isascii()


LOCAL = {"command": "npx", "args": ["-y", "pkg"]}
REMOTE = {"type": "http", "url": "https://user:pw@api.Example.com/mcp?x=1"}


@pytest.mark.behaviour("B-1576")
@pytest.mark.parametrize(
    ("entry", "allowed", "denied", "is_used"),
    [
        (LOCAL, None, [], True),
        (LOCAL, [], [], False),
        (LOCAL, [{"serverName": "s"}], [], True),
        (LOCAL, [{"serverName": "*"}], [{"serverName": "s*"}], False),
        (LOCAL, [{"serverCommand": ["npx", "-y", "pkg"]}], [], True),
        (LOCAL, [{"serverCommand": ["npx", "-y", "*"]}], [], True),
        (LOCAL, [{"serverCommand": ["npx", "-y"]}], [], False),
        (LOCAL, [{"serverName": "s"}, {"serverCommand": ["other"]}], [], False),
        (LOCAL, [{"serverName": "s"}, {"serverUrl": "https://x/*"}], [], True),
        (LOCAL, [{"serverName": "t", "serverCommand": ["npx", "-y", "pkg"]}], [], False),
        (LOCAL, None, [{"serverCommand": ["npx", "*", "*"]}], False),
        (LOCAL, [{"serverName": 1}, {"nonsense": "s"}, {}], [{"serverCommand": "npx"}, {}], False),
        (REMOTE, [{"serverUrl": "https://api.example.com/*"}], [], True),
        (REMOTE, [{"serverUrl": "https://*.example.com/mcp*"}], [], True),
        (REMOTE, [{"serverUrl": "https://api.example.com"}], [], False),
        (REMOTE, [{"serverUrl": "https://user*"}], [], False),
        (REMOTE, [{"serverUrl": "http://*"}], [], False),
        (REMOTE, [{"serverName": "s"}, {"serverUrl": "https://other/*"}], [], False),
        (REMOTE, [{"serverUrl": "*"}], [], True),
        (REMOTE, None, [{"serverUrl": "*example.com"}], False),
        ({**REMOTE, "url": "https://api.example.com:8443/x"}, None, [{"serverUrl": "https://api.example.com"}], False),
        ({**REMOTE, "url": "https://api.example.com:8443/x"}, [{"serverUrl": "https://api.example.com/*"}], [], False),
        ({**REMOTE, "url": "https://api.example.com:8443/x"}, [{"serverUrl": "https://*:8443/*"}], [], True),
        ({**REMOTE, "url": "https://evil.com/a.example.com/"}, [{"serverUrl": "https://*.example.com/*"}], [], False),
        ({**REMOTE, "url": "https://a.example.com@evil.com/"}, [{"serverUrl": "https://*.example.com*/*"}], [], False),
        ({"type": "sdk"}, [], [], True),
        ({"type": "sdk"}, None, [{"serverName": "s"}], False),
    ],
)
def test_the_lists_of_the_administrator(
    entry: object, allowed: list[dict[str, Any]] | None, denied: list[dict[str, Any]], is_used: bool
) -> None:
    server, problems = read(entry, allowed=None if allowed is None else tuple(allowed), denied=tuple(denied))
    assert (server is not None) is is_used
    assert is_used or "McpServers" in texts(problems)
