"""`coder workflow run` in a terminal: a step that waits for the person asks there."""

from __future__ import annotations

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, rule
from tests.support.screens import coder

APPROVED = "## plan\nPlan.\n## publish\nPublish.\n```step\napprove: Publish it?\n```\n"


@pytest.mark.behaviour("B-2122")
def test_a_step_that_waits_for_a_person_asks_in_the_terminal(place: Place) -> None:
    folder = place.home / ".coder" / "workflows"
    folder.mkdir(parents=True)
    (folder / "mine.md").write_text(APPROVED, encoding="utf-8")
    rules = [rule({"last_user_contains": "Plan"}, "plan"), rule({"last_user_contains": "Publish"}, "published")]
    with fake_api({"rules": rules}) as api, coder(place, api, "workflow", "run", "mine") as terminal:
        terminal.wait("Go on? [y/N]")
        assert "Publish it?" in terminal.screen and len(api.requests) == 1
        terminal.send("y\n")
        terminal.wait("published")
        assert terminal.end() == 0
