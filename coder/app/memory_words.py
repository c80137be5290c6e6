"""How the model is told of memory files, and which it was told of. Pure; must not know where they come from.

A conversation says itself what was told: each file carries its path and a version, so that nothing is told twice after
a resume, and nothing is missing after a rewind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from coder.core import prompts
from coder.core.messages import Block, Message, Text, ToolResult
from coder.core.visible import visible_line
from coder.memory.files import MemoryFile, Whose

GONE = "gone"
MOST_IN_REMINDER = 40_000  # characters of one file
_KINDS = ("context", "reminder")
_TAG = re.compile(r"<(/?memory)\b", re.IGNORECASE)
_MARK = re.compile(r'^<memory path="([^"\n]*)"(?: [^\n]*)? version="([0-9a-z]+)">$', re.MULTILINE)
_WHOSE: dict[Whose, str] = {
    "managed": "the administrator's, for everybody",
    "yours": "the person's own, for every project",
    "project": "the project's, shared",
    "only you": "the person's own, for this project",
}
# A call that touches a path, and the field that names it.
_TOUCHES = {
    "Read": "file_path",
    "Edit": "file_path",
    "Write": "file_path",
    "NotebookEdit": "notebook_path",
    "Grep": "path",
}


def heading() -> Text:
    return Text(prompts.load("memory"))


def block(file: MemoryFile, most: int | None = None) -> Text:
    """The file as the model reads it, of its text at most `most` characters."""
    text = _TAG.sub(r"<\\\1", file.text)
    if most is not None and len(text) > most:
        text = f"{text[:most]}\n{prompts.load('reminders/memory_cut', left=f'{len(text) - most:,}')}"
    more = f' imported-by="{name_of(file.parent)}"' if file.parent else ""
    if file.globs and file.parent is None:
        more += f' for="{_quoted(", ".join(file.globs)[:300])}"'
    path, whose = name_of(file.path), _WHOSE[file.whose]
    return Text(prompts.load("memory_file", path=path, whose=whose, more=more, version=file.version, text=text))


def gone(name: str) -> Text:
    return Text(prompts.load("reminders/memory_gone", path=name))


def is_ours(part: Block) -> bool:
    """Whether a block of the first message is about memory."""
    return isinstance(part, Text) and part.text.startswith(("<memory ", "<memory-files>"))


def name_of(path: Path) -> str:
    """The path as it is told: on one line, and without what could end it."""
    return _quoted(str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def first_name(text: str) -> str:
    """The name of the file that a block holds; for the words above all of them "memory", else ""."""
    found = _MARK.match(text)
    return found[1] if found else "memory" * text.startswith("<memory-files>")


def told(messages: Iterable[Message]) -> dict[str, str]:
    """The names of the files that the conversation holds, and the version of each that was told last."""
    found: dict[str, str] = {}
    for message in messages:
        if message.meta.kind in _KINDS:
            for part in message.content:
                if isinstance(part, Text) and "<memory " in part.text:
                    found.update(_MARK.findall(part.text))
    return found


def touched(messages: Sequence[Message], cwd: Path) -> Iterator[Path]:
    """The paths of the calls that read or changed one, in order, each once; failed calls touched nothing."""
    failed = {
        part.tool_use_id
        for message in messages
        if message.role == "user"
        for part in message.content
        if isinstance(part, ToolResult) and part.is_error
    }
    seen: set[str] = set()
    for message in messages:
        for call in message.tool_uses if message.role == "assistant" else ():
            path = call.input.get(_TOUCHES.get(call.name, ""))
            if isinstance(path, str) and path and path not in seen and "\0" not in path and call.id not in failed:
                seen.add(path)
                yield cwd / path


def _quoted(text: str) -> str:
    return visible_line(text).replace('"', "'")
