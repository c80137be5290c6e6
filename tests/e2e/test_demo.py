from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder.cli.demo import HERE
from tests.support.cli import Place

CASSETTE = HERE / "cassette.jsonl"


@pytest.mark.behaviour("B-061")
@pytest.mark.behaviour("B-935")
@pytest.mark.parametrize("plain", [("--plain",), ()])
def test_the_demo_fixes_the_sample_without_a_key(place: Place, plain: tuple[str, ...]) -> None:
    done = place.coder("demo", *plain)
    assert done.code == 0, done.stdout + done.stderr
    assert "3 of 8 tests failed" in done.stdout
    assert "+     minutes = seconds // 60 % 60" in done.stdout and "would have cost $0." in done.stdout
    assert done.stdout.rstrip().endswith("Tests: 3 of 8 failed before, 0 of 8 failed after.")
    assert done.stderr == "" and "\x1b" not in done.stdout
    assert list(place.home.iterdir()) == [] and list(place.project.iterdir()) == []


@pytest.mark.behaviour("B-061")
@pytest.mark.parametrize("broken", ["edit", "bash"])
def test_breaking_a_tool_breaks_the_demo(place: Place, tmp_path: Path, broken: str) -> None:
    hook = tmp_path / "broken"
    hook.mkdir()
    name = {"edit": "Edit", "bash": "Bash"}[broken]
    (hook / "sitecustomize.py").write_text(
        f"from coder.tools.{broken} import {name}\n"
        "from coder.core.tools import ToolOutput\n"
        "async def nothing(self, params, context):\n"
        "    return ToolOutput('Done.')\n"
        f"{name}.run = nothing\n",
        encoding="utf-8",
    )
    env = place.env(None)
    done = place.coder("demo", env={"PYTHONPATH": f"{hook}:{env['PYTHONPATH']}"})
    assert done.code == 1
    if broken == "edit":
        assert "3 of 8 failed after" in done.stdout


def test_the_cassette_names_no_folder_of_the_machine_it_was_made_on() -> None:
    text = CASSETTE.read_text(encoding="utf-8")
    assert "/tmp" not in text and str(Path.home()) + "/" not in text
    assert json.loads(text.split("\n")[0])["type"] == "cassette"
