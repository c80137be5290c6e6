"""What runs unasked does no more than it may: random command lines are judged, and the allowed ones really run."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.fuzz.holes import Known, known
from tests.fuzz.hunt import Hunt, corpus
from tests.fuzz.profiles import NAMES, Name, profile
from tests.fuzz.sandbox import bubblewrap
from tests.fuzz.scratch import Scratch
from tests.fuzz.soup import Soup
from tests.support.policy import policy, project

LONG = os.environ.get("CODER_FUZZ") == "long"
# For each profile: seeds, inputs judged for one, and the fewest and most distinct commands run for one.
AMOUNTS: dict[Name, tuple[range, int, int, int]] = (
    {
        "reading": (range(100, 108), 25_000, 900, 2_500),
        "rules": (range(100, 106), 15_000, 200, 1_500),
        "edits": (range(100, 104), 12_000, 600, 1_500),
        "bypass": (range(100, 104), 4_000, 300, 1_000),
    }
    if LONG
    else {
        "reading": (range(1, 2), 2_500, 100, 300),
        "rules": (range(1, 2), 1_500, 20, 100),
        "edits": (range(1, 2), 800, 20, 60),
        "bypass": (range(1, 2), 150, 10, 40),
    }
)
HUNTS = [(name, seed) for name in NAMES for seed in AMOUNTS[name][0]]


def hunted(name: Name, seed: int, folder: Path, record: pytest.FixtureRequest) -> None:
    _, inputs, fewest, most = AMOUNTS[name]
    catch = Hunt(name, seed, inputs, most).run(folder)
    record.node.user_properties.append(("fuzz", {"profile": name, **catch.figures}))
    assert not catch.holes, "allowed, and did what it may not:\n" + "\n".join(f"  {hole}" for hole in catch.holes)
    assert len(catch.ran) >= fewest, "too few commands were run for the hunt to mean something"


@pytest.mark.behaviour("B-350")
@pytest.mark.parametrize(("name", "seed"), [hunt for hunt in HUNTS if hunt[0] == "reading"])
def test_what_runs_unasked_only_reads_inside(
    tmp_path: Path, request: pytest.FixtureRequest, name: Name, seed: int
) -> None:
    hunted(name, seed, tmp_path, request)


@pytest.mark.behaviour("B-700")
@pytest.mark.parametrize(("name", "seed"), [hunt for hunt in HUNTS if hunt[0] == "rules"])
def test_what_runs_by_a_rule_is_what_the_rule_says(
    tmp_path: Path, request: pytest.FixtureRequest, name: Name, seed: int
) -> None:
    hunted(name, seed, tmp_path, request)


@pytest.mark.behaviour("B-701")
@pytest.mark.parametrize(("name", "seed"), [hunt for hunt in HUNTS if hunt[0] == "edits"])
def test_accept_edits_changes_nothing_outside_protected_or_denied(
    tmp_path: Path, request: pytest.FixtureRequest, name: Name, seed: int
) -> None:
    hunted(name, seed, tmp_path, request)


@pytest.mark.behaviour("B-375")
@pytest.mark.skipif(bubblewrap() is None, reason="what deletes folders is only run inside bubblewrap")
@pytest.mark.parametrize(("name", "seed"), [hunt for hunt in HUNTS if hunt[0] == "bypass"])
def test_bypass_does_not_delete_what_everything_lives_in(
    tmp_path: Path, request: pytest.FixtureRequest, name: Name, seed: int
) -> None:
    hunted(name, seed, tmp_path, request)


@pytest.mark.parametrize("hole", known(), ids=lambda hole: hole.id)
def test_a_hole_that_was_closed_stays_closed(scratch: Scratch, request: pytest.FixtureRequest, hole: Known) -> None:
    name = hole.profiles[0]
    if name == "bypass" and bubblewrap() is None:
        pytest.skip("what deletes folders is only run inside bubblewrap")
    kind = profile(name, scratch.world, random.Random(0), [], [])
    judge = policy(scratch.world, allow=hole.allow) if hole.allow else kind.judge
    allowed = judge.bash(hole.command).verdict == "allow"
    deeds = kind.holes(scratch.run(hole.command))
    assert deeds, "the command no longer does what makes it a hole; the line guards nothing"
    if hole.open:
        request.node.user_properties.append(("open hole", f"{hole.command!r} ({', '.join(hole.profiles)}): {hole.why}"))
        assert allowed, f"{hole.id} is closed now: take 'open' and 'excuse' from its line"
    else:
        assert not allowed


def test_no_text_makes_the_policy_raise(tmp_path: Path) -> None:
    world = project(tmp_path)
    rng = random.Random(1)
    soup = Soup(rng, profile("rules", world, rng, corpus(), []).pantry)
    judge = policy(world, deny=["Bash(rm *)", "Read(.env)"], ask=["Bash(git push *)"], allow=["Bash(npm test *)"])
    commands = (soup.command() for _ in range(60_000 if LONG else 1_000))
    for command in ("cat a\0/*", *commands):
        assert judge.bash(command).verdict in ("allow", "ask", "deny")
