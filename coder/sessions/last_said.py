"""How a session ended: its last prompt and what was answered, from the tail of its transcript alone. Never raises."""

from __future__ import annotations

from pathlib import Path

from coder.core.messages import Json
from coder.sessions.glimpse import prompt_of
from coder.sessions.lines import decode_line

_TAIL = 64 * 1024


def last_said(path: Path) -> tuple[str, str]:
    """The last prompt and the last text that followed it; "" for what the tail does not hold. Never raises."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _TAIL))
            lines = file.read(_TAIL).split(b"\n")
    except OSError:
        return "", ""
    reply = ""
    for line in reversed(lines):
        raw = decode_line(line.strip())
        if raw is None or raw.get("isSidechain") is True:
            continue
        if prompt := prompt_of(raw):
            return prompt, reply
        reply = reply or _reply_of(raw)
    return "", reply


def _reply_of(raw: Json) -> str:
    message = raw.get("message")
    if raw.get("type") != "assistant" or not isinstance(message, dict):
        return ""
    content = message.get("content")
    if isinstance(content, str):
        return content.strip()
    blocks = content if isinstance(content, list) else []
    texts = [block.get("text") for block in blocks if isinstance(block, dict) and block.get("type") == "text"]
    return "\n".join(text for text in texts if isinstance(text, str)).strip()
