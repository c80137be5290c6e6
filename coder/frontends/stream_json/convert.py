"""Events to the SDK's wire messages, field by field as the public contract has them. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from coder import __version__
from coder.app.commanding.expanded import Offered
from coder.app.error_names import category as category
from coder.app.session import SessionFacts
from coder.app.spent import Spent
from coder.core.events import (
    CompactionEnded,
    EndReason,
    HookEnded,
    HookStarted,
    ModelRetrying,
    PermissionDenied,
    RunEnded,
    StepChanged,
    TaskEnded,
)
from coder.core.messages import Json, Message, ToolResult, ToolUse, Usage, block_to_api, entry_uuids
from coder.core.visible import visible_line
from coder.frontends.commands import OWN

if TYPE_CHECKING:
    from coder.app.reach.rows import ServerRow

# A line over 1 MiB kills the SDK's reader; base64 data is left out of longer ones.
LINE_LIMIT = 1_000_000
_MOST_OFF = 100
_STATUSES = {"connecting": "pending", "unapproved": "pending"}

_SUBTYPES: dict[EndReason, str] = {
    "max_turns": "error_max_turns",
    "budget": "error_max_budget_usd",
    "unfit": "error_max_structured_output_retries",
}
_TERMINAL: dict[EndReason, str] = {
    "loop": "loop_detected",
    "gate_unmet": "stop_hook_prevented",
    "unfit": "structured_output_retry_exhausted",
    "hook_stopped": "hook_stopped",
    "server_missing": "mcp_server_missing",
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


def init(facts: SessionFacts, commands: Sequence[Offered] = (), servers: Sequence[ServerRow] = ()) -> Json:
    return _message(
        facts.session_id,
        type="system",
        subtype="init",
        cwd=str(facts.cwd),
        tools=list(facts.tools),
        mcp_servers=[{"name": each.name, "status": _STATUSES.get(each.state, each.state)} for each in servers],
        model=facts.model,
        permissionMode=facts.mode,
        slash_commands=[*OWN, *(each.name for each in commands)],
        apiKeySource=facts.key_source,
        claude_code_version=__version__,
        output_style=facts.style,
        agents=list(facts.agents),
        skills=[each.name for each in commands if each.kind == "skill"],
        plugins=[],
        **trust(facts),
    )


def trust(facts: SessionFacts) -> Json:
    """Which of the folder's own settings do not count; nothing for a folder that has none."""
    if facts.trust is None or not facts.trust.brought:
        return {}
    off = facts.trust.off
    shown = [{"file": item.file, "kind": item.kind, "name": item.name} for item in off[:_MOST_OFF]]
    about = {"folder": str(facts.trust.folder), "trusted": facts.trust.is_trusted, "off": shown, "off_total": len(off)}
    return {"trust": about}


def assistant(
    session_id: str, message: Message, parent: str | None = None, *, calls_only: bool = False
) -> Iterator[Json]:
    """One message per content block, sharing the reply's id, as the transcript stores them. `parent` is the tool use
    that asked the agent whose reply it is; `calls_only`: without what it says and thinks."""
    meta = message.meta
    for uuid, block in zip(entry_uuids(message), message.content, strict=True):
        if calls_only and not isinstance(block, ToolUse):
            continue
        body = {
            "id": meta.api_id,
            "type": "message",
            "role": "assistant",
            "model": meta.model,
            "content": [block_to_api(block)],
            "stop_reason": meta.stop_reason or None,
            "stop_sequence": None,
            "usage": usage(meta.usage),
        }
        yield _message(
            session_id,
            uuid,
            type="assistant",
            parent_tool_use_id=parent,
            message=body,
        )


def results(
    session_id: str, message: Message, parent: str | None = None, *, calls_only: bool = False
) -> Iterator[Json]:
    """One message per tool result with its structured result beside it, then one for the text that follows; `parent`
    and `calls_only` as with `assistant`."""
    uuids = iter(entry_uuids(message))
    rest: list[Json] = []
    data = iter(message.meta.tool_data)
    for block in message.content:
        if not isinstance(block, ToolResult):
            rest.append(block_to_api(block))
            continue
        structured = next(data, None)
        extra = {} if structured is None else {"tool_use_result": structured}
        yield _user(session_id, next(uuids), parent, [block_to_api(block)], extra)
    if rest and not calls_only:
        yield _user(session_id, next(uuids), parent, rest, {"isSynthetic": True})


def _user(session_id: str, uuid: str, parent: str | None, content: list[Json], extra: Json) -> Json:
    body = {"role": "user", "content": content}
    return _message(session_id, uuid, type="user", parent_tool_use_id=parent, message=body, **extra)


def api_retry(session_id: str, event: ModelRetrying) -> Json:
    return _message(
        session_id,
        type="system",
        subtype="api_retry",
        attempt=event.attempt,
        max_retries=event.max_retries,
        retry_delay_ms=round(event.delay * 1000),
        error_status=event.status,
        error=category(event.kind),
    )


def permission_denied(session_id: str, event: PermissionDenied) -> Json:
    kind = event.reasons[-1].kind if event.reasons else "default"
    agent = {} if event.agent == "main" else {"agent_id": event.agent}
    return _message(
        session_id,
        type="system",
        subtype="permission_denied",
        tool_name=event.call.name,
        tool_use_id=event.call.id,
        **agent,
        decision_reason_type="rule" if kind == "rule" else "mode",
        decision_reason="; ".join(reason.text for reason in event.reasons),
        message=f"{event.message} {event.remedy}".strip(),
    )


def compacting(session_id: str, *, now: bool) -> Json:
    return _message(session_id, type="system", subtype="status", status="compacting" if now else None)


def compact_boundary(session_id: str, event: CompactionEnded) -> Json:
    about = {"trigger": event.trigger, "pre_tokens": event.before}
    return _message(session_id, type="system", subtype="compact_boundary", compact_metadata=about)


def task_ended(session_id: str, event: TaskEnded) -> Json:
    return _message(
        session_id,
        type="system",
        subtype="task_notification",
        task_id=event.id,
        status="stopped" if event.state == "killed" else event.state,
        output_file=event.output,
        summary=f"exit {event.code}: {visible_line(event.command)}",
    )


def hook_started(session_id: str, event: HookStarted) -> Json:
    about = {"hook_id": event.id, "hook_name": event.name, "hook_event": event.point}
    return _message(session_id, type="system", subtype="hook_started", **about)


def hook_response(session_id: str, event: HookEnded) -> Json:
    code = {} if event.code is None else {"exit_code": event.code}
    return _message(
        session_id,
        type="system",
        subtype="hook_response",
        hook_id=event.id,
        hook_name=event.name,
        hook_event=event.point,
        stdout=event.stdout,
        stderr=event.stderr,
        output=event.stdout + event.stderr,
        outcome=event.outcome,
        **code,
    )


def informational(session_id: str, level: str, text: str, tool_use_id: str = "") -> Json:
    about = {"tool_use_id": tool_use_id} if tool_use_id else {}
    return _message(session_id, type="system", subtype="informational", content=text, level=level, **about)


def workflow_step(session_id: str, event: StepChanged) -> Json:
    """Ours: not among the messages of others."""
    about = {"workflow": event.workflow, "step": event.step, "state": event.state, "item": event.item}
    return system(session_id, "workflow_step", **about, text=visible_line(event.text))


def system(session_id: str, subtype: str, /, **fields: Any) -> Json:
    return _message(session_id, type="system", subtype=subtype, **fields)


def result(facts: SessionFacts, ended: RunEnded, spent: Spent, denials: list[PermissionDenied], seconds: float) -> Json:
    """The one result of a run. A failure of the API is `success` with `is_error`, as the contract has it."""
    failed = ended.reason != "done"
    api_failed = ended.reason in ("model_error", "rate_limit", "context_full") and bool(ended.error_kind)
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
        "terminal_reason": _TERMINAL.get(ended.reason, "model_error"),
        **trust(facts),
    }
    if subtype == "success":
        fields["result"] = f"API Error: {ended.error}" if failed else ended.text
    else:
        fields["errors"] = [ended.error or ended.reason]
    if api_failed:
        fields["api_error_status"] = ended.status
    if ended.handed_in is not None:
        fields["structured_output"] = ended.handed_in.value
    if ended.evidence is not None:
        fields["evidence"] = asdict(ended.evidence)
    return _message(facts.session_id, **fields)


def usage(counts: Usage) -> Json:
    return {
        "input_tokens": counts.input_tokens,
        "output_tokens": counts.output_tokens,
        "cache_creation_input_tokens": counts.cache_creation_input_tokens,
        "cache_read_input_tokens": counts.cache_read_input_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": counts.ephemeral_5m_input_tokens,
            "ephemeral_1h_input_tokens": counts.ephemeral_1h_input_tokens,
        },
        "server_tool_use": {"web_search_requests": counts.web_search_requests, "web_fetch_requests": 0},
        "service_tier": "standard",
    }


def without_data(value: Any) -> Any:
    """The value with long strings replaced by a note of their length, for lines over the limit."""
    match value:
        case str() if len(value) > 50_000:
            return f"{value[:1000]}… [{len(value)} characters left out of this message]"
        case dict():
            return {key: without_data(item) for key, item in value.items()}
        case list():
            return [without_data(item) for item in value]
        case _:
            return value


def _message(session_id: str, uuid: str = "", /, **fields: Any) -> Json:
    return {**fields, "session_id": session_id, "uuid": uuid or str(uuid4())}
