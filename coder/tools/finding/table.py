"""The lists of words beside this file. Must not know what they are for."""

from __future__ import annotations

from pathlib import Path


def rows(name: str) -> list[str]:
    """The lines of `<name>.txt`, without comments."""
    text = Path(__file__).with_name(f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def listed(name: str) -> list[str]:
    """All words of `<name>.txt`."""
    return " ".join(rows(name)).split()
