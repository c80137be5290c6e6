from __future__ import annotations

from signal import Signals

import pytest

from coder.core.events import EndReason, RunEnded
from coder.frontends.exit_codes import exit_code


@pytest.mark.parametrize(
    ("reason", "kind", "denied", "code"),
    [
        ("done", "", False, 0),
        ("done", "", True, 77),
        ("max_turns", "", False, 1),
        ("refusal", "", False, 1),
        ("malformed", "", False, 1),
        ("crashed", "", False, 1),
        ("model_error", "invalid", False, 1),
        ("model_error", "not_found", False, 1),
        ("model_error", "auth", False, 4),
        ("model_error", "connection", False, 4),
        ("model_error", "overloaded", False, 4),
        ("model_error", "server", False, 4),
        ("model_error", "timeout", False, 4),
        ("rate_limit", "rate_limit", False, 75),
        ("time_budget", "", False, 124),
        ("interrupted", "", False, 130),
    ],
)
def test_every_end_has_its_documented_code(reason: EndReason, kind: str, denied: bool, code: int) -> None:
    assert exit_code(RunEnded(reason=reason, turns=1, error_kind=kind, all_denied=denied)) == code


@pytest.mark.parametrize(("signal", "code"), [(Signals.SIGTERM, 143), (Signals.SIGHUP, 129), (Signals.SIGINT, 130)])
def test_a_signal_wins_over_the_reason(signal: Signals, code: int) -> None:
    assert exit_code(RunEnded(reason="interrupted", turns=1), signal) == code
