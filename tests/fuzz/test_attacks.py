"""Attacks that got past other gates, and their relatives: none runs unasked here, and they are real attacks."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.sandbox import bubblewrap
from tests.fuzz.scratch import HIDDEN, SECRET, Scratch
from tests.support.policy import policy, project

LONG = os.environ.get("CODER_FUZZ") == "long"
FILE = Path(__file__).parents[1] / "corpus" / "attacks.jsonl"
ATTACKS: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
GROUPS = sorted({attack["id"].rpartition("-")[0] for attack in ATTACKS})


def group(name: str) -> list[dict[str, Any]]:
    return [attack for attack in ATTACKS if attack["id"].rpartition("-")[0] == name]


@pytest.mark.behaviour("B-703")
@pytest.mark.parametrize("name", GROUPS)
def test_no_known_attack_runs_unasked(scratch: Scratch, tmp_path: Path, name: str) -> None:
    """Neither where the links and folders it speaks of are there, nor where they may yet be made."""
    empty = replace(project(tmp_path), environment=scratch.world.environment)
    for attack in group(name):
        command = attack["input"]["command"]
        worlds = [scratch.world] if ".links" in command else [scratch.world, empty]
        for world in worlds:
            verdict = policy(world, attack["mode"], **attack["rules"]).bash(command).verdict
            assert verdict in attack["expect"], f"{attack['id']} ({attack['source']}): {command!r}"


@pytest.mark.skipif(bubblewrap() is None, reason="attacks are only run inside bubblewrap")
def test_the_attacks_are_real(scratch: Scratch) -> None:
    """Those that say they have an effect do change, run, or show something when bash gets them."""
    real = [attack for attack in ATTACKS if attack["effect"]]
    idle = []
    for attack in real if LONG else real[::20]:
        deed = scratch.run(attack["input"]["command"])
        shown = SECRET in deed.output or HIDDEN in deed.output
        if not (deed.changed or deed.read or deed.ran or shown or "not found" in deed.output):
            idle.append(attack["id"])
    assert not idle
