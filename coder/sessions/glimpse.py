"""What a list of sessions shows of one, from the head and the tail of its transcript. Must not read the whole of it."""

from __future__ import annotations

import json
import re
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coder.core.dataclass import dataclass
from coder.core.messages import ATTACHED, Json, is_typed_command, said_in
from coder.sessions.asides import Labels
from coder.sessions.lines import decode_line
from coder.sessions.titles import first_words, is_said_by_a_person, label_of, labels_in

_PIECE = 64 * 1024
_LONGEST_PROMPT = 2000  # characters
_STARTED = re.compile(r'"content":\s*"((?:[^"\\]|\\.){1,2000})', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Glimpse:
    """`modified` and `created` are seconds since 1970, `size` is in bytes. `title` is what the session is called, and
    `name` the same where somebody chose it."""

    path: Path
    modified: float
    size: int
    created: float = 0.0
    cwd: str = ""
    branch: str = ""
    prompt: str = ""
    labels: Labels = field(default_factory=Labels)
    is_sidechain: bool = False

    @property
    def id(self) -> str:
        return self.path.stem

    @property
    def name(self) -> str:
        return self.labels.custom or self.labels.ai

    @property
    def title(self) -> str:
        return self.name or first_words(self.prompt)


def glimpse(path: Path) -> Glimpse | None:
    """None when the file cannot be read or is empty. Reads 128 KB at most; never raises for what is in it."""
    try:
        with path.open("rb") as file:
            head = file.read(_PIECE)
            end = file.seek(0, 2)
            file.seek(max(0, end - _PIECE))
            tail = file.read(_PIECE)
            modified = path.stat().st_mtime
    except OSError:
        return None
    return _seen(path, head, tail, modified, end) if head else None


def _seen(path: Path, head: bytes, tail: bytes, modified: float, size: int) -> Glimpse:
    labels: dict[str, str] = {}
    facts: dict[str, str] = {}
    prompt = ""
    sidechain = None
    lines = head.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for line in lines:
        raw = decode_line(line.strip())
        if raw is None:
            continue
        labels |= label_of(raw)
        sidechain = raw.get("isSidechain") is True if sidechain is None else sidechain
        for name in ("cwd", "timestamp", "gitBranch"):
            if isinstance(raw.get(name), str):
                facts.setdefault(name, raw[name])
        prompt = prompt or prompt_of(raw)
    known = labels | labels_in(tail)
    return Glimpse(
        path,
        modified,
        size,
        created=seconds(facts.get("timestamp", "")),
        cwd=facts.get("cwd", ""),
        branch=_last_branch(tail) or facts.get("gitBranch", ""),
        prompt=prompt or _last_prompt(tail) or _begun_prompt(lines[-1]),
        labels=Labels(**known),
        is_sidechain=bool(sidechain),
    )


def prompt_of(raw: Json) -> str:
    """The words of an entry that a person wrote, shortened; "" for every other."""
    message = raw.get("message")
    if raw.get("type") != "user" or raw.get("isMeta") or raw.get("isCompactSummary") or not isinstance(message, dict):
        return ""
    text = _words(message.get("content"))
    if is_typed_command(text):
        return said_in([text])[:_LONGEST_PROMPT]
    return text[:_LONGEST_PROMPT] if is_said_by_a_person(text) else ""


def seconds(stamp: str) -> float:
    """Since 1970; 0 for a time that makes no sense."""
    try:
        found = datetime.fromisoformat(stamp)
    except ValueError:
        return 0.0
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _words(content: Any) -> str:
    if isinstance(content, str):
        return content
    blocks = [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []
    if any(block.get("type") == "tool_result" for block in blocks):
        return ""
    texts = [block["text"] for block in blocks if isinstance(block.get("text"), str)]
    return "\n".join(text for index, text in enumerate(texts) if not index or not text.startswith(ATTACHED))


def _last_prompt(tail: bytes) -> str:
    for line in reversed(tail.split(b"\n")):
        if line.startswith(b'{"type":"last-prompt"') and (raw := decode_line(line)) is not None:
            return str(raw.get("lastPrompt", ""))
    return ""


def _begun_prompt(line: bytes) -> str:
    """The beginning of a prompt that is longer than the head."""
    text = line.decode("utf-8", "replace")
    if '"type":"user"' not in text[:200].replace(" ", ""):
        return ""
    found = _STARTED.search(text)
    try:
        return str(json.loads(f'"{found[1]}"', strict=False)) if found else ""
    except ValueError:
        return ""


def _last_branch(tail: bytes) -> str:
    found = re.findall(rb'"gitBranch":\s*"([^"\\]{1,200})"', tail)
    return found[-1].decode("utf-8", "replace") if found else ""
