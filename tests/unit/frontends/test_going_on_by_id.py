"""What the end of a run says of how to go on: this session, and nothing where there is none to go on with."""

from __future__ import annotations

import pytest

from coder.core.events import EndReason, RunEnded
from coder.frontends.going_on import resumable, without_advice

ID = "0f0f"
TURNS = 'Reached maximum number of turns (2). Go on with: coder -p -c "go on"'
BUDGET = 'Budget reached: $1 of $1 used. Go on with: coder -p -c --max-budget-usd 2 "go on"'
CHECK = "The check failed: x. Go on with: coder -c, or allow more tries with --check-tries 4."
LOOP = "The same call gave the same result 5 times: Bash ls. Say what to do differently, or go on with -c."


@pytest.mark.behaviour("B-2541")
@pytest.mark.parametrize(
    ("reason", "error", "said", "alone"),
    [
        (
            "max_turns",
            TURNS,
            'Reached maximum number of turns (2). Go on with: coder -p -r 0f0f "go on"',
            "Reached maximum number of turns (2).",
        ),
        (
            "budget",
            BUDGET,
            'Budget reached: $1 of $1 used. Go on with: coder -p -r 0f0f --max-budget-usd 2 "go on"',
            "Budget reached: $1 of $1 used.",
        ),
        (
            "gate_unmet",
            CHECK,
            "The check failed: x. Go on with: coder -r 0f0f, or allow more tries with --check-tries 4.",
            "The check failed: x.",
        ),
        (
            "loop",
            LOOP,
            LOOP.replace("with -c.", 'with: coder -p -r 0f0f "go on"'),
            "The same call gave the same result 5 times: Bash ls. Say what to do differently.",
        ),
        ("interrupted", "Interrupted", 'Interrupted. Go on with: coder -p -r 0f0f "go on"', "Interrupted"),
        ("time_budget", "Used up", 'Used up. Go on with: coder -p -r 0f0f "go on"', "Used up"),
        (
            "rate_limit",
            "Limit.",
            'Limit. Go on later with: coder -p -r 0f0f "go on", or wait with --on-limit wait.',
            "Limit.",
        ),
        ("model_error", "No key.", "No key.", "No key."),
    ],
)
def test_the_command_names_the_session(reason: EndReason, error: str, said: str, alone: str) -> None:
    ended = RunEnded(reason=reason, turns=1, error=error)
    assert resumable(ended, ID, is_kept=True).error == said
    assert without_advice(said).rstrip(".") == alone.rstrip(".")  # whoever tells of it later
    assert resumable(ended, ID, is_kept=False).error == alone == without_advice(error)
