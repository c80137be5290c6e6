"""The skills that an agent is given whole from the start. Must not know agents. Nothing of a text is run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from coder.commands.definition import Definition
from coder.commands.injection import Shell, Words, pieces
from coder.commands.loader import body
from coder.commands.substitution import Given, fill
from coder.core import prompts
from coder.core.visible import visible_line

MOST = 20_000  # characters of one


def preloaded(definition: Definition, facts: Mapping[str, str]) -> str:
    """Raises ConfigError when its file cannot be read, or is no longer the one that was."""
    folder = definition.folder or definition.file.parent
    given = Given("", definition.arguments, {**facts, "SKILL_DIR": str(folder)})
    parts: list[str] = []
    for piece in pieces(body(definition)):
        match piece:
            case Words(text):
                parts.append(fill(text, given)[0])
            case Shell(command):
                parts.append(f"[what `{command.strip()}` prints; it was not run]")
    text = "".join(parts).strip()
    if len(text) > MOST:
        text = f"{text[:MOST]}\n{prompts.load('reminders/skill_cut', left=f'{len(text) - MOST:,}')}"
    return prompts.load("reminders/skill", folder=visible_line(str(Path(folder))), body=text)
