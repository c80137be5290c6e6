"""Manifests: the four formats, the variants that are met, and what is said of a wrong one."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.extensions.errors import ManifestError
from coder.extensions.located import line_of
from coder.extensions.manifest import Author, Declared, Manifest, Override, read_manifest
from coder.extensions.user_config import Field
from tests.support.echo_bundles import ECHOES, KINDS

PLAIN: dict[str, Any] = {
    "manifest_version": "0.3",
    "name": "plain",
    "version": "1.2.3",
    "description": "Does something",
    "author": {"name": "Ann"},
    "server": {"type": "node", "entry_point": "server/index.js", "mcp_config": {"command": "node", "args": ["x"]}},
}
GONE = object()


def changed(path: str, value: object) -> dict[str, Any]:
    """The plain manifest with one value set, or taken out; `a.b` is a key in an object."""
    whole = copy.deepcopy(PLAIN)
    at = whole
    *above, last = path.split("/")
    for step in above:
        at = at.setdefault(step, {})
    if value is GONE:
        del at[last]
    else:
        at[last] = value
    return whole


def read(value: object) -> Manifest:
    return read_manifest(json.dumps(value).encode(), "manifest.json")


def field(**parts: object) -> Field:
    (found,) = read(changed("user_config", {"k": {"title": "T", **parts}})).user_config
    return found


@pytest.mark.behaviour("B-1680")
@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.4"])
@pytest.mark.parametrize("key", ["manifest_version", "dxt_version", "mcpb_version"])
def test_every_format_and_every_name_of_its_number_is_read(version: str, key: str) -> None:
    whole = changed("manifest_version", GONE) | {key: version}
    found = read(whole)
    assert (found.format_version, found.name, found.warnings) == (version, "plain", ())


def test_all_of_a_full_manifest_is_there() -> None:
    whole = PLAIN | {
        "display_name": "Plain!", "long_description": "Long", "homepage": "https://h", "documentation": "https://d",
        "support": "https://s", "repository": {"type": "git", "url": "https://r"}, "license": "MIT", "keywords": ["a"],
        "privacy_policies": ["https://p"], "icon": "icon.png", "icons": [], "screenshots": [], "localization": {},
        "_meta": {}, "$schema": "x", "tools": [{"name": "t", "description": "d"}], "tools_generated": True,
        "prompts": [{"name": "p", "text": "…", "arguments": ["a"]}], "prompts_generated": True,
        "author": {"name": "Ann", "email": "a@b", "url": "https://a"},
        "compatibility": {"claude_desktop": ">=1", "my_client": ">2", "platforms": ["linux"],
                          "runtimes": {"node": ">=16"}},
        "server": {"type": "binary", "entry_point": "bin/x", "mcp_config": {
            "command": "bin/x", "args": ["-a"], "env": {"A": "1"},
            "platform_overrides": {"win32": {"command": "bin/x.exe", "args": []}, "darwin": {"env": {"B": "2"}}}}},
    }  # fmt: skip
    found = read(whole)
    assert found.warnings == ()
    assert found.author == Author("Ann", "a@b", "https://a")
    assert found.tools == (Declared("t", "d"),) and found.prompts == (Declared("p"),)
    assert (found.repository, found.keywords, found.privacy_policies) == ("https://r", ("a",), ("https://p",))
    assert found.compatibility.clients == {"claude_desktop": ">=1", "my_client": ">2"}
    assert found.compatibility.allows("linux") and not found.compatibility.allows("darwin")
    assert found.server.overrides == {"win32": Override("bin/x.exe", ()), "darwin": Override(env={"B": "2"})}


@pytest.mark.behaviour("B-1681")
@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("manifest_version", "0.5", 'manifest_version is "0.5"; expected one of 0.1, 0.2, 0.3, 0.4'),
        ("manifest_version", 0.3, "manifest_version is 0.3; expected one of"),
        ("manifest_version", GONE, "manifest_version is missing; expected one of"),
        ("dxt_version", "0.1", 'dxt_version is "0.1"; expected the same as manifest_version'),
        ("name", GONE, "name is missing; expected a text that is not empty"),
        ("name", "  ", 'name is " "; expected a text that is not empty'),
        ("name", "a\x1b[2J", 'name is "a\\u001b[2J"; expected at most 100 characters'),
        ("name", "../..", 'name is "../.."; expected at most 100'),
        ("name", "n" * 101, "expected at most 100 characters"),
        ("version", "../1", 'version is "../1"; expected a version such as 1.2.3'),
        ("version", "1/2", 'version is "1/2"; expected a version such as 1.2.3'),
        ("version", 1, "version is 1; expected a text"),
        ("description", GONE, "description is missing"),
        ("author", "Ann", 'author is "Ann"; expected an object'),
        ("author/name", GONE, "author.name is missing"),
        ("server", GONE, "server is missing; expected an object with type and entry_point"),
        ("server/type", "ruby", 'server.type is "ruby"; expected node, python, binary or uv'),
        ("server/type", ["node"], "server.type is a list"),
        ("server/entry_point", GONE, "server.entry_point is missing"),
        ("server/entry_point", "../x.js", 'server.entry_point is "../x.js"; expected a path inside the bundle'),
        ("server/entry_point", "/bin/sh", "expected a path inside the bundle"),
        ("server/entry_point", "C:/x", "expected a path inside the bundle"),
        ("server/entry_point", "a\\b", "expected a path inside the bundle"),
        ("server/mcp_config/command", GONE, "server.mcp_config.command is missing; expected the program"),
        ("server/mcp_config/args", "x", 'server.mcp_config.args is "x"; expected a list'),
        ("server/mcp_config/args", ["x", 1], "server.mcp_config.args[1] is 1; expected a text"),
        ("server/mcp_config/args", ["a\0"], "without NUL"),
        ("server/mcp_config/args", ["\ud800"], "half characters"),
        ("server/mcp_config/env", {"A": 1}, "server.mcp_config.env.A is 1; expected a text"),
        ("server/mcp_config/env", {"A": None}, "server.mcp_config.env.A is null; expected a text"),
        ("server/mcp_config/env", {"A=B": "1"}, "expected the name of a variable"),
        (
            "server/mcp_config/platform_overrides",
            {"linux": []},
            "platform_overrides.linux is a list; expected an object",
        ),
        ("tools", [{"description": "d"}], "tools[0].name is missing"),
        ("tools_generated", "yes", 'tools_generated is "yes"; expected true or false'),
        ("keywords", ["k"] * 2001, "expected at most 2000 items"),
        ("user_config", {"a b": {}}, "user_config.a b is an object; expected a key of letters"),
        ("user_config/k", {"type": "color"}, 'user_config.k.type is "color"; expected string, number, boolean'),
        ("user_config/k", {"type": "number", "default": "ten"}, 'user_config.k.default is "ten"; expected a number'),
        ("user_config/k", {"type": "number", "default": True}, "user_config.k.default is true; expected a number"),
        ("user_config/k", {"type": "boolean", "default": 1}, "expected a boolean"),
        ("user_config/k", {"type": "directory", "default": ["a"]}, "expected one value, since multiple is not true"),
        (
            "user_config/k",
            {"type": "number", "min": 3, "max": 2},
            "user_config.k.min is 3; expected no more than max, 2",
        ),
        ("user_config/k", {"type": "string", "required": 1}, "user_config.k.required is 1; expected true or false"),
        ("compatibility/platforms", "linux", "compatibility.platforms"),
        ("compatibility/runtimes", {"node": 16}, "compatibility.runtimes.node is 16; expected a text"),
        ("description", "d" * 20_001, "expected at most 20,000 characters"),
    ],
)
def test_a_wrong_manifest_is_refused_with_key_value_and_expectation(path: str, value: object, said: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read(changed(path, value))
    assert said in str(caught.value)
    assert str(caught.value).startswith(
        "manifest.json:1: " if "is missing" not in said or "." in said else "manifest.json"
    )
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{", "manifest.json:1: no JSON"),
        (b'{\n "a": 1,\n 2}', "manifest.json:3: no JSON"),
        (b"[]", "it is a list; expected an object"),
        (b"\xff{}", "byte 0 is no UTF-8"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": ' + b"[" * 200_000, "nested too deeply"),
        (b'{"a": ' + b"1" * 5000 + b"}", "no JSON that can be read"),
        (b" " * (1024 * 1024 + 1), "larger than 1024 KiB"),
        (b"\xef\xbb\xbf{}", "manifest_version is missing"),
    ],
)
def test_what_is_no_json_object_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ManifestError, match=said.replace("(", ".")):
        read_manifest(data, "manifest.json")


def test_a_wrong_value_is_said_with_its_line() -> None:
    text = json.dumps(changed("server/type", "ruby"), indent=2)
    line = next(at for at, row in enumerate(text.splitlines(), 1) if "ruby" in row)
    with pytest.raises(ManifestError, match=rf"^m:{line}: server\.type"):
        read_manifest(text.encode(), "m")


@pytest.mark.behaviour("B-1681")
def test_what_is_odd_without_being_wrong_is_a_warning() -> None:
    whole = PLAIN | {"scripts": {}, "version": "2024", "compatibility": {"platforms": ["amiga"]}}
    whole["server"] = PLAIN["server"] | {"port": 1}
    text = json.dumps(whole)[:-1] + ', "license": "A", "license": "B"}'
    found = read_manifest(text.encode(), "m")
    assert found.license == "B"
    for said in (
        "license stands twice",
        "scripts is not known",
        "server.port is not known",
        "version is 2024",
        "amiga",
    ):
        assert len([each for each in found.warnings if said in each]) == 1, found.warnings


def test_a_thousand_warnings_are_cut() -> None:
    assert len(read(PLAIN | {f"k{at}": 1 for at in range(1000)}).warnings) == 50


@pytest.mark.parametrize(
    ("parts", "default", "warned"),
    [
        ({"type": "number", "default": "10"}, 10, True),
        ({"type": "number", "default": 2.5}, 2.5, False),
        ({"type": "boolean", "default": "true"}, True, True),
        ({"type": "string", "default": 3}, "3", True),
        ({"type": "directory", "default": ""}, None, False),
        ({"type": "string", "default": ""}, "", False),
        ({"type": "directory", "default": [], "multiple": True}, None, False),
        ({"type": "directory", "default": "/a", "multiple": True}, ("/a",), False),
        ({"type": "directory", "default": ["/a", "/b"], "multiple": True}, ("/a", "/b"), False),
        ({"type": "string", "default": "s3cret", "sensitive": True}, "s3cret", True),
    ],
)
def test_a_default_is_taken_as_what_it_can_only_mean(parts: dict[str, object], default: object, warned: bool) -> None:
    found = field(**parts, description="d")
    assert found.default == default and type(found.default) is type(default)
    warnings = read(changed("user_config", {"k": {"title": "T", **parts}})).warnings
    assert bool(warnings) is warned


@pytest.mark.parametrize(
    ("name", "slug"),
    [("My MCP Extension", "my-mcp-extension"), ("@scope/pkg", "scope-pkg"), (".hidden", "hidden"), ("a_b.c", "a_b.c")],
)
def test_the_slug_of_a_name_is_fit_for_a_folder(name: str, slug: str) -> None:
    assert read(changed("name", name)).slug == slug


@given(st.text(min_size=1, max_size=100).filter(lambda name: name.isprintable() and any(map(str.isalnum, name))))
def test_every_slug_stays_in_its_folder(name: str) -> None:
    slug = read(changed("name", name)).slug
    assert slug and slug.strip(".") == slug and "/" not in slug and slug.isascii() and len(slug) <= 100


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = [
    "name", "version", "author", "author/name", "server", "server/type", "server/entry_point", "server/mcp_config",
    "server/mcp_config/env", "server/mcp_config/platform_overrides", "server/mcp_config/platform_overrides/linux",
    "tools",
    "prompts", "compatibility", "compatibility/runtimes", "compatibility/platforms", "user_config", "user_config/k",
    "user_config/k/default", "repository", "keywords", "icon", "manifest_version",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(KEYS), JSON, st.sampled_from(["string", "number", "boolean", "file"]))
def test_any_value_anywhere_is_read_or_refused_on_one_line(path: str, value: object, kind: str) -> None:
    whole = changed(path, value)
    if path == "user_config/k/default":
        whole["user_config"]["k"]["type"] = kind
    try:
        found = read(whole)
    except ManifestError as error:
        assert "\n" not in str(error)
    else:
        assert all("\n" not in warning for warning in found.warnings)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=6), JSON, max_size=4), st.integers(0, 4))
def test_the_line_of_a_value_is_where_it_stands(value: dict[str, Any], indent: int) -> None:
    """With every part on its own line, a value's line is told by marking it."""

    def paths(at: Any, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
        below = at.items() if isinstance(at, dict) else enumerate(at) if isinstance(at, list) else ()
        return [above, *(each for key, inner in below for each in paths(inner, (*above, key)))]

    text = json.dumps(value, indent=indent)
    for path in paths(value):
        marked = copy.deepcopy(value)
        if not path:
            continue
        at: Any = marked
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = "MARK#"
        before = json.dumps(marked, indent=indent).split("MARK#")[0]
        assert line_of(text, path) == before.count("\n") + 1


@pytest.mark.parametrize("kind", KINDS)
def test_our_own_extensions_are_read_without_a_warning(kind: str) -> None:
    found = read_manifest((ECHOES / kind / "manifest.json").read_bytes(), kind)
    assert (found.server.type, found.warnings) == (kind, ())
