"""No guard of the gate is there for nothing: with any one switched off, the fuzz finds a hole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.guards import CODER, Guard, guards
from tests.fuzz.hunt import Hunt
from tests.fuzz.sandbox import bubblewrap
from tests.fuzz.scratch import Scratch

LONG = os.environ.get("CODER_FUZZ") == "long"
SAMPLE = ("short-flags", "links")
SEEDS = 3


@pytest.mark.behaviour("B-702")
@pytest.mark.skipif(bubblewrap() is None, reason="a gate with a hole is only tried inside bubblewrap")
@pytest.mark.parametrize("guard", [g for g in guards() if LONG or g.id in SAMPLE], ids=lambda guard: guard.id)
def test_without_this_guard_the_fuzz_finds_a_hole(tmp_path: Path, request: pytest.FixtureRequest, guard: Guard) -> None:
    package = guard.without(tmp_path / "without")
    with Scratch(tmp_path / "with") as scratch:
        for seed in range(SEEDS):
            hunt = Hunt(guard.profile, seed, guard.inputs, guard.inputs, spice=guard.spice)
            judge = hunt.kind(scratch.world)[0].judge
            for hole in holes(hunt, package):
                if judge.bash(hole["command"]).verdict != "allow":  # with the guard it is shut
                    request.node.user_properties.append(
                        ("guard", f"{guard.id}: {hole['command']!r} {hole['deeds'][0]}")
                    )
                    return
    pytest.fail(f"{guard.id} off ({guard.why}), and no hole in {SEEDS} x {guard.inputs} commands")


def holes(hunt: Hunt, package: Path) -> list[dict[str, Any]]:
    """Hunts in a coder of its own, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tests.fuzz.hunt", json.dumps(asdict(hunt))],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(package), str(CODER.parent)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["coder"].startswith(str(package)), "the hunt was on another coder"
    found: list[dict[str, Any]] = answer["found"]
    return found


@pytest.mark.parametrize("guard", guards(), ids=lambda guard: guard.id)
def test_the_guard_can_still_be_switched_off(guard: Guard) -> None:
    """The data names pieces of code: whoever moves one finds out here, not in the long fuzz."""
    for edit in guard.edits:
        edit.applied(CODER)
