"""A content block while it grows out of deltas. Must not know events, messages or transports."""

from __future__ import annotations

import json
import math
import re
from typing import NoReturn

from coder.core.messages import Block, Json, Opaque, Text, Thinking, ToolUse
from coder.core.model import TextPart, ThinkingPart
from coder.core.nesting import is_deeper

INVALID_JSON = "INVALID_JSON"
_TOO_DEEP = "it is nested too deeply"
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


class GrowingBlock:
    """Collects the strings of one block and joins them once, at the end. Never raises on odd input."""

    def __init__(self, start: Json) -> None:
        self._start = start
        self._kind = start.get("type")
        self._pieces: dict[str, list[str]] = {}
        self._set: Json = {}
        self._high = ""

    def add(self, delta: Json) -> TextPart | ThinkingPart | None:
        """Take one delta in; the part to show, if it has one."""
        kind = delta.get("type")
        if kind == "text_delta" and isinstance(text := delta.get("text"), str):
            whole = self._whole(text)
            self._append("text", whole)
            return TextPart(whole) if whole and self._kind == "text" else None
        if kind == "thinking_delta" and isinstance(text := delta.get("thinking"), str):
            whole = self._whole(text)
            self._append("thinking", whole)
            return ThinkingPart(whole) if whole and self._kind == "thinking" else None
        for name, value in delta.items():
            if name == "signature" or (name != "type" and not isinstance(value, str)):
                self._set[name] = value
            elif name != "type":
                self._append(name, value)
        return None

    def finish(self) -> Block | None:
        """The block, or None for one that has nothing in it."""
        match self._kind:
            case "text":
                text = self._joined("text")
                return Text(text) if text.strip() else None
            case "thinking":
                thinking, signature = self._joined("thinking"), self._signature()
                return Thinking(thinking, signature) if thinking or signature else None
            case "tool_use":
                return self._tool_use()
            case _:
                return Opaque(self._opaque())

    @property
    def has_input(self) -> bool:
        """Whether any part of a tool call's input has arrived."""
        return bool(self._start.get("input")) or any(map(str.strip, self._pieces.get("partial_json", ())))

    def _append(self, name: str, text: str) -> None:
        self._pieces.setdefault(name, []).append(text)

    def _whole(self, text: str) -> str:
        """`text` without lone surrogates. The first half of a pair waits for the second in the next delta."""
        if text.isascii() and not self._high:
            return text
        text, self._high = self._high + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._high = text[:-1], text[-1]
        return sound(text)

    def _joined(self, name: str) -> str:
        start = self._start.get(name)
        first = sound(start) if isinstance(start, str) else ""
        return "".join((first, *self._pieces.get(name, ()), "\ufffd" if self._high else ""))

    def _signature(self) -> str:
        signature = self._set.get("signature", self._start.get("signature"))
        return signature if isinstance(signature, str) else ""

    def _tool_use(self) -> ToolUse:
        raw = "".join(self._pieces.get("partial_json", ()))
        start = self._start.get("input")
        call_id, name = str(self._start.get("id") or ""), str(self._start.get("name") or "unnamed")
        if not raw.strip():
            return ToolUse(call_id, name, start if isinstance(start, dict) else {})
        try:
            return ToolUse(call_id, name, parse_input(raw))
        except ValueError as error:
            return ToolUse(call_id, name, {INVALID_JSON: sound(raw)}, error=str(error))

    def _opaque(self) -> Json:
        raw: Json = {**self._start, **self._set}
        for name, pieces in self._pieces.items():
            joined = "".join(pieces)
            if name == "partial_json":
                try:
                    raw["input"] = parse_input(joined)
                except ValueError:
                    raw["input"] = {INVALID_JSON: joined}
            else:
                before = self._start.get(name)
                raw[name] = before + joined if isinstance(before, str) else joined
        return raw


def parse_input(raw: str) -> Json:
    """The JSON object of a tool call. Raises ValueError, in words for the model, for anything else."""
    try:
        value = json.loads(raw, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    if is_deeper(value, raw):
        raise ValueError(_TOO_DEEP)
    if not isinstance(value, dict):
        raise ValueError(f"it must be a JSON object, not {type(value).__name__}")
    if _SURROGATE_ESCAPE.search(raw):
        return _sound_json(value)
    return dict(value)


def sound(text: str) -> str:
    """`text` with surrogate pairs joined and lone ones replaced by U+FFFD, so that it can be sent and stored."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _sound_json(value: Json) -> Json:
    sounded: Json = json.loads(sound(json.dumps(value, ensure_ascii=False)))
    return sounded


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"the number {digits[:40]} is too large")
    return number
