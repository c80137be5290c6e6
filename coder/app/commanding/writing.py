"""Writes a command or skill to begin with, as a file that has no mistakes. Never over another one.

Must not know who asks for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from pathlib import Path

from coder.commands.command import name_problem
from coder.core import new_file, prompts
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.visible import visible_line
from coder.frontmatter.folders import REPOSITORY
from coder.frontmatter.found import levels

_LONGEST = 1_000  # characters of a description


@dataclass(frozen=True, slots=True)
class Wanted:
    """`description` is "" where nobody said one."""

    name: str
    is_skill: bool = False
    is_mine: bool = False
    description: str = ""


def write_new(wanted: Wanted, config: Config, reserved: Collection[str]) -> Path:
    """The file that was written. Raises ConfigError."""
    return new_file.write_new(_file(wanted, config, reserved), _text(wanted))


def _file(wanted: Wanted, config: Config, reserved: Collection[str]) -> Path:
    name = wanted.name.removeprefix("/")
    parts = name.split(":")
    shown = visible_line(name)[:80]
    for part in parts:
        if problem := name_problem(part):
            raise ConfigError(f"{shown!r} cannot be the name of a command: {problem}.")
    if name in reserved:
        raise ConfigError(f"/{shown} is a command of the session itself: choose another name.")
    if wanted.is_skill and len(parts) > 1:
        raise ConfigError(f"a skill is called like its folder, without a colon: {shown!r} is none. Leave out --skill?")
    folder = config.home if wanted.is_mine else _project(config)
    if wanted.is_skill:
        return folder / "skills" / name / "SKILL.md"
    return folder.joinpath("commands", *parts[:-1], f"{parts[-1]}.md")


def _project(config: Config) -> Path:
    """The nearest folder that holds such files already; else one in the working folder."""
    for level in levels(config.cwd):
        for name in REPOSITORY[:2]:
            folder = level / name
            if any((folder / kind).is_dir() for kind in ("commands", "skills")):
                return folder
    claude = config.cwd / ".claude"
    return claude if os.path.lexists(claude) else config.cwd / ".coder"


def _text(wanted: Wanted) -> str:
    name = wanted.name.removeprefix("/").rpartition(":")[2]
    said = " ".join(visible_line(wanted.description).split())[:_LONGEST].strip()
    description = json.dumps(said or f"what /{name} does, in one line", ensure_ascii=False)
    task = _sentence(said) if said else "Say here what is to be done, as to a colleague who is new to this project."
    if wanted.is_skill:
        when = json.dumps(f"when the person asks for it, or says {name}", ensure_ascii=False)
        text = prompts.load(
            "templates/skill", name=name, description=description, when=when, title=_title(name), task=task
        )
    else:
        text = prompts.load("templates/command", description=description, task=task)
    return f"{text}\n"


def _sentence(said: str) -> str:
    text = f"{said[:1].upper()}{said[1:]}"
    return text if text.endswith((".", "!", "?", ":")) else f"{text}."


def _title(name: str) -> str:
    words = name.replace("-", " ").replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}"
