"""The names of models as people say them. Pure; must not know which models there are."""

from __future__ import annotations


def short_model(name: str) -> str:
    """`claude-sonnet-4-5-20250929` as people call it: `sonnet-4-5`."""
    short = name.rpartition("/")[2].removeprefix("claude-")
    head, _, date = short.rpartition("-")
    return head if head and len(date) == 8 and date.isdigit() else short
