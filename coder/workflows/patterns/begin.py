"""Writes a workflow file to begin with. Never over another one. Must not know who asks for it."""

from __future__ import annotations

from pathlib import Path

from coder.core.errors import ConfigError
from coder.core.new_file import write_new
from coder.core.visible import visible_line
from coder.workflows.naming import file_problem

PATTERNS = ("chain", "route", "parallel", "vote", "orchestrate", "improve")
_HERE = Path(__file__).parent


def begin(folder: Path, name: str, pattern: str) -> Path:
    """The file that was written. Raises ConfigError."""
    name = name.removeprefix("/")
    shown = visible_line(name)[:80]
    parts = name.split(":")
    if problem := next(filter(None, map(file_problem, parts)), ""):
        raise ConfigError(f"{shown!r} cannot be the name of a workflow: {problem}.")
    if pattern not in PATTERNS:
        raise ConfigError(f"there is no pattern {visible_line(pattern)[:40]!r}: choose one of {', '.join(PATTERNS)}.")
    file = folder.joinpath(*parts[:-1], f"{parts[-1]}.md")
    text = (_HERE / f"{pattern}.md").read_text(encoding="utf-8")
    return write_new(file, text.replace("NAME", parts[-1]))
