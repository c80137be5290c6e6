"""The holes that are known: a data file of commands that must stay shut, some of them not shut yet.

A line of holes.jsonl: `id`, `profile`, `command`, `why`; `open` when today's gate lets it through, and then `excuse`, a
regular expression of commands (and `deeds`, one of what they may do) that the hunt meets, counts and passes by.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).with_name("holes.jsonl")


@dataclass(frozen=True, slots=True)
class Known:
    id: str
    profile: str
    command: str
    why: str
    open: bool = False
    excuse: str = ""
    deeds: str = ""

    def explains(self, command: str, deeds: Sequence[str]) -> bool:
        if not self.open or not self.excuse or not re.search(self.excuse, command, re.DOTALL):
            return False
        return all(re.match(self.deeds, deed) for deed in deeds)


def known() -> list[Known]:
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return [Known(**json.loads(line)) for line in lines if line.strip()]
