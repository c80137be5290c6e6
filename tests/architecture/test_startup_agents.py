"""What is loaded when the first request leaves: nothing of what reads agent files, unless there are some."""

from __future__ import annotations

import pytest

from tests.support.cli import Place
from tests.support.loaded import loaded

LATER = {
    *("coder.commands.agents", "coder.commands.check"),
    *(f"coder.app.subagents.{name}" for name in ("roster", "counting", "modelling", "remembering", "leading", "rows")),
}


RUNNING = {"coder.app.workflowing.session", "coder.app.workflowing.making", "coder.workflows.running.run"}


@pytest.mark.behaviour("B-1949")
def test_agent_files_are_read_only_where_there_are_some(place: Place) -> None:
    assert sorted(loaded(place) & LATER) == []
    (place.project / ".claude" / "agents").mkdir(parents=True)
    found = loaded(place) & LATER
    assert "coder.commands.agents" in found and "coder.app.subagents.remembering" not in found


@pytest.mark.behaviour("B-2490")
def test_the_list_of_commands_reads_files_only_where_there_are_some(place: Place) -> None:
    listed = ("--output-format", "stream-json", "--verbose")
    assert sorted(loaded(place, *listed) & {"coder.workflows.library", "coder.commands.loader", "yaml"}) == []
    file = place.project / ".coder" / "workflows" / "mine.md"
    file.parent.mkdir(parents=True)
    file.write_text("---\ndescription: mine\n---\n\n## One\n\nDo it.\n", encoding="utf-8")
    found = loaded(place, *listed)
    assert "coder.workflows.library" in found and sorted(found & RUNNING) == []
