"""The rows of docs/sdk_matrix.md: an option of an SDK, whether it works here, what shows it, and why not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SDK_TESTS = ROOT / "tests" / "online" / "sdk"
# Of an agent's definition, in both SDKs together.
FIELDS = {
    *(
        "description",
        "prompt",
        "tools",
        "disallowedTools",
        "model",
        "mcpServers",
        "skills",
        "initialPrompt",
        "maxTurns",
    ),
    *("background", "memory", "effort", "permissionMode", "autoCompactWindow", "omitClaudeMd", "observer"),
    *("observerMessage", "criticalSystemReminder_EXPERIMENTAL"),
}
_ROW = re.compile(r"\| `(\w+)` \| ([^|]*) \| ([^|]*) \| ([^|]*) \|")


@dataclass(frozen=True, slots=True)
class Row:
    option: str
    here: str
    shown: str
    reason: str


def rows(language: str) -> list[Row]:
    """Those of the section that begins with `language`."""
    page = (ROOT / "docs" / "sdk_matrix.md").read_text(encoding="utf-8")
    (section,) = [part for part in page.split("\n## ") if part.startswith(f"{language}:")]
    return [
        Row(*(cell.strip() for cell in found.groups())) for found in map(_ROW.fullmatch, section.split("\n")) if found
    ]
