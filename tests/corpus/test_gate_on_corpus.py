from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.policy import Policy, policy, project

HERE = Path(__file__).parent
MOST_ASKED = 0.02
# What these CI files' own systems set: the checkout, wherever it is.
CI_VARIABLES = ("GITHUB_WORKSPACE", "PROJECT_ROOT", "d")


def entries(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def judge(tmp_path: Path) -> Iterator[Policy]:
    world = project(tmp_path)
    yield policy(replace(world, environment={name: str(world.cwd) for name in CI_VARIABLES}))


@pytest.mark.behaviour("B-382")
def test_of_the_everyday_commands_that_only_read_at_most_two_in_a_hundred_ask(judge: Policy) -> None:
    inside = [entry for entry in entries("readonly_commands.jsonl") if not entry.get("outside")]
    asked = [entry["command"] for entry in inside if judge.bash(str(entry["command"])).verdict != "allow"]
    assert len(inside) > 150
    assert len(asked) <= MOST_ASKED * len(inside), "\n".join(map(str, asked))


def test_commands_that_read_outside_the_folder_ask(judge: Policy) -> None:
    outside = [str(entry["command"]) for entry in entries("readonly_commands.jsonl") if entry.get("outside")]
    assert outside
    assert [command for command in outside if judge.bash(command).verdict == "allow"] == []


@pytest.mark.behaviour("B-383")
def test_no_everyday_command_that_does_more_than_read_runs_unasked(judge: Policy) -> None:
    commands = [str(entry["command"]) for entry in entries("everyday_needs_rules.jsonl")]
    assert len(commands) > 60
    assert [command for command in commands if judge.bash(command).verdict == "allow"] == []
