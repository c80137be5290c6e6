"""What a tool was when it was allowed, and what is said when it is another one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from coder.app.reach.pins import Pins
from tests.support.linked import offered

TOOL = offered("a", "b", "About.", one={"type": "string"}, two={"type": "string"})
WITHOUT = {**TOOL.schema, "properties": {"one": {"type": "string"}}}
OTHERWISE = {**TOOL.schema, "properties": {**TOOL.schema["properties"], "one": {"type": "string", "description": "x"}}}


@pytest.mark.behaviour("B-1627")
@pytest.mark.parametrize(
    ("tool", "server", "words"),
    [
        (TOOL, "s", ""),
        (replace(TOOL, title="Other", hints={"readOnlyHint": True}), "s", ""),
        (TOOL, "t", "its server is started otherwise"),
        (replace(TOOL, schema=WITHOUT), "s", "it no longer takes two"),
        (replace(TOOL, schema=OTHERWISE), "s", "its parameters are described otherwise"),
        (replace(TOOL, description="B\x1b\n" * 200), "s", 'its description is now "B\\x1b'),
    ],
)
def test_what_changed_is_said(tmp_path: Path, tool: object, server: str, words: str) -> None:
    file = tmp_path / "home" / "mcp-approved.json"
    assert Pins(file, tmp_path).changed(TOOL, "s") == ""
    assert Pins(file, tmp_path).pin(TOOL, "s") == ""
    said = Pins(file, tmp_path).changed(tool, server)  # type: ignore[arg-type]  # of the table
    assert words in said and bool(said) == bool(words) and "\n" not in said and len(said) < 500
    assert Pins(file, tmp_path / "elsewhere").changed(tool, server) == ""  # type: ignore[arg-type]  # of the table
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("held", ["", "[]", "{", '{"%s": 3}', '{"%s": {"mcp__a__b": 3}}', "[" * 100_000])
def test_a_file_that_cannot_be_read_stops_nobody(tmp_path: Path, held: str) -> None:
    file = tmp_path / "mcp-approved.json"
    file.write_text(held.replace("%s", str(tmp_path)))
    pins = Pins(file, tmp_path)
    assert pins.changed(TOOL, "s") == ""
    assert ("cannot be read" in pins.problem) == (not held.startswith('{"'))
    problem = pins.pin(TOOL, "s")
    assert ("could not be noted" in problem) == (not held.startswith('{"'))
    assert pins.changed(TOOL, "t")  # in this session it is known all the same


@pytest.mark.behaviour("B-1861")
def test_sessions_that_note_at_once_lose_nothing(tmp_path: Path) -> None:
    """A pin that is lost lets a later change pass unseen."""
    file = tmp_path / "mcp-approved.json"
    tools = [offered("a", f"t{number}") for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda tool: Pins(file, tmp_path).pin(tool, "s"), tools)) == {""}
    assert all(Pins(file, tmp_path).changed(tool, "t") for tool in tools)
