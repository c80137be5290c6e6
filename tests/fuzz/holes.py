"""The holes that are known: a data file of commands that must stay shut, some of them not shut yet.

A line of holes.jsonl: `id`, `profiles` (tried in the first), `command`, `why`, perhaps `allow` (rules); `open` when
today's gate lets it through, and then `excuse`, a regular expression of commands (and `deeds`, one of what they may do)
that the hunt meets, counts and passes by.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from tests.fuzz.profiles import Name

_FILE = Path(__file__).with_name("holes.jsonl")


@dataclass(frozen=True, slots=True)
class Known:
    id: str
    profiles: list[Name]
    command: str
    why: str
    allow: list[str] = field(default_factory=list)
    open: bool = False
    excuse: str = r"(?!)"
    deeds: str = ""

    def explains(self, profile: Name, command: str, deeds: Sequence[str]) -> bool:
        if not self.open or profile not in self.profiles or not re.search(self.excuse, command, re.DOTALL):
            return False
        return all(re.match(self.deeds, deed) for deed in deeds)


@lru_cache(maxsize=1)
def known() -> list[Known]:
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return [Known(**json.loads(line)) for line in lines if line.strip()]
