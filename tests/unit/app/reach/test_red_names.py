"""A folder whose servers are called like the person's own: what it can take away, and what is said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coder.app.reach.extending import names_of
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.messages import Json
from tests.support.linked import MemoryLinks, server
from tests.support.talks import Talk
from tests.unit.app.reach.test_reach_session import Place, github

MINE: Json = {"command": "mine"}
OTHER: Json = {"command": "theirs"}


@pytest.mark.behaviour("B-1863")
async def test_a_server_that_waits_for_approval_takes_the_place_of_none(tmp_path: Path) -> None:
    place = Place(Talk.at(tmp_path, "http://127.0.0.1:1"), unapproved={"github": "this folder is not trusted"})
    session = await place.open(MemoryLinks(github()))
    rows = session.reach.rows() if session.reach is not None else ()
    await session.aclose()
    assert [(row.name, row.state) for row in rows] == [("github", "pending"), ("github", "unapproved")]
    assert names_of([server("github")]) == {"github": "test"}


@pytest.mark.behaviour("B-1864")
@pytest.mark.parametrize(
    ("mine", "flags", "is_said"),
    [
        (MINE, Flags(trust_folder=True), True),
        (OTHER, Flags(trust_folder=True), False),  # it is the same
        (MINE, Flags(), False),  # it is not used
        (MINE, Flags(trust_folder=True, mcp_config=(json.dumps({"mcpServers": {"github": MINE}}),)), False),
    ],
)
def test_a_server_of_the_project_that_has_the_name_of_ones_own_is_told(
    mine: Json, flags: Flags, is_said: bool, tmp_path: Path
) -> None:
    home, project = tmp_path / "home", tmp_path / "project"
    (home / ".coder").mkdir(parents=True)
    project.mkdir()
    for path, entry in ((home / ".coder" / ".claude.json", mine), (project / ".mcp.json", OTHER)):
        content: dict[str, Any] = {"mcpServers": {"github": entry, "other": MINE}}
        path.write_text(json.dumps(content), encoding="utf-8")
        path.chmod(0o600)
    config = load(flags, {"HOME": str(home), "ANTHROPIC_API_KEY": "k"}, project, managed=tmp_path)
    told = [text for text in config.warnings if "in place of your own one" in text]
    assert len(told) == is_said and all("MCP server github is used" in text for text in told)
