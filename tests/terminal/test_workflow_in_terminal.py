"""`coder workflow run` in a terminal: a step that waits for the person asks there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, rule
from tests.support.screens import coder, git_folder
from tests.support.sitting import sitting

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


COMMAND = f"echo {'no word of this is cut ' * 15}; echo end-of-it >&2; exit 3"
FAILS = f"""## look
Look.
## work
Work.
```step
gate: {{run: "{COMMAND}"}}
```
"""


@pytest.mark.behaviour("B-2562")
@pytest.mark.behaviour("B-2563")
def test_a_first_look_is_whole_and_what_came_of_a_step_is_said_once(tmp_path: Path) -> None:
    place = Place.make(tmp_path)
    git_folder(place)
    folder = place.project / ".coder" / "workflows"
    folder.mkdir(parents=True)
    (folder / "mine.md").write_text(FAILS, encoding="utf-8")
    rules = [rule({"last_user_contains": "Look"}, "It was seen."), rule({"last_user_contains": "Work"}, "It was made.")]
    arguments = ("--allowedTools", "Bash(echo *)", "Bash(exit *)")
    with sitting(tmp_path, script={"rules": rules}, place=place, arguments=arguments, rows=40) as there:
        there.terminal.send("/mine")
        there.terminal.press("enter")
        there.terminal.wait("enter chooses · esc answers nothing, it is not run")
        asked = " ".join(" ".join(line.split()) for line in there.terminal.screen)
        assert f"runs {COMMAND}, which must" in asked and "Something else" not in asked
        there.terminal.during(0.4)  # what is typed in its first moments is no answer
        there.terminal.press("1")
        there.terminal.wait("Go on with")
        told = " ".join(" ".join(line.split()) for line in there.told())
    for once in ("It was seen.", "It was made.", "Exit code 3"):
        assert told.count(once) == 1, told
    assert "It was not sent" not in told
    assert "✓ /mine · step look · It was seen." in told and "✗ /mine · step work The workflow" not in told
