"""Events to the SDK's wire messages, field by field as the public contract has them. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterator

from coder.app.error_names import category as category
from coder.core.events import (
    CompactionEnded,
    HookEnded,
    HookStarted,
    ModelRetrying,
    PermissionDenied,
    StepChanged,
    TaskEnded,
)
from coder.core.messages import Block, Json, Message, ToolResult, ToolUse, block_to_api, entry_uuids
from coder.core.usage_form import usage as usage
from coder.core.visible import visible_line
from coder.frontends.stream_json.ended import failed_reply as failed_reply
from coder.frontends.stream_json.ended import is_of_api as is_of_api
from coder.frontends.stream_json.ended import result as result
from coder.frontends.stream_json.ended import synthetic as synthetic
from coder.frontends.stream_json.frames import framed as framed
from coder.frontends.stream_json.frames import system as system
from coder.frontends.stream_json.opening import init as init
from coder.sessions.codec import made_up_id

_CUT = "interrupted"  # the stop reason of a reply that was cut by an interrupt: ours, and none of the API
_LEVELS = {"error": "warning"}  # there is nothing louder on the wire


def assistant(
    session_id: str, message: Message, parent: str | None = None, *, calls_only: bool = False, model: str = ""
) -> Iterator[Json]:
    """One message per content block, sharing the reply's id, as the transcript stores them. `parent` is the tool use
    that asked the agent whose reply it is; `calls_only`: without what it says and thinks. `model` is the one that was
    asked: what is left of a reply that was cut short does not say whose it is."""
    meta = message.meta
    aborted = meta.stop_reason == _CUT
    more: Json = {"aborted": True} if aborted else {}
    for uuid, block in zip(entry_uuids(message), message.content, strict=True):
        if calls_only and not isinstance(block, ToolUse):
            continue
        body = {
            "id": meta.api_id or made_up_id(meta.uuid),
            "type": "message",
            "role": "assistant",
            "model": meta.model or model,
            "content": [_block(block)],
            "stop_reason": None if aborted else meta.stop_reason or None,
            "stop_sequence": None,
            "usage": usage(meta.usage),
        }
        yield framed(
            session_id,
            uuid,
            type="assistant",
            parent_tool_use_id=parent,
            message=body,
            **more,
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


def _block(block: Block) -> Json:
    """In the shape readers take: a thought without a signature would end them."""
    raw = block_to_api(block)
    if raw.get("type") == "thinking":
        return {**raw, "thinking": str(raw.get("thinking") or ""), "signature": str(raw.get("signature") or "")}
    return raw


def replayed(
    session_id: str,
    uuid: str,
    content: str | list[Json],
    *,
    is_synthetic: bool = False,
    origin: Json | None = None,
) -> Json:
    """What the host said, given back as it was read."""
    more: Json = {"isSynthetic": True} if is_synthetic else {}
    more |= {"origin": origin} if origin is not None else {}
    body = {"role": "user", "content": content}
    return framed(session_id, uuid, type="user", message=body, parent_tool_use_id=None, isReplay=True, **more)


def tool_progress(session_id: str, call: ToolUse, seconds: float) -> Json:
    about = {"tool_use_id": call.id, "tool_name": call.name, "parent_tool_use_id": None}
    return framed(session_id, type="tool_progress", **about, elapsed_time_seconds=round(seconds, 1))


def state_changed(session_id: str, state: str) -> Json:
    """`state` is idle, running or requires_action."""
    return system(session_id, "session_state_changed", state=state)


def conversation_reset(session_id: str, new: str) -> Json:
    """`session_id` is the one that is left."""
    return framed(session_id, type="conversation_reset", new_conversation_id=new)


def printed(session_id: str, text: str) -> Json:
    """What a command of coder's own says."""
    return system(session_id, "local_command_output", content=text)


def suggested(session_id: str, prompt: str) -> Json:
    return framed(session_id, type="prompt_suggestion", suggestion=prompt)


def reported(session_id: str, text: str, usage: Json) -> Json:
    """What `/context` says, as a message of the assistant with its figures beside it. The conversation has no such
    message."""
    return synthetic(session_id, text, context_usage=usage)


def _user(session_id: str, uuid: str, parent: str | None, content: list[Json], extra: Json) -> Json:
    body = {"role": "user", "content": content}
    return framed(session_id, uuid, type="user", parent_tool_use_id=parent, message=body, **extra)


def api_retry(session_id: str, event: ModelRetrying) -> Json:
    return framed(
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
    return framed(
        session_id,
        type="system",
        subtype="permission_denied",
        tool_name=event.call.name,
        tool_use_id=event.call.id,
        **agent,
        decision_reason_type="rule" if kind == "rule" else "mode",
        decision_reason="; ".join(reason.text for reason in event.reasons),
        message=f"{event.message} (allowed by {event.remedy})" if event.remedy else event.message,
    )


def compacting(session_id: str, ended: CompactionEnded | None = None, *, now: bool = False) -> Json:
    """`ended` says how it went, once it has."""
    if ended is None:
        return system(session_id, "status", status="compacting" if now else None)
    went: Json = {"compact_result": "failed" if ended.after >= ended.before else "success"}
    went |= {"compact_error": ended.error} if ended.error else {}
    return system(session_id, "status", status=None, **went)


def compact_boundary(session_id: str, event: CompactionEnded) -> Json:
    about = {"trigger": event.trigger, "pre_tokens": event.before, "post_tokens": event.after}
    return framed(session_id, type="system", subtype="compact_boundary", compact_metadata=about)


def task_ended(session_id: str, event: TaskEnded) -> Json:
    return framed(
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
    return framed(session_id, type="system", subtype="hook_started", **about)


def hook_response(session_id: str, event: HookEnded) -> Json:
    code = {} if event.code is None else {"exit_code": event.code}
    return framed(
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
    told = _LEVELS.get(level, level)
    return framed(session_id, type="system", subtype="informational", content=text, level=told, **about)


def workflow_step(session_id: str, event: StepChanged) -> Json:
    """Ours: not among the messages of others."""
    about = {"workflow": event.workflow, "step": event.step, "state": event.state, "item": event.item}
    return system(session_id, "workflow_step", **about, text=visible_line(event.text))
