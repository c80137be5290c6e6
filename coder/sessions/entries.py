"""The entries of a message, as they are stored. Must not know files, trees or repair; codec.py reads them back."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from coder.core.dataclass import dataclass
from coder.core.messages import (
    Block,
    Json,
    Message,
    Text,
    ToolResult,
    ToolUse,
    Usage,
    block_to_api,
    entry_uuid,
    entry_uuids,
)
from coder.sessions.codec import inferred_kind, made_up_id

_META_KINDS = ("context", "reminder")


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """What every entry of a session says about where it comes from. `model` is the one that is asked, by our name;
    `agent` the subagent whose conversation it is, "" for the session's own."""

    session_id: str
    cwd: str
    version: str
    branch: str = ""
    model: str = ""
    agent: str = ""


def entries_of(
    message: Message,
    parent: str | None,
    envelope: Envelope,
    skip: Collection[str] = (),
    copied_to: str = "",
) -> list[Json]:
    """The entries of a message, chained after `parent`: one per block of a reply and per tool result, else one.

    The last entry carries the message's own uuid. Entries named in `skip` are left out. A message that is stored a
    second time, in another place of the tree, gets entries of other names, made from `copied_to`. Never raises.
    """
    if not message.meta.uuid:
        message = replace(message, meta=replace(message.meta, uuid=str(uuid.uuid4())))
    own = message.meta.uuid
    bodies = _reply_bodies(message, own, envelope.model) if message.role == "assistant" else _user_bodies(message, own)
    stamp = message.meta.timestamp or now()
    found: list[Json] = []
    for name, body in zip(entry_uuids(message), bodies, strict=True):
        if name in skip:
            continue
        if copied_to:
            name = copied_name(copied_to, name)
            body = _copied(body, own, name)
        found.append(_entry(message.role, name, parent, stamp, envelope, body))
        parent = name
    return found


def result_entry(
    own: str, index: int, count: int, result: ToolResult, data: Json | None, parent: str | None, envelope: Envelope
) -> Json:
    """The entry of result `index` of the message `own`, which has `count` results and nothing else: the same that
    `entries_of` makes of the whole, at the cost of one."""
    body = _result_body(result, data, own, "results", index if count > 1 else None)
    return _entry("user", entry_uuid(own, index, count), parent, now(), envelope, body)


def _entry(role: str, name: str, parent: str | None, stamp: str, envelope: Envelope, body: Json) -> Json:
    return {
        "type": role,
        "uuid": name,
        "parentUuid": parent,
        "sessionId": envelope.session_id,
        "timestamp": stamp,
        "cwd": envelope.cwd,
        "gitBranch": envelope.branch,
        "version": envelope.version,
        "isSidechain": bool(envelope.agent),
        **({"agentId": envelope.agent} if envelope.agent else {}),
        **body,
    }


def copied_name(copied_to: str, name: str) -> str:
    """The uuid of an entry's copy."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{copied_to}/{name}"))


def _copied(body: Json, own: str, name: str) -> Json:
    """The body of an entry that stands a second time in a transcript. Its tokens must not be counted twice, and readers
    put together what has the id of one API response: it gets another."""
    extra: Json = {"message": own, **body.get("coder", {})}
    message = body["message"]
    if "id" in message:
        extra["copied"] = {"id": message["id"], "usage": message["usage"]}
        message = {**message, "id": made_up_id(name), "usage": _usage_to_api(Usage())}
    return {**body, "message": message, "coder": extra}


def _reply_bodies(message: Message, own: str, asked: str) -> Iterator[Json]:
    meta = message.meta
    shared: Json = {
        "id": meta.api_id or made_up_id(own),
        "type": "message",
        "role": "assistant",
        "model": meta.model,
        "stop_reason": meta.stop_reason or None,
        "stop_sequence": None,
        "usage": _usage_to_api(meta.usage),
    }
    for place, block in enumerate(message.content or (None,)):
        extra: Json = {"message": own}
        if meta.head and not place:
            extra["head"] = meta.head
        if meta.kind != "reply":
            extra["kind"] = meta.kind
        if asked and asked != meta.model:
            extra["model"] = asked
        if isinstance(block, ToolUse):
            extra["starts"] = True  # from here on a call that runs is announced by a line of its own
            if block.error:
                extra["error"] = block.error
        content = [block_to_api(block)] if block is not None else []
        yield {"message": {**shared, "content": content}, "coder": extra}


def _user_bodies(message: Message, own: str) -> Iterator[Json]:
    kind = message.meta.kind
    results = [block for block in message.content if isinstance(block, ToolResult)]
    others = [block for block in message.content if not isinstance(block, ToolResult)]
    for index, result in enumerate(results):
        data = message.meta.tool_data[index] if index < len(message.meta.tool_data) else None
        yield _result_body(result, data, own, kind, index if len(results) > 1 else None)
    if others and results:
        yield {"isMeta": True, **_words(others), "coder": {"message": own}}
    elif not results:
        body = _words(others)
        if kind in _META_KINDS:
            body = {"isMeta": True, **body}
        elif kind == "summary":
            body = {"isCompactSummary": True, **body}
        yield body if kind == inferred_kind(body) else {**body, "coder": {"kind": kind}}


def _result_body(result: ToolResult, data: Json | None, own: str, kind: str, part: int | None) -> Json:
    body: Json = {"message": {"role": "user", "content": [block_to_api(result)]}}
    if data is not None:
        body["toolUseResult"] = data
    extra: Json = {"message": own} if kind == "results" else {"message": own, "kind": kind}
    if part is not None:
        extra["part"] = part  # they may be stored in the order in which they were had
    return {**body, "coder": extra}


def _words(blocks: Sequence[Block]) -> Json:
    """A single text is stored as the plain string it is: what readers take for the prompt the person wrote."""
    match blocks:
        case [Text(text=text)]:
            return {"message": {"role": "user", "content": text}}
        case _:
            return {"message": {"role": "user", "content": [block_to_api(block) for block in blocks]}}


def _usage_to_api(usage: Usage) -> Json:
    return {
        "input_tokens": usage.input_tokens,
        "cache_creation_input_tokens": usage.cache_creation_input_tokens,
        "cache_read_input_tokens": usage.cache_read_input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.ephemeral_5m_input_tokens,
            "ephemeral_1h_input_tokens": usage.ephemeral_1h_input_tokens,
        },
    }


def now() -> str:
    """The time as transcripts write it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
