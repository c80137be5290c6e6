"""Whole runs with plugins that the command line names."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool, tool_input, turn
from tests.support.loaded import loaded
from tests.support.plugged import bakery

KNEAD = (
    "---\ndescription: kneads\nallowed-tools: Bash(touch *)\nhooks:\n  Stop:\n    - hooks:\n"
    "        - type: command\n          command: 'echo \"$CLAUDE_PLUGIN_DATA\" > stopped'\n---\n"
    "Knead $0 in ${CLAUDE_PLUGIN_ROOT}, keep it in ${CLAUDE_PLUGIN_DATA}.\n"
)


@pytest.mark.behaviour("B-2400")
@pytest.mark.behaviour("B-2405")
@pytest.mark.behaviour("B-2406")
def test_a_run_uses_what_a_plugin_brings(place: Place, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    root = bakery(tmp_path / "bakery", seen, more={"commands/knead.md": KNEAD})
    baker = tool("Agent", subagent_type="bakery:baker", description="d", prompt="bake", run_in_background=False)
    touch = turn(tool("Bash", command="touch dough"), tool("Bash", command="touch denied"))
    script = [
        turn(tool_input("mcp__plugin_bakery_oven__echo", {"text": "hi"}), baker),
        turn("baked"),
        touch,
        turn("ok"),
    ]
    given = ("--plugin-dir", str(root), "--require-mcp", "plugin:bakery:oven")
    rules = ("--allowed-tools", "mcp__plugin_bakery_oven", "--disallowed-tools", "Bash(touch den*)")
    form = ("--output-format", "stream-json", "--verbose")
    with fake_api(script) as api:
        done = place.coder("-p", "/bakery:knead dough", *given, *rules, *form, url=api.url)
    data = place.home / ".coder" / "plugins" / "data" / "bakery"
    first, asked = done.lines[0], json.dumps([api.requests[0]["messages"], api.requests[1]["system"]])
    assert first["plugins"] == [{"name": "bakery", "path": str(root)}] and "plugin_errors" not in first
    assert "bakery:baker" in first["agents"] and "bakery:prove" in first["skills"]
    assert {"bakery:knead", "bakery:prove"} <= set(first["slash_commands"])
    assert f"Knead dough in {root}, keep it in {data}." in asked and f"You bake in {data}." in asked
    results = [block for line in done.lines if line["type"] == "user" for block in line["message"]["content"]]
    assert [bool(block.get("is_error")) for block in results] == [False, False, False, True]
    assert (place.project / "dough").exists() and not (place.project / "denied").exists()
    assert (place.project / "stopped").read_text() == f"{data}\n"
    assert seen.read_text() == f"{root}|{data}|stone|{data}\n"


@pytest.mark.behaviour("B-2401")
def test_a_plugin_that_is_not_there_is_a_line_and_the_run_goes_on(place: Place) -> None:
    with fake_api([turn("fine")]) as api:
        text = place.coder("-p", "hello", "--plugin-dir", "gone", url=api.url)
    line = f"--plugin-dir {place.project}/gone: there is no such folder or archive. Check the path."
    assert (text.code, text.stdout) == (0, "fine\n") and line in text.stderr and text.stderr.count("\n") == 1


@pytest.mark.behaviour("B-2403")
@pytest.mark.behaviour("B-2605")
def test_pages_name_what_a_plugin_of_the_repository_may_not_do(place: Place) -> None:
    bakery(place.project / "bakery")
    page = place.coder("hooks", "list", "--plugin-dir", "bakery")
    assert "UserPromptSubmit" not in page.stdout and "lies in the repository you work in" in page.stderr
    (said,) = re.findall(r"`coder (trust add --plugin-dir [^`]+)`", page.stderr)
    added = place.coder(*shlex.split(said), "--yes")
    assert added.stdout.endswith("Trusted.\n") and "bakery/.claude-plugin/plugin.json" in added.stdout
    page = place.coder("hooks", "list", "--plugin-dir", "bakery")
    assert "UserPromptSubmit" in page.stdout and page.stderr == ""


@pytest.mark.behaviour("B-2408")
def test_a_run_without_plugins_loads_nothing_of_them(place: Place) -> None:
    ours = {name for name in loaded(place) if "plug" in name and name.startswith("coder")}
    assert ours <= {"coder.app.plugging", "coder.app.plugging.late"}
