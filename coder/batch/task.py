"""One task of a batch, as it was asked for. Values only. Must not know files, processes or git."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import field, fields
from pathlib import Path
from typing import Any

from coder.core.dataclass import dataclass

_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,30}[A-Za-z0-9])?\Z")
_OTHER = re.compile(r"[^A-Za-z0-9_-]+")
_NOT_WORK = frozenset({"line", "tags", "instance"})
"""What can change without the work being another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """`prompt` may begin with a slash: the run takes it as a command. `cwd` is where it begins, `base` the commit its
    work tree begins at, "" is HEAD when the batch began. None and "" are: as coder does without. `timeout` is in
    seconds. `check` is a shell command that has to succeed afterwards. `instance`: the name of a SWE-bench row, whose
    result carries what its harness reads. `line` is where in the file it stands."""

    id: str
    prompt: str
    cwd: Path
    base: str = ""
    model: str = ""
    max_turns: int | None = None
    usd: float | None = None
    timeout: float | None = None
    permission_mode: str = ""
    allowed_tools: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    check: str = ""
    tags: tuple[str, ...] = ()
    instance: str = ""
    line: int = 0

    @property
    def digest(self) -> str:
        """The same for the same work. The variables count, and cannot be read from it."""
        said: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        kept = {name: value for name, value in said.items() if name not in _NOT_WORK}
        text = json.dumps(kept, sort_keys=True, default=str, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def slug(self) -> str:
        """The id as a name for files and branches: the same where it can be, else with its hash, so that no two ids
        have one slug, also where the case of letters is not told apart."""
        if _PLAIN.match(self.id) and self.id == self.id.lower():
            return self.id
        words = _OTHER.sub("-", self.id).strip("-_")[:23].rstrip("-_").lower()
        mark = hashlib.sha256(self.id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        return f"{words}-x{mark}" if words else f"x{mark}"
