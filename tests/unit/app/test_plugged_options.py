"""What a plugin asks the person for, and what it becomes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coder.app.plugging.options import Missing, variables_of
from coder.mcp.entries import servers_of
from coder.mcp.server import Stdio
from tests.support.plugged import bakery, put
from tests.support.plugged_sessions import here


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
