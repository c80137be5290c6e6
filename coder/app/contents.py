"""What the next request of a session is made of, for the context report. Must not know pages or the disk."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from coder.agent.history import History
from coder.app import memory_words as words
from coder.core.errors import ModelError
from coder.core.messages import Block, Document, Image, Message, Text, ToolResult, ToolUse, block_to_api, meant, said
from coder.core.model import ModelRequest
from coder.core.visible import visible_line
from coder.models.catalog import describe
from coder.models.metered import BYTES_PER_TOKEN
from coder.telemetry.context_report import Category, ContextReport, Item, Source, shares

_MEDIA = {"image": 5_600, "document": 50_000}  # bytes of text that weigh about as much
_LABEL = 60
_HINTS: dict[Category, str] = {
    "system prompt": "--system-prompt replaces it",
    "tools": "--disallowed-tools leaves it out",
    "memory": "/memory edits it",
    "skills": "skillOverrides leaves some out",
    "prompts": "name a file instead of pasting it",
    "replies": "compaction summarises",
    "tool results": "compaction summarises",
}
_READ, _RUN = "read a part: offset, limit", "filter it: grep, tail"
_KINDS: dict[str, Category] = {
    "context": "environment",
    "reply": "replies",
    "summary": "summaries",
    "reminder": "reminders",
}


async def context_report(
    request: ModelRequest,
    messages: Sequence[Message],
    compacts_at: int | None,
    count: Callable[[ModelRequest], Awaitable[int]],
) -> ContextReport:
    """About the last request of a conversation, or the first to come. `request` is the part that stays the same.

    The API's count of the last request is the total; for a conversation without a reply it is asked to count, and
    where it cannot be, the total is an estimate by size. Never raises ModelError.
    """
    sent, counted = _last_request(messages)
    items = [*_head(request), *_items(messages[:sent])]
    source: Source = "counted"
    if not counted:
        try:
            counted = await count(replace(request, messages=_view(messages[:sent], request.model)))
        except ModelError:
            source, counted = "estimated", _tokens(items)
    window = describe(request.model).context_window
    later = _tokens(_items(messages[sent:], messages))
    return ContextReport(request.model, counted, source, window, compacts_at, shares(items, counted), later)


def _view(messages: Sequence[Message], model: str) -> tuple[Message, ...]:
    """The messages as they are sent."""
    shown = History(messages=messages)
    shown.project_for(model)
    return shown.view


def _last_request(messages: Sequence[Message]) -> tuple[int, int]:
    """How many messages the last request held and the tokens it counted. When no count stands for them: those that the
    next one would hold if it were sent now, which ends with what the model has not answered; and 0.

    A count from before a summary was put in place of what it counted does not.
    """
    summed = max((m.meta.timestamp for m in messages if m.meta.kind == "summary"), default="")
    for at in range(len(messages) - 1, -1, -1):
        meta = messages[at].meta
        if messages[at].role == "assistant" and meta.usage.prompt_tokens:
            if meta.timestamp >= summed:
                return at, meta.usage.prompt_tokens
            break
    last = next((n for n in range(len(messages), 0, -1) if messages[n - 1].role == "user"), len(messages))
    return last, 0


def _head(request: ModelRequest) -> list[Item]:
    texts = [Item("system prompt", "system prompt", len(t.encode()), _HINTS["system prompt"]) for t in request.system]
    tools = []
    for tool in request.tools:
        size = len(tool.description.encode()) + len(json.dumps(tool.input_schema))
        tools.append(Item("tools", f"tool {visible_line(tool.name)}", size, _HINTS["tools"], tool.name))
    return [*texts, *tools]


def _items(messages: Sequence[Message], all_: Sequence[Message] = ()) -> list[Item]:
    calls = {call.id: call for message in (all_ or messages) for call in message.tool_uses}
    return [_item(message, block, calls) for message in messages for block in message.content]


def _item(message: Message, block: Block, calls: dict[str, ToolUse]) -> Item:
    if isinstance(block, ToolResult):
        call = calls.get(block.tool_use_id)
        name = call.name if call else ""
        hint = {"Read": _READ, "Bash": _RUN}.get(name, _HINTS["tool results"])
        return Item("tool results", _label(_said(call) if call else "tool result"), _weight(block), hint)
    if name := _memory_name(message, block):
        label = name if len(name) <= _LABEL else f"…{name[1 - _LABEL :]}"  # the end of a path tells it from others
        return Item("memory", label, _weight(block), _HINTS["memory"], name)
    if _lists_skills(message, block):
        return Item("skills", "the skills there are", _weight(block), _HINTS["skills"])
    category = _KINDS.get(message.meta.kind, "replies" if message.role == "assistant" else "prompts")
    match block:
        case ToolUse():
            label = _said(block)
        case Text(text=text) if category == "prompts" and text.startswith("<command-name>"):
            label = f"prompt: {said(message)}"
        case Text(text=text):
            label = f"{category.removesuffix('s').replace('replie', 'reply').replace('summarie', 'summary')}: {text}"
        case _:
            label = f"{block.type} in {category}"
    return Item(category, _label(label), _weight(block), _HINTS.get(category, ""))


def _memory_name(message: Message, block: Block) -> str:
    """The path of the memory file that a block holds; "" for a block that holds none."""
    if message.meta.kind not in ("context", "reminder") or not isinstance(block, Text):
        return ""
    return words.first_name(block.text)


def _lists_skills(message: Message, block: Block) -> bool:
    is_ours = message.meta.kind in ("context", "reminder")
    return is_ours and isinstance(block, Text) and block.text.startswith("<skills>")


def _said(call: ToolUse) -> str:
    """A call as `Read src/app.py`."""
    call = meant(call)
    subject = next((call.input[k] for k in ("command", "file_path", "pattern", "url") if k in call.input), "")
    return f"{call.name} {subject}"


def _label(text: str) -> str:
    shown = visible_line(text[: 4 * _LABEL])
    return shown if len(shown) <= _LABEL else shown[: _LABEL - 1] + "…"


def _weight(block: Block) -> int:
    match block:
        case Image() | Document():
            return _MEDIA[block.type]
        case ToolResult(content=content):
            return 60 + sum(map(_weight, content))
        case _:
            return len(json.dumps(block_to_api(block), ensure_ascii=False).encode("utf-8", "replace"))


def _tokens(items: Sequence[Item]) -> int:
    return round(sum(item.weight for item in items) / BYTES_PER_TOKEN)
