"""How deeply JSON may be nested. What walks over a value calls itself for each level, and Python ends that after a
thousand calls; its parser ends at that only before 3.12, so that it must be asked for. Knows values only.
"""

from __future__ import annotations

from typing import Any

DEEPEST = 100
"""Levels of what a model says: nobody means more, and all that reads it later can go so deep."""


def is_deeper(value: Any, text: str | bytes, levels: int = DEEPEST) -> bool:
    """Whether lists and objects lie deeper in one another. `text` is the value as JSON: it tells at once of nearly all
    values that they do not."""
    if _opened(text) <= levels:
        return False
    found = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        inside = (item for each in found for item in (each.values() if isinstance(each, dict) else each))
        found = [item for item in inside if isinstance(item, dict | list)]
    return bool(found)


def _opened(text: str | bytes) -> int:
    return text.count("[") + text.count("{") if isinstance(text, str) else text.count(b"[") + text.count(b"{")
