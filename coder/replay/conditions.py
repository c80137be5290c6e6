"""When a scripted reply applies: small questions about a request. Pure; must not know replies."""

from __future__ import annotations

import re
from dataclasses import fields
from functools import cached_property

from coder.core.dataclass import dataclass
from coder.core.messages import Json


class View:
    """A request as conditions see it. Tolerates any shape."""

    def __init__(self, request: Json, number: int = 1) -> None:
        self.request = request
        self.number = number

    @cached_property
    def messages(self) -> list[Json]:
        raw = self.request.get("messages")
        return [m for m in raw if isinstance(m, dict)] if isinstance(raw, list) else []

    @cached_property
    def turn(self) -> int:
        """1 for the first request of a conversation, one more for every reply in it."""
        return 1 + len([message for message in self.messages if message.get("role") == "assistant"])

    @cached_property
    def last_user(self) -> Json:
        return next((m for m in reversed(self.messages) if m.get("role") == "user"), {})

    @cached_property
    def results(self) -> list[Json]:
        """The tool results of the last user message."""
        return [block for block in blocks_of(self.last_user) if block.get("type") == "tool_result"]

    @cached_property
    def last_tool_result(self) -> str | None:
        return "\n".join(text_of(block.get("content")) for block in self.results) if self.results else None

    @cached_property
    def last_user_text(self) -> str:
        return text_of([b for b in blocks_of(self.last_user) if b.get("type") == "text"])

    @cached_property
    def last_assistant_text(self) -> str:
        last: Json = next((m for m in reversed(self.messages) if m.get("role") == "assistant"), {})
        return text_of(last.get("content"))

    @cached_property
    def all_results(self) -> list[str]:
        """The text of every tool result of the request, the latest first."""
        blocks = (b for m in reversed(self.messages) for b in reversed(blocks_of(m)))
        return [text_of(b.get("content")) for b in blocks if b.get("type") == "tool_result"]

    @cached_property
    def last_tool(self) -> str | None:
        """The name of the tool whose result came last."""
        if not self.results:
            return None
        wanted = self.results[-1].get("tool_use_id")
        uses = (b for m in reversed(self.messages) for b in blocks_of(m) if b.get("type") == "tool_use")
        return next((str(b.get("name")) for b in uses if b.get("id") == wanted), None)

    @property
    def is_tool_error(self) -> bool:
        return any(block.get("is_error") is True for block in self.results)

    @property
    def system(self) -> str:
        return text_of(self.request.get("system"))


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """All conditions given must hold. Groups named in a regular expression are the captures."""

    turn: int | None = None
    request: int | None = None
    model: str | None = None
    tool_error: bool | None = None
    last_tool: str | None = None
    last_tool_result_contains: str | None = None
    last_tool_result_not_contains: str | None = None
    any_tool_result_contains: str | None = None
    any_tool_result_not_contains: str | None = None
    last_user_contains: str | None = None
    last_user_not_contains: str | None = None
    last_assistant_contains: str | None = None
    system_contains: str | None = None
    regex: re.Pattern[str] | None = None
    any_regex: re.Pattern[str] | None = None
    user_regex: re.Pattern[str] | None = None

    @property
    def names(self) -> frozenset[str]:
        patterns = (self.regex, self.any_regex, self.user_regex)
        return frozenset(name for pattern in patterns if pattern for name in pattern.groupindex)

    def match(self, view: View) -> dict[str, str] | None:
        """The captures when everything holds, else None."""
        return None if self.misses(view) else self._captures(view)

    def misses(self, view: View) -> list[str]:
        """The names of the conditions that do not hold."""
        given = (field.name for field in fields(self) if getattr(self, field.name) is not None)
        return [name for name in given if not self._holds(name, view)]

    def _holds(self, name: str, view: View) -> bool:
        wanted = getattr(self, name)
        match name:
            case "turn":
                return bool(view.turn == wanted)
            case "request":
                return bool(view.number == wanted)
            case "model":
                return wanted in str(view.request.get("model"))
            case "tool_error":
                return bool(view.is_tool_error == wanted)
            case "last_tool":
                return bool(view.last_tool == wanted)
            case "regex" | "any_regex" | "user_regex":
                return self._search(name, view) is not None
            case "any_tool_result_contains":
                return any(wanted in text for text in view.all_results)
            case "any_tool_result_not_contains":
                return not any(wanted in text for text in view.all_results)
            case _:
                return self._holds_text(name, wanted, view)

    @staticmethod
    def _holds_text(name: str, wanted: str, view: View) -> bool:
        where = {
            "last_tool_result": view.last_tool_result,
            "last_user": view.last_user_text,
            "last_assistant": view.last_assistant_text,
            "system": view.system,
        }
        negative = name.endswith("_not_contains")
        text = where[name.removesuffix("_not_contains").removesuffix("_contains")]
        return text is not None and (wanted in text) != negative

    def _search(self, name: str, view: View) -> re.Match[str] | None:
        pattern: re.Pattern[str] = getattr(self, name)
        match name:
            case "regex":
                texts = [view.last_tool_result] if view.last_tool_result is not None else []
            case "any_regex":
                texts = view.all_results
            case _:
                texts = [view.last_user_text]
        return next((found for text in texts if (found := pattern.search(text))), None)

    def _captures(self, view: View) -> dict[str, str]:
        captures: dict[str, str] = {}
        for name in ("user_regex", "any_regex", "regex"):
            if getattr(self, name) is not None and (found := self._search(name, view)):
                captures |= {key: value or "" for key, value in found.groupdict().items()}
        return captures


def blocks_of(message: Json) -> list[Json]:
    """The content blocks of a message, string content as one text block."""
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [b for b in content if isinstance(b, dict)] if isinstance(content, list) else []


def text_of(content: object) -> str:
    """The text in string or block content, joined by newlines."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "\n".join(str(b.get("text")) for b in content if isinstance(b, dict) and b.get("type") == "text")
