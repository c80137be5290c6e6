"""What the agents of a session, and the conversation, came to read by their calls: where an address stands that a
report may name. Reads transcripts; must not know reports.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from coder.core.messages import Json
from coder.core.ordinary import open_ordinary

_MOST_LINE, _MOST_BYTES = 4 << 20, 64 << 20  # of one line, and of one transcript
_MOST_FILES = 1_000
_OWN_WORDS = frozenset(
    ("Agent", "SendMessage", "TaskOutput", "Submit", "Write", "Edit", "NotebookEdit", "TodoWrite", "Think", "Skill")
)
"""Tools whose results, and inputs, are what models said themselves."""
_LISTS = frozenset(("WebSearch",))  # names pages and reads none


def met(transcripts: Sequence[Path]) -> tuple[str, ...]:
    """Texts: what calls that succeeded were given and gave. Blocks; never raises."""
    return tuple(text for path in transcripts[:_MOST_FILES] for text in _of(path))


def transcripts_in(folder: Path, main: Path | None) -> tuple[Path, ...]:
    """That of a session and those of its agents; `folder` holds its side files."""
    try:
        beside = sorted((folder / "subagents").glob("agent-*.jsonl"))
    except OSError:
        beside = []
    return (*([main] if main is not None else []), *beside)


def _of(path: Path) -> Iterator[str]:
    asked: dict[str, str] = {}
    for block in _blocks(path):
        match block:
            case {"type": "tool_use", "id": str() as id, "name": str() as name, "input": dict() as given}:
                if name not in _OWN_WORDS | _LISTS:
                    asked[id] = json.dumps(given, ensure_ascii=False)
            case {"type": "tool_result", "tool_use_id": str() as id} if id in asked and not block.get("is_error"):
                yield asked.pop(id)
                yield json.dumps(block.get("content"), ensure_ascii=False)
            case _:
                pass


def _blocks(path: Path) -> Iterator[Json]:
    total = 0
    try:
        with open_ordinary(path) as file:
            while (line := file.readline(_MOST_LINE)) and (total := total + len(line)) <= _MOST_BYTES:
                if b'"tool_' not in line:
                    continue
                try:
                    record = json.loads(line)
                except (ValueError, RecursionError):
                    continue
                message = record.get("message") if isinstance(record, dict) else None
                content = message.get("content") if isinstance(message, dict) else None
                yield from (each for each in content if isinstance(each, dict)) if isinstance(content, list) else ()
    except OSError:
        return
