"""Settings that change while a session runs: rules count from the next call on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool, turn

FILE = ".coder/settings.json"


def writes(path: Path, text: str) -> str:
    """A shell command that any allow rule for `python3` lets through: as another terminal would, it changes a file."""
    return f"python3 -c \"open('{path}', 'w').write('{text}')\""


@pytest.mark.behaviour("B-621")
def test_a_deny_rule_that_comes_while_a_session_runs_holds_from_the_next_call_on(place: Place) -> None:
    user = place.home / FILE
    user.parent.mkdir()
    user.write_text(json.dumps({"permissions": {"allow": ["Bash(python3 *)", "Bash(touch *)"]}}), encoding="utf-8")
    rule = '{\\"permissions\\": {\\"deny\\": [\\"Bash(touch *)\\"]}}'
    script = [
        turn(tool("Bash", command="touch before")),
        turn(tool("Bash", command=writes(user, rule))),
        turn(tool("Bash", command="touch after")),
        turn("done"),
    ]
    with fake_api(script) as api:
        done = place.coder("-p", "go", url=api.url)
    assert (place.project / "before").exists()
    assert not (place.project / "after").exists()
    assert "touch after" in done.stderr


@pytest.mark.behaviour("B-622")
def test_settings_that_break_while_a_session_runs_leave_the_last_good_rules_in_force(place: Place) -> None:
    user = place.home / FILE
    user.parent.mkdir()
    rules = {"allow": ["Bash(python3 *)", "Bash(touch ok)"], "deny": ["Bash(touch bad)"]}
    user.write_text(json.dumps({"permissions": rules}), encoding="utf-8")
    script = [
        turn(tool("Bash", command=writes(user, "{broken"))),
        turn(tool("Bash", command="touch bad")),
        turn(tool("Bash", command="touch ok")),
        turn("done"),
    ]
    with fake_api(script) as api:
        done = place.coder("-p", "go", url=api.url)
    assert not (place.project / "bad").exists()
    assert (place.project / "ok").exists()
    assert "The rules read before stay in force" in done.stderr
    assert done.stderr.count("The rules read before") == 1
