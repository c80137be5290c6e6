"""Spans of time in words. Pure; knows no clock."""

from __future__ import annotations


def span(seconds: float) -> str:
    """`42 s`, `3 min 5 s`, `2 h 10 min`: whole seconds, and none beside hours."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    parts = [
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes else "",
        f"{rest} s" if (rest and not hours) or whole < 60 else "",
    ]
    return " ".join(part for part in parts if part)
