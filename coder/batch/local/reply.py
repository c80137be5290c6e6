"""What `coder -p --output-format stream-json` says while it runs and at its end, and what that end means for a task.
Must not know how it was started.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from coder.batch.backend import Doing
from coder.batch.local.process import Exit
from coder.batch.outcome import Outcome, Status
from coder.core.messages import Json
from coder.core.visible import visible_line

_TELLING = ("file_path", "path", "pattern", "command", "url", "query", "description", "skill")
_LONGEST = 80
_USAGE = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
_REFUSED = (401, 403)  # the key: no other attempt does better
_BUSY = (429, 529)
_NO_RESULT = {2: "usage or configuration", 3: "a server is missing", 4: "the model cannot be asked"}


class Reply:
    """Fed line by line."""

    def __init__(self) -> None:
        self.result: Json | None = None
        self.doing = Doing()
        self._turn: object = None

    def hear(self, line: bytes) -> bool:
        """Whether it is somewhere else by that."""
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            return False
        if not isinstance(said, dict):
            return False
        if said.get("type") == "result":
            self.result = said
        if said.get("type") != "assistant" or said.get("parent_tool_use_id") or "error" in said:
            return False  # an error stands there in the place of a reply
        message = said.get("message")
        turn = message.get("id") if isinstance(message, dict) else None  # a reply comes in several pieces
        is_new = turn is None or turn != self._turn
        self._turn = turn
        self.doing = Doing(self.doing.turns + is_new, _doing(said) or self.doing.doing)
        return True


def _doing(said: Json) -> str:
    message = said.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    blocks = content if isinstance(content, list) else []
    for block in reversed(blocks):
        if isinstance(block, dict) and block.get("type") == "tool_use":
            given = block.get("input")
            given = given if isinstance(given, dict) else {}
            about = next((given[key] for key in _TELLING if isinstance(given.get(key), str)), "")
            return visible_line(f"{block.get('name')} {about[:_LONGEST]}").strip()[:_LONGEST]
    return "writing" if blocks else ""


def outcome(reply: Reply, exit: Exit, session: str, seconds: float) -> Outcome:
    """Without what it changed."""
    result = reply.result
    if result is None:
        status, error = _without(exit)
        return Outcome(
            status=status,
            error=error,
            exit_code=exit.code,
            session=session,
            seconds=seconds,
            turns=reply.doing.turns,
            usd=0.0 if exit.code in _NO_RESULT and not exit.how else None,
        )
    status, busy = _status(result, exit)
    usage = result.get("usage")
    errors = result.get("errors")
    text = result.get("result") if isinstance(result.get("result"), str) else ""
    error = "" if status == "done" else "; ".join(map(str, errors)) if isinstance(errors, list) else str(text or "")
    if status == "failed" and exit.code == 77:
        error = "every call of its last turn was denied: nobody was there to ask"
    return Outcome(
        status=status,
        text=str(text or ""),
        error=error,
        exit_code=exit.code,
        session=str(result.get("session_id") or session),
        usd=_number(result.get("total_cost_usd")),
        tokens=int(sum(_number(usage.get(key)) or 0 for key in _USAGE)) if isinstance(usage, Mapping) else 0,
        turns=int(_number(result.get("num_turns")) or reply.doing.turns),
        seconds=seconds,
        result=result,
        busy=busy,
    )


def _without(exit: Exit) -> tuple[Status, str]:
    said = [line for line in exit.said.splitlines() if line.strip()]
    last = visible_line(said[-1].removeprefix("coder: "))[:500] if said else ""
    if exit.how == "stopped":
        return "stopped", "stopped"
    if exit.how == "timeout":
        return "timeout", "its time was up, and it did not end by itself"
    if exit.code in _NO_RESULT:
        return "failed", last or _NO_RESULT[exit.code]
    killed = f"killed by signal {-exit.code}" if exit.code < 0 else f"ended with code {exit.code} and no result"
    return "infra", f"{killed}: {last}" if last else killed


def _status(result: Json, exit: Exit) -> tuple[Status, bool]:
    """And whether others would meet the same just now."""
    if exit.how == "stopped":
        return "stopped", False
    if not result.get("is_error"):
        return ("failed" if exit.code == 77 else "done"), False
    if exit.how == "timeout" or exit.code == 124:
        return "timeout", False
    http = result.get("api_error_status")
    code = http if isinstance(http, int) else 0
    if exit.code == 75 or code in _BUSY:
        return "infra", True
    if code in _REFUSED:
        return "failed", False
    if exit.code == 4 or code >= 500 or exit.code < 0 or exit.code >= 128:
        return "infra", False
    return "failed", False


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None
