"""What one run adds up to, and the end it comes to. Must not know how a run goes."""

from __future__ import annotations

from dataclasses import field, replace

from coder.core.dataclass import dataclass
from coder.core.errors import ErrorKind, ModelError
from coder.core.events import EndReason, RunEnded
from coder.core.messages import Usage

_REASONS: dict[ErrorKind, EndReason] = {
    "rate_limit": "rate_limit",
    "too_long": "context_full",
    "budget": "budget",
    "token_budget": "token_budget",
}


@dataclass(slots=True)
class Tally:
    turns: int = 0
    usage: Usage = field(default_factory=Usage)
    text: str = ""
    stop_reason: str = ""
    all_denied: bool = False

    def end(self, reason: EndReason, error: str = "") -> RunEnded:
        return RunEnded(
            reason=reason,
            turns=self.turns,
            text=self.text,
            error=error,
            stop_reason=self.stop_reason,
            usage=self.usage,
            all_denied=self.all_denied,
        )

    def failed(self, error: ModelError) -> RunEnded:
        """The end that a model which cannot be had makes of it."""
        reason = _REASONS.get(error.kind, "model_error")
        return replace(self.end(reason, str(error)), error_kind=error.kind, status=error.status)
