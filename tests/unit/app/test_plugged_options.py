"""What a plugin asks the person for, and what it becomes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coder.app.commanding.expanding import expanded
from coder.app.plugging.options import Missing, variables_of
from coder.app.subagents.roster import roster_of
from coder.commands.injection import DISABLED
from coder.commands.loader import body
from coder.commands.loader import load as load_commands
from coder.commands.places import places_of
from coder.mcp.entries import servers_of
from coder.mcp.server import Stdio
from tests.support.plugged import bakery, put
from tests.support.plugged_sessions import MANAGED, here


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


REST = "not ${user_config.pin} or ${user_config.none}"
TEXT = f"Bake in ${{user_config.oven}} for $0, {REST}: !`echo ${{user_config.oven}}`.\n"
ASKED = {
    "oven": {"type": "string", "default": "stone $0 ${user_config.pin}"},
    "pin": {"type": "string", "sensitive": True, "default": "0000"},
    "Pin": {"type": "string"},
}


@pytest.mark.behaviour("B-2607")
@pytest.mark.parametrize(("inside", "oven"), [(False, "steel"), (True, "stone $0 ${user_config.pin}")])
async def test_texts_name_options_that_are_no_secret(tmp_path: Path, inside: bool, oven: str) -> None:
    files = {
        ".claude-plugin/plugin.json": {"name": "bakery", "userConfig": ASKED},
        "commands/knead.md": f"---\ndescription: d\n---\n{TEXT}",
        "agents/baker.md": f"---\nname: baker\ndescription: d\n---\n{TEXT}",
    }
    root = bakery((tmp_path / "project" if inside else tmp_path) / "bakery", more=files)
    config = here(tmp_path, root, user={"pluginConfigs": {"bakery": {"options": {"oven": "steel", "pin": "hush"}}}})
    commands = load_commands([place for place in places_of(config, tmp_path / MANAGED) if place.kind == "commands"])
    (knead,) = [one for one in commands.all() if one.name == "bakery:knead"]
    made = await expanded(knead, body(knead), "an hour", {}, None)
    (baker,) = [agent for agent in roster_of(config, {}, Path("/nowhere")).all() if agent.name == "bakery:baker"]
    assert made.text == f"Bake in {oven} for an, {REST}: {DISABLED}."
    assert baker.prompt.startswith(f"Bake in {oven} for $0, {REST}") and "hush" not in repr(config) + repr(knead)
