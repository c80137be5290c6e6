"""What the real API refuses, in its words: a whole request. Pure and total; must not know conversations or the wire."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.replay.blocks import check_block, check_text, is_object, mark_problem
from coder.replay.pairing import check_pairing
from coder.replay.problems import Problem
from coder.replay.signing import is_signed

TOP_LEVEL = frozenset(
    {"model", "max_tokens", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "stream"}
    | {"temperature", "top_k", "top_p", "stop_sequences", "metadata", "service_tier", "speed", "inference_geo"}
    | {"cache_control", "container", "context_management", "diagnostics", "mcp_servers"}
    | {"user_profile_id", "workspace_id"}
)
THINKING_TYPES = ("adaptive", "between_tools", "disabled", "enabled")
SEARCH_KEYS = frozenset(
    {"type", "name", "max_uses", "allowed_domains", "blocked_domains", "user_location", "cache_control"}
)
ROLES = ("user", "assistant", "system")
MAX_BREAKPOINTS = 4
MAX_MESSAGES = 100_000
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
TOOL_NAME_PROBLEM = "String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"
_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


@dataclass(frozen=True, slots=True)
class Rules:
    """What varies: whether only counting, whose thinking is known, block types beyond the documented ones, and how many
    leading messages were judged before and need no second look each."""

    counts_only: bool = False
    is_known_thinking: Callable[[str, str], bool] = is_signed
    extra_block_types: frozenset[str] = frozenset()
    judged: int = 0


def parse(raw: bytes) -> Json | Problem:
    """The JSON object of a request body, or why it is none. Half surrogate pairs are refused as the API does."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return Problem(f"The request body is not valid JSON: {error}")
    if not isinstance(body, dict):
        return Problem("The request body is not a JSON object")
    if found := _HALF_PAIR.search(raw):
        try:
            json.dumps(body, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            where = f"line 1 column {found.start() + 1} (char {found.start()})"
            return Problem(f"The request body is not valid JSON: no low surrogate in string: {where}")
    return body


def validate(body: Json, rules: Rules = Rules()) -> Problem | None:
    """The first thing the API would refuse in a request, or None. Never raises, whatever JSON it gets."""
    return next((Problem(message) for message in _problems(body, rules)), None)


def _problems(body: Json, rules: Rules) -> Iterator[str]:
    yield from _top_level(body, rules)
    yield from _tools(body.get("tools"))
    yield from _system(body.get("system"))
    yield from _messages(body, rules)
    yield from _breakpoints(body)


def _top_level(body: Json, rules: Rules) -> Iterator[str]:
    for name in ("model", "messages") if rules.counts_only else ("model", "max_tokens", "messages"):
        if name not in body:
            yield f"{name}: Field required"
    for name in body:
        if name not in TOP_LEVEL:
            yield f"{name}: Extra inputs are not permitted"
    if not isinstance(body["model"], str) or not body["model"]:
        yield "model: Input should be a valid string"
    limit = body.get("max_tokens", 1)
    if isinstance(limit, bool) or not isinstance(limit, int):
        yield "max_tokens: Input should be a valid integer"
    elif limit < 0:
        yield "max_tokens: Input should be greater than or equal to 0"
    if "stream" in body and not isinstance(body["stream"], bool):
        yield "stream: Input should be a valid boolean"
    yield from (problem.removeprefix(".") for problem in mark_problem(body, ""))
    yield from _thinking(body)


def _thinking(body: Json) -> Iterator[str]:
    if "thinking" not in body:
        return
    thinking = body["thinking"]
    kind = thinking.get("type") if is_object(thinking) else None
    if kind not in THINKING_TYPES:
        yield f"thinking: Input tag does not match any of the expected tags: {', '.join(map(repr, THINKING_TYPES))}"
    if kind == "enabled":
        budget = thinking.get("budget_tokens")
        if isinstance(budget, bool) or not isinstance(budget, int):
            yield "thinking.enabled.budget_tokens: Field required"
        elif budget < 1024:
            yield "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
        elif budget >= body.get("max_tokens", budget + 1):
            yield "`max_tokens` must be greater than `thinking.budget_tokens`"
    if kind in ("adaptive", "enabled") and body.get("temperature", 1) != 1:
        yield "`temperature` may only be set to 1 when thinking is enabled"


def _tools(tools: Any) -> Iterator[str]:
    if tools is None:
        return
    if not isinstance(tools, list):
        yield "tools: Input should be a valid list"
        return
    names: set[str] = set()
    for index, tool in enumerate(tools):
        where = f"tools.{index}"
        if not is_object(tool):
            yield f"{where}: Input should be an object"
            continue
        name = tool.get("name")
        if not isinstance(name, str) or not TOOL_NAME.fullmatch(name):
            yield f"{where}.custom.name: {TOOL_NAME_PROBLEM if 'name' in tool else 'Field required'}"
        elif name in names:
            yield "tools: Tool names must be unique."
        else:
            names.add(name)
        if tool.get("type") in (None, "custom"):
            yield from _schema(tool, f"{where}.custom")
        elif str(tool["type"]).startswith("web_search_"):
            yield from _search_tool(tool, f"{where}.{tool['type']}")
        yield from mark_problem(tool, where)


def _schema(tool: Json, where: str) -> Iterator[str]:
    schema = tool.get("input_schema")
    if "input_schema" not in tool:
        yield f"{where}.input_schema: Field required"
    elif not is_object(schema):
        yield f"{where}.input_schema: Input should be an object"
    elif "type" not in schema:
        yield f"{where}.input_schema.type: Field required"
    elif schema["type"] != "object":
        yield f"{where}.input_schema.type: Input should be 'object'"
    if "description" in tool and not isinstance(tool["description"], str):
        yield f"{where}.description: Input should be a valid string"


def _search_tool(tool: Json, where: str) -> Iterator[str]:
    for key in tool:
        if key not in SEARCH_KEYS:
            yield f"{where}.{key}: Extra inputs are not permitted"
    if tool.get("name") != "web_search":
        yield f"{where}.name: Input should be 'web_search'"
    uses = tool.get("max_uses", 1)
    if isinstance(uses, bool) or not isinstance(uses, int) or uses < 1:
        yield f"{where}.max_uses: Input should be greater than 0"
    if tool.get("allowed_domains") and tool.get("blocked_domains"):
        yield f"{where}: Only one of allowed_domains and blocked_domains may be given"


def _system(system: Any) -> Iterator[str]:
    if system is None or isinstance(system, str):
        return
    if not isinstance(system, list):
        yield "system: Input should be a valid string or list"
        return
    for index, block in enumerate(system):
        where = f"system.{index}"
        if not is_object(block) or block.get("type") != "text":
            yield f"{where}.type: Input should be 'text'"
        else:
            yield from check_text(block, where, "system")


def _messages(body: Json, rules: Rules) -> Iterator[str]:
    messages = body["messages"]
    if not isinstance(messages, list):
        yield "messages: Input should be a valid list"
        return
    if not messages:
        yield "messages: at least one message is required"
    if len(messages) > MAX_MESSAGES:
        yield f"messages: List should have at most {MAX_MESSAGES} items"
    for index in range(rules.judged, len(messages)):
        yield from _message(messages[index], index, index == len(messages) - 1, rules)
    if messages[0]["role"] != "user":
        yield 'messages: first message must use the "user" role'
    spoken = [message["role"] for message in messages if message["role"] != "system"]
    for one, other in pairwise(spoken):
        if one == other:
            rule = 'roles must alternate between "user" and "assistant"'
            yield f'messages: {rule}, but found multiple "{one}" roles in a row'
    yield from check_pairing(messages)


def _message(message: Any, index: int, is_last: bool, rules: Rules) -> Iterator[str]:
    where = f"messages.{index}"
    if not is_object(message):
        yield f"{where}: Input should be an object"
        return
    for name in ("role", "content"):
        if name not in message:
            yield f"{where}.{name}: Field required"
    for name in message:
        if name not in ("role", "content"):
            yield f"{where}.{name}: Extra inputs are not permitted"
    role, content = message["role"], message["content"]
    if role not in ROLES:
        yield f"{where}.role: Input should be 'user', 'assistant' or 'system'"
    if isinstance(content, str):
        yield from check_text({"type": "text", "text": content}, where, role)
    elif not isinstance(content, list):
        yield f"{where}.content: Input should be a valid string or list"
    elif not content and not (is_last and role == "assistant"):
        yield f"{where}: all messages must have non-empty content except for the optional final assistant message"
    else:
        for number, block in enumerate(content):
            yield from check_block(block, f"{where}.content.{number}", role, rules.extra_block_types)
        yield from _thinking_order(content, where, role, rules)
    if is_last and role == "assistant":
        yield from _trailing_space(content)


def _thinking_order(content: list[Json], where: str, role: str, rules: Rules) -> Iterator[str]:
    kinds = [block["type"] for block in content]
    is_thinking = [kind in ("thinking", "redacted_thinking") for kind in kinds]
    if role != "assistant" or not any(is_thinking):
        return
    if not is_thinking[0]:
        yield (
            f"{where}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{kinds[0]}`. "
            "When `thinking` is enabled, an `assistant` message with thinking must start with a thinking block."
        )
    if is_thinking[-1]:
        yield f"{where}: The final block in an assistant message cannot be `thinking`."
    for number, block in enumerate(content):
        if block["type"] == "thinking" and not rules.is_known_thinking(block["thinking"], block["signature"]):
            yield f"{where}.content.{number}: Invalid `signature` in `thinking` block"


def _trailing_space(content: Any) -> Iterator[str]:
    text = content if isinstance(content, str) else ""
    if isinstance(content, list) and content and content[-1]["type"] == "text":
        text = content[-1]["text"]
    if text != text.rstrip():
        yield "messages: final assistant content cannot end with trailing whitespace"


def _breakpoints(body: Json) -> Iterator[str]:
    marks = list(_marks(body))
    if len(marks) > MAX_BREAKPOINTS:
        yield f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. Found {len(marks)}."
    lives = [mark.get("ttl", "5m") for mark in marks]
    if "5m" in lives and "1h" in lives[lives.index("5m") :]:
        yield "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block"


def _marks(body: Json) -> Iterator[Json]:
    system = body.get("system")
    groups = [body.get("tools"), system, *(message["content"] for message in body["messages"])]
    for group in groups:
        for block in group if isinstance(group, list) else ():
            if block.get("cache_control"):
                yield block["cache_control"]
            inner = block.get("content") if block.get("type") == "tool_result" else None
            for item in inner if isinstance(inner, list) else ():
                if item.get("cache_control"):
                    yield item["cache_control"]
    if body.get("cache_control"):
        yield body["cache_control"]
