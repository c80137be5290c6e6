"""A session as a document: Markdown or JSON. Every text goes through `redact` first. Must not know files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from coder.core.messages import Json, Message, message_to_api
from coder.sessions.glimpse import Glimpse
from coder.sessions.telling import Part, parts

Redact = Callable[[str], str]
_HEADS = {
    "you": "## You",
    "coder": "## coder",
    "thinking": "### Thinking",
    "summary": "## Summary of what came before",
    "note": "### Note",
    "result": "**Result**",
    "failed": "**Failed**",
}
_BACKTICKS = re.compile(r"`{3,}")


def markdown(session: Glimpse, messages: Iterable[Message], redact: Redact) -> str:
    """Tool calls and results are code blocks that nothing in them can end."""
    lines = [f"# {one_line(redact(session.title)) or 'A session'}", ""]
    lines += [f"- {name}: {one_line(redact(value))}" for name, value in facts(session).items()]
    before = ""
    for part in parts(messages):
        head = f"**{one_line(redact(part.head))}**" if part.voice == "tool" else _HEADS[part.voice]
        if head != before or part.voice in ("tool", "result", "failed"):
            lines += ["", head]
        before = head
        lines += ["", _body(part, redact(part.text))]
    return "\n".join(lines) + "\n"


def as_json(session: Glimpse, messages: Iterable[Message], redact: Redact) -> str:
    """The messages in the shape of the API, with what is known of each."""
    found = {
        "sessionId": session.id,
        "title": redact(session.title),
        **{key: redact(value) for key, value in facts(session).items()},
        "messages": [_message(message, redact) for message in messages],
    }
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def facts(session: Glimpse) -> dict[str, str]:
    """What is worth saying about a session; nothing for what is not known."""
    known = {"session": session.id, "folder": session.cwd, "branch": session.branch, "tag": session.labels.tag}
    return {name: value for name, value in known.items() if value}


def one_line(text: str) -> str:
    return " ".join(text.split())


def _message(message: Message, redact: Redact) -> Json:
    meta = message.meta
    known = {"uuid": meta.uuid, "kind": meta.kind, "timestamp": meta.timestamp, "model": meta.model}
    raw: Json = _redacted(message_to_api(message), redact)
    return {**{name: value for name, value in known.items() if value}, **raw}


def _redacted(value: Any, redact: Redact) -> Any:
    match value:
        case {"type": "base64", "data": str(data), **rest}:
            return {**_redacted(rest, redact), "type": "base64", "data": data}
        case str():
            return redact(value)
        case dict():
            return {redact(str(key)): _redacted(item, redact) for key, item in value.items()}
        case list():
            return [_redacted(item, redact) for item in value]
        case _:
            return value


def _body(part: Part, text: str) -> str:
    if part.voice not in ("tool", "result", "failed"):
        return text.strip()
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{'json' if part.voice == 'tool' else ''}\n{text.rstrip()}\n{fence}"
