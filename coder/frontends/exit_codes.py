"""What `coder -p` returns to the shell. Documented in docs/headless.md; knows how runs end and nothing else."""

from __future__ import annotations

from signal import Signals
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coder.core.events import RunEnded

DONE = 0
FAILED = 1
USAGE = 2
MCP_MISSING = 3
NO_MODEL = 4
RATE_LIMIT = 75
DENIED = 77
TIME_BUDGET = 124

_UNREACHABLE = frozenset({"auth", "connection", "overloaded", "server", "timeout", "cut", "protocol"})


def exit_code(ended: RunEnded, signal: Signals | None = None) -> int:
    """The code of a run; `signal` is one that came, if any: what was done all the same is done."""
    if signal is not None and ended.reason != "done":
        return 128 + signal
    match ended.reason:
        case "done":
            return DENIED if ended.all_denied else DONE
        case "rate_limit":
            return RATE_LIMIT
        case "time_budget":
            return TIME_BUDGET
        case "server_missing":
            return MCP_MISSING
        case "interrupted":
            return 128 + Signals.SIGINT
        case "model_error" if ended.error_kind in _UNREACHABLE:
            return NO_MODEL
        case _:
            return FAILED
