"""What the real API refuses in one content block, in its words. Pure and total; must not know requests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeGuard

from coder.core.messages import Json

KEYS = {
    "text": frozenset({"type", "text", "citations", "cache_control"}),
    "thinking": frozenset({"type", "thinking", "signature"}),
    "redacted_thinking": frozenset({"type", "data"}),
    "image": frozenset({"type", "source", "transformations", "cache_control"}),
    "document": frozenset({"type", "source", "title", "context", "citations", "cache_control"}),
    "tool_use": frozenset({"type", "id", "name", "input", "caller", "toolset_name", "cache_control"}),
    "tool_result": frozenset({"type", "tool_use_id", "content", "is_error", "toolset_name", "cache_control"}),
}
OTHERS = frozenset(
    {"search_result", "server_tool_use", "web_search_tool_result", "web_fetch_tool_result", "container_upload"}
    | {"code_execution_tool_result", "bash_code_execution_tool_result", "text_editor_code_execution_tool_result"}
    | {"tool_search_tool_result"}
)
IN_RESULTS = frozenset({"text", "image", "document", "search_result", "tool_reference", "browser_state"})
ONLY_ASSISTANT = frozenset({"tool_use", "thinking", "redacted_thinking", "server_tool_use"})
IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
IMAGE_LIMIT = 5 << 20
_ID = re.compile(r"[a-zA-Z0-9_-]+")


def is_object(value: object) -> TypeGuard[Json]:
    return isinstance(value, dict)


def check_block(block: Any, where: str, role: str, extra: frozenset[str]) -> Iterator[str]:
    """Everything wrong with one block of a message, most basic first."""
    if not is_object(block):
        yield f"{where}: Input should be an object"
        return
    kind = block.get("type")
    if not isinstance(kind, str):
        yield f"{where}.type: Field required"
        return
    if kind not in KEYS and kind not in OTHERS and kind not in extra:
        tags = ", ".join(f"'{tag}'" for tag in sorted({*KEYS, *OTHERS}))
        yield f"{where}: Input tag '{kind}' found using 'type' does not match any of the expected tags: {tags}"
        return
    if kind in ONLY_ASSISTANT and role != "assistant":
        yield f"{where}: `{kind}` blocks can only be in `assistant` messages"
    if kind == "tool_result" and role != "user":
        yield f"{where}: `tool_result` blocks can only be in `user` messages"
    if role == "system" and kind != "text":
        yield f"{where}: `system` messages hold `text` blocks only"
    yield from _unknown_keys(block, where, kind)
    match kind:
        case "text":
            yield from check_text(block, where, role)
        case "thinking":
            yield from _strings(block, where, ("thinking", "signature"))
        case "redacted_thinking":
            yield from _strings(block, where, ("data",))
        case "tool_use":
            yield from _tool_use(block, where)
        case "tool_result":
            yield from _tool_result(block, where)
        case "image" | "document":
            yield from _source(block, where)
    yield from mark_problem(block, where)


def check_text(block: Json, where: str, role: str) -> Iterator[str]:
    """Everything wrong with a text block; inside a tool result blank text passes, elsewhere it does not."""
    text = block.get("text")
    if not isinstance(text, str):
        yield f"{where}.text.text: {'Input should be a valid string' if 'text' in block else 'Field required'}"
    elif not text:
        if block.get("cache_control"):
            yield f"{where}.text.cache_control: cache_control cannot be set for empty text blocks"
        yield f"{where}: text content blocks must be non-empty"
    elif role != "tool_result" and not text.strip():
        yield f"{where}: text content blocks must contain non-whitespace text"
    yield from mark_problem(block, where)


def mark_problem(block: Json, where: str) -> Iterator[str]:
    """What is wrong with the cache mark of a block, if it has one."""
    mark = block.get("cache_control")
    if mark is None:
        return
    if not is_object(mark) or mark.get("type") != "ephemeral":
        yield f"{where}.cache_control.type: Input should be 'ephemeral'"
    elif mark.get("ttl", "5m") not in ("5m", "1h"):
        yield f"{where}.cache_control.ephemeral.ttl: Input should be '5m' or '1h'"


def _unknown_keys(block: Json, where: str, kind: str) -> Iterator[str]:
    known = KEYS.get(kind)
    for key in block:
        if known is not None and key not in known:
            yield f"{where}.{kind}.{key}: Extra inputs are not permitted"


def _strings(block: Json, where: str, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if name not in block:
            yield f"{where}.{block['type']}.{name}: Field required"
        elif not isinstance(block[name], str):
            yield f"{where}.{block['type']}.{name}: Input should be a valid string"


def _tool_use(block: Json, where: str) -> Iterator[str]:
    yield from _strings(block, where, ("id", "name"))
    for name, limit in (("id", None), ("name", 200)):
        value = block.get(name)
        if isinstance(value, str) and (not _ID.fullmatch(value) or (limit and len(value) > limit)):
            bound = "{1,200}" if limit else "+"
            yield f"{where}.tool_use.{name}: String should match pattern '^[a-zA-Z0-9_-]{bound}$'"
    if "input" not in block:
        yield f"{where}.tool_use.input: Field required"
    elif not is_object(block["input"]):
        yield f"{where}.tool_use.input: Input should be a valid dictionary"


def _tool_result(block: Json, where: str) -> Iterator[str]:
    yield from _strings(block, where, ("tool_use_id",))
    if "is_error" in block and not isinstance(block["is_error"], bool):
        yield f"{where}.tool_result.is_error: Input should be a valid boolean"
    content = block.get("content")
    if not content and block.get("is_error"):
        yield f"{where}.tool_result: content cannot be empty if `is_error` is true"
    if content is None or isinstance(content, str):
        return
    if not isinstance(content, list):
        yield f"{where}.tool_result.content: Input should be a valid string or list"
        return
    for index, item in enumerate(content):
        inner = f"{where}.tool_result.content.{index}"
        if not is_object(item) or not isinstance(item.get("type"), str) or item["type"] not in IN_RESULTS:
            yield f"{inner}: Input should be a text, image, document or search_result block"
            continue
        yield from _unknown_keys(item, inner, item["type"])
        if item["type"] == "text":
            yield from check_text(item, inner, "tool_result")
        elif item["type"] in ("image", "document"):
            yield from _source(item, inner)
        yield from mark_problem(item, inner)


def _source(block: Json, where: str) -> Iterator[str]:
    source, kind = block.get("source"), block["type"]
    if not is_object(source):
        yield f"{where}.{kind}.source: Field required"
        return
    if source.get("type") != "base64":
        return
    media, data = source.get("media_type"), source.get("data")
    allowed = IMAGE_TYPES if kind == "image" else ("application/pdf",)
    if media not in allowed:
        yield f"{where}.{kind}.source.base64.media_type: Input should be {' or '.join(map(repr, allowed))}"
    if not isinstance(data, str) or not data:
        yield f"{where}.{kind}.source.base64.data: {kind} cannot be empty"
    elif kind == "image" and len(data) * 3 // 4 > IMAGE_LIMIT:
        size = len(data) * 3 // 4
        yield f"{where}.image.source.base64: image exceeds 5 MB maximum: {size} bytes > {IMAGE_LIMIT} bytes"
