"""What the requests of a conversation begin with, as a short mark that is kept with each reply: a session that is taken
up again knows by it whether its next request begins the same. Must not know messages, or where marks are kept.
"""

from __future__ import annotations

import json
from hashlib import blake2b

from coder.core.model import ModelRequest

_PARTS = ("another system prompt", "other tools", "another effort")


def head_of(template: ModelRequest) -> str:
    """A mark for each of the system prompt, the tools, and how hard the model thinks."""
    tools = [[tool.name, tool.description, tool.input_schema] for tool in template.tools]
    thinks = f"t{template.thinking_tokens or ''}" if template.thinking else "-"
    task = f"b{template.task_budget}" if template.task_budget else ""
    return f"{_mark(template.system)}.{_mark(tools)}.{thinks}{template.effort or ''}{task}"


def changed(was: str, now: str) -> str:
    """Why requests no longer begin as they did; "" when they do, or when it is not known how they did."""
    before, after = was.split("."), now.split(".")
    if len(before) != len(_PARTS):
        return ""
    return ", ".join(part for part, old, new in zip(_PARTS, before, after, strict=True) if old != new)


def _mark(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()
