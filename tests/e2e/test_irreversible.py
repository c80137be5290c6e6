"""What cannot be undone, with nobody there: not done in any mode, unless the person's own settings say otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool, turn


def deletes(place: Place, *flags: str) -> bool:
    """Whether a run in bypassPermissions deletes a folder outside the project."""
    victim = place.project.parent / "victim"
    victim.mkdir(exist_ok=True)
    script = [turn(tool("Bash", command="rm -rf ../victim")), turn("done")]
    with fake_api(script) as api:
        done = place.coder(
            "-p", "go", "--permission-mode", "bypassPermissions", "--output-format", "json", *flags, url=api.url
        )
    assert done.stderr == ""
    denials = json.loads(done.stdout)["permission_denials"]
    assert bool(denials) == victim.exists()
    return not victim.exists()


def settle(folder: Path, name: str = "settings.json") -> None:
    folder.mkdir()
    (folder / name).write_text('{"confirmIrreversible": false}', encoding="utf-8")


@pytest.mark.behaviour("B-389")
def test_nothing_irreversible_runs_headless_not_even_in_bypass(place: Place) -> None:
    assert not deletes(place)


@pytest.mark.behaviour("B-389")
def test_the_persons_own_settings_can_switch_that_off(place: Place) -> None:
    settle(place.home / ".coder")
    assert deletes(place)


@pytest.mark.behaviour("B-389")
@pytest.mark.parametrize("name", ["settings.json", "settings.local.json"])
def test_a_projects_settings_cannot_even_when_the_folder_is_trusted(place: Place, name: str) -> None:
    settle(place.project / ".coder", name)
    assert not deletes(place, "--trust-folder")


@pytest.mark.behaviour("B-389")
def test_what_the_session_itself_made_may_go(place: Place) -> None:
    made = place.project.parent / "made"
    script = [
        turn(tool("Bash", command="mkdir ../made && touch ../made/a")),
        turn(tool("Bash", command="rm -rf ../made")),
        turn("done"),
    ]
    with fake_api(script) as api:
        place.coder("-p", "go", "--permission-mode", "bypassPermissions", url=api.url)
        assert len(api.requests) == 3
    assert not made.exists()
