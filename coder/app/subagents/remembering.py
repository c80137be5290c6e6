"""The memory of an agent: a folder of its own that outlives its task, and what of it is told at the start. Must not
know who writes there.

A project's folder is the repository's: what stands in it is read as notes, and never through a link.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from coder.commands.agents import Agent
from coder.core import nofollow, prompts
from coder.core.config import Config, RuleText
from coder.core.dataclass import dataclass
from coder.core.messages import Text
from coder.core.visible import visible

INDEX = "MEMORY.md"
_FOLDERS = {"user": "agent-memory", "project": ".claude/agent-memory", "local": ".claude/agent-memory-local"}
_LINES, _BYTES = 200, 25_000
_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")
_SIGNS = re.compile(r"([*?\[\](){}!\\])")
_TAG = re.compile(r"<(/?\s*agent-memory)", re.IGNORECASE)
_TOOLS = ("Read", "Edit")


@dataclass(frozen=True, slots=True)
class Remembering:
    folder: Path
    told: Text
    rules: tuple[RuleText, ...]


def remembering_of(agent: Agent, config: Config) -> Remembering | None:
    """None for an agent without a memory, and where its name leaves nothing to call a folder by. Blocks."""
    name = _PLAIN.sub("-", agent.name).strip("-")
    if not agent.memory or not name:
        return None
    base = config.home if agent.memory == "user" else config.cwd
    folder = base / _FOLDERS[agent.memory] / name
    text = _index(base, folder)
    index = f"\n{text}" if text else "\nIt is empty so far."
    told = Text(prompts.load("agents/memory", folder=visible(str(folder)), index=_TAG.sub(r"<\\\1", index)))
    return Remembering(folder, told, tuple(_rules(folder, agent, config)))


def _index(base: Path, folder: Path) -> str:
    try:
        with nofollow.Folders(os.path.realpath(base)) as folders:
            descriptor = folders.open(f"{folder.relative_to(base).as_posix()}/{INDEX}")
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(_BYTES + 1)
    except OSError:
        return ""
    text = data[:_BYTES].decode(errors="replace").strip()
    lines = text.split("\n")
    is_cut = len(data) > _BYTES or len(lines) > _LINES
    return visible("\n".join(lines[:_LINES])) + ("\n[the rest is left out: shorten the file]" if is_cut else "")


def _rules(folder: Path, agent: Agent, config: Config) -> Iterator[RuleText]:
    """It may read and write there without a question."""
    path = _SIGNS.sub(r"\\\1", str(folder))
    for tool in _TOOLS:
        yield RuleText(f"{tool}(/{path}/**)", "allow", "session", str(agent.file), config.cwd)
