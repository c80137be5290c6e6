"""Every way a run can end, in every output format: the exit code, what the result says of it, what stderr says."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast, get_args

import pytest

from coder.app.session import Session
from coder.app.session_facts import SessionFacts
from coder.app.spent import Spent
from coder.core.events import EndReason, RunEnded
from coder.core.messages import Usage
from coder.frontends.exit_codes import exit_code
from coder.frontends.stream_json.out import JsonOut, StreamJsonOut
from coder.frontends.text import TextOut

pytestmark = pytest.mark.behaviour("B-2276")
# The exit code, `subtype` and `terminal_reason` of docs/headless.md.
TABLE: dict[EndReason, tuple[int, str, str]] = {
    "done": (0, "success", "completed"),
    "max_turns": (1, "error_max_turns", "max_turns"),
    "budget": (1, "error_max_budget_usd", "budget_exhausted"),
    "token_budget": (1, "error_during_execution", "budget_exhausted"),
    "time_budget": (124, "error_during_execution", "aborted_streaming"),
    "refusal": (1, "error_during_execution", "model_error"),
    "max_tokens": (1, "error_during_execution", "model_error"),
    "context_full": (1, "success", "prompt_too_long"),
    "model_error": (4, "success", "api_error"),
    "rate_limit": (75, "success", "api_error"),
    "malformed": (1, "error_during_execution", "malformed_tool_use_exhausted"),
    "loop": (1, "error_during_execution", "loop_detected"),
    "interrupted": (130, "error_during_execution", "aborted_streaming"),
    "hook_stopped": (1, "error_during_execution", "hook_stopped"),
    "prompt_tool_missing": (1, "error_during_execution", "permission_prompt_tool_missing"),
    "gate_unmet": (1, "error_during_execution", "stop_hook_prevented"),
    "unfit": (1, "error_max_structured_output_retries", "structured_output_retry_exhausted"),
    "server_missing": (3, "error_during_execution", "mcp_server_missing"),
    "not_begun": (1, "error_during_execution", "turn_setup_failed"),
    "crashed": (1, "error_during_execution", "model_error"),
}
KINDS: dict[EndReason, str] = {"model_error": "connection", "rate_limit": "rate_limit", "context_full": "invalid"}
FACTS = SessionFacts("5e55", Path("/p"), (), "m", "default", "none", None)
SESSION = cast(Session, SimpleNamespace(facts=FACTS, spent=Spent(0.0, {}, 0.0, Usage()), workflows=None, warnings=()))


def ended(reason: EndReason) -> RunEnded:
    text = "Answer." if reason in ("done", "max_tokens", "refusal", "gate_unmet") else ""
    error = "" if reason == "done" else f"It ended: {reason}"
    return RunEnded(reason=reason, turns=1, error=error, error_kind=KINDS.get(reason, ""), text=text)


def written(make: Any, end: RunEnded) -> list[dict[str, Any]]:
    reading, writing = os.pipe()
    out = make(writing)
    out.finish(end, SESSION)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as read:
        return [json.loads(line) for line in read.read().splitlines()]


def test_the_table_has_every_end() -> None:
    assert set(TABLE) == set(get_args(EndReason))


@pytest.mark.behaviour("B-2649")
@pytest.mark.parametrize("reason", TABLE)
@pytest.mark.parametrize("make", [JsonOut, StreamJsonOut])
def test_the_result_and_the_exit_code_agree(make: Any, reason: EndReason) -> None:
    end = ended(reason)
    (*before, result), (code, subtype, terminal) = written(make, end), TABLE[reason]
    assert (exit_code(end), result["subtype"], result["terminal_reason"]) == (code, subtype, terminal)
    assert result["is_error"] is (code != 0)
    said = result["result"] if "result" in result else " ".join(result["errors"])
    assert said in (end.text if code == 0 else f"API Error: {end.error}", end.error)
    told = [(frame["type"], frame["error"], frame["message"]["content"][0]["text"]) for frame in before]
    names = {"connection": "unknown", "rate_limit": "rate_limit", "invalid": "invalid_request"}
    is_told = make is StreamJsonOut and bool(end.error_kind)
    assert told == ([("assistant", names[end.error_kind], said)] if is_told else [])


@pytest.mark.parametrize("reason", TABLE)
def test_text_says_why_on_stderr_and_answers_on_stdout_alone(reason: EndReason) -> None:
    out, errors = io.StringIO(), io.StringIO()
    end = ended(reason)
    TextOut(out, errors).finish(end, SESSION)
    assert out.getvalue() == (f"{end.text}\n" if end.text else "")
    assert errors.getvalue() == ("" if reason == "done" else f"coder: {end.error}\n")
