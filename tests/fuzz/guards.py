"""The guards of the gate, and copies of coder in which one of them is switched off. Knows no shell."""

from __future__ import annotations

import shutil
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fuzz.profiles import Name

CODER = Path(__file__).parents[2] / "coder"
_DATA = Path(__file__).with_name("guards.toml")


@dataclass(frozen=True, slots=True)
class Edit:
    """A piece of a file below coder/permissions, and what stands there when the guard is off."""

    file: str
    old: str
    new: str

    def applied(self, package: Path) -> str:
        """The file without it. Fails when the piece is not there exactly once: code has moved, the data must follow."""
        text = self.path(package).read_text(encoding="utf-8")
        found = text.count(self.old)
        assert found == 1, f"{self.old!r} stands {found} times in {self.file}"
        return text.replace(self.old, self.new)

    def path(self, package: Path) -> Path:
        return package / "permissions" / self.file


@dataclass(frozen=True, slots=True)
class Guard:
    id: str
    why: str
    profile: Name
    edits: tuple[Edit, ...]
    spice: list[str] = field(default_factory=list)
    inputs: int = 3_000

    def without(self, folder: Path) -> Path:
        """A folder to import coder from, without this guard."""
        package = folder / "coder"
        shutil.copytree(CODER, package, ignore=shutil.ignore_patterns("__pycache__"))
        for edit in self.edits:
            edit.path(package).write_text(edit.applied(package), encoding="utf-8")
        return folder


def guards() -> list[Guard]:
    with _DATA.open("rb") as file:
        return [_guard(entry) for entry in tomllib.load(file)["guard"]]


def _guard(entry: dict[str, Any]) -> Guard:
    edits = (Edit(entry.pop("file"), entry.pop("old"), entry.pop("new")), *(Edit(**e) for e in entry.pop("with", ())))
    return Guard(edits=edits, **entry)
