"""How a run ended, as the one result of it, field by field as the public contract has it. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from coder.app.error_names import category
from coder.app.session_facts import SessionFacts
from coder.app.spent import Spent
from coder.core.dataclass import dataclass
from coder.core.events import EndReason, PermissionDenied, RunEnded
from coder.core.messages import Json, Usage
from coder.core.usage_form import usage
from coder.frontends.stream_json.frames import framed
from coder.frontends.stream_json.opening import trust

_SUBTYPES: dict[EndReason, str] = {
    "max_turns": "error_max_turns",
    "budget": "error_max_budget_usd",
    "unfit": "error_max_structured_output_retries",
}
_API_ERROR = "API Error: "
_NOBODY = "<synthetic>"  # the model of what no model said, as readers know it
_TERMINAL: dict[EndReason, str] = {
    "loop": "loop_detected",
    "gate_unmet": "stop_hook_prevented",
    "unfit": "structured_output_retry_exhausted",
    "hook_stopped": "hook_stopped",
    "prompt_tool_missing": "permission_prompt_tool_missing",
    "server_missing": "mcp_server_missing",
    "not_begun": "turn_setup_failed",
    "token_budget": "budget_exhausted",
    "done": "completed",
    "max_turns": "max_turns",
    "budget": "budget_exhausted",
    "context_full": "prompt_too_long",
    "malformed": "malformed_tool_use_exhausted",
    "interrupted": "aborted_streaming",
    "time_budget": "aborted_streaming",
    "model_error": "api_error",
    "rate_limit": "api_error",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """What is known of a turn besides its end. `first_ms` is how long its first reply took to begin, `user_message` the
    id of the message that it answers, `origin` where that came from; `in_tools`: calls ran when it ended."""

    first_ms: int | None = None
    in_tools: bool = False
    user_message: str = ""
    origin: Json | None = None


_NO_TURN = Turn()


def result(
    facts: SessionFacts,
    ended: RunEnded,
    spent: Spent,
    denials: Sequence[PermissionDenied],
    seconds: float,
    turn: Turn = _NO_TURN,
) -> Json:
    """The one result of a run. A failure of the API is `success` with `is_error`, as the contract has it."""
    failed = ended.reason != "done"
    api_failed = is_of_api(ended)
    subtype = "success" if not failed or api_failed else _SUBTYPES.get(ended.reason, "error_during_execution")
    fields: dict[str, Any] = {
        "type": "result",
        "subtype": subtype,
        "is_error": failed,
        "duration_ms": round(seconds * 1000),
        "duration_api_ms": round(spent.api_seconds * 1000),
        "num_turns": ended.turns,
        "stop_reason": ended.stop_reason or None,
        "total_cost_usd": spent.cost,
        "usage": usage(ended.usage),
        "modelUsage": spent.model_usage,
        "permission_denials": [
            {"tool_name": d.call.name, "tool_use_id": d.call.id, "tool_input": d.call.input} for d in denials
        ],
        "terminal_reason": _terminal(ended, turn),
        **trust(facts),
    }
    if subtype == "success":
        fields["result"] = f"{_API_ERROR}{ended.error}" if failed else ended.text
        fields["api_error_status"] = ended.status if api_failed else None
    else:
        fields["errors"] = [ended.error or ended.reason]
    if turn.first_ms is not None:
        fields["ttft_ms"] = turn.first_ms
    if turn.user_message:
        fields["user_message_uuid"] = turn.user_message
    if turn.origin is not None:
        fields["origin"] = turn.origin
    if ended.handed_in is not None:
        fields["structured_output"] = ended.handed_in.value
    if ended.evidence is not None:
        fields["evidence"] = asdict(ended.evidence)
    return framed(facts.session_id, **fields)


def is_of_api(ended: RunEnded) -> bool:
    """Whether it was the API that failed, rather than anything here."""
    return ended.reason in ("model_error", "rate_limit", "context_full") and bool(ended.error_kind)


def failed_reply(session_id: str, ended: RunEnded) -> Json:
    """In the place of the reply that the API did not give: readers look there for the kind of the failure. The
    conversation has no such message."""
    return synthetic(session_id, f"{_API_ERROR}{ended.error}", error=category(ended.error_kind))


def synthetic(session_id: str, text: str, **more: object) -> Json:
    """A message of the assistant that no model wrote."""
    body = {
        "id": str(uuid4()),
        "type": "message",
        "role": "assistant",
        "model": _NOBODY,
        "content": [{"type": "text", "text": text}],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage(Usage()),
    }
    return framed(session_id, type="assistant", parent_tool_use_id=None, message=body, **more)


def _terminal(ended: RunEnded, turn: Turn) -> str:
    named = _TERMINAL.get(ended.reason, "model_error")
    return "aborted_tools" if named == "aborted_streaming" and turn.in_tools else named
