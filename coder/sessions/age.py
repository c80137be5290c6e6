"""How long ago something was, in words. Pure; must not know what."""

from __future__ import annotations

from datetime import datetime

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def age(then: float, now: float) -> str:
    """Both in seconds since 1970: `just now`, `2 min ago`, `3 h ago`, `yesterday`, `5 days ago`, else the date."""
    passed = now - then
    if passed < _MINUTE:
        return "just now"
    if passed < _HOUR:
        return f"{int(passed // _MINUTE)} min ago"
    day, today = (datetime.fromtimestamp(each).astimezone().date() for each in (then, now))
    days = (today - day).days
    if days <= 0 or passed < 6 * _HOUR:
        return f"{int(passed // _HOUR)} h ago"
    if days == 1:
        return "yesterday"
    return f"{days} days ago" if days < 14 else day.isoformat()


def size_text(size: int) -> str:
    """`812 bytes`, `12 KB`, `3.4 MB`."""
    if size < 1000:
        return f"{size} bytes"
    for unit in ("KB", "MB", "GB"):
        shown = size / 1000
        if shown < 999.5 or unit == "GB":
            return f"{shown:.1f} {unit}" if shown < 9.95 else f"{shown:.0f} {unit}"
        size //= 1000
    raise AssertionError("unreachable: the last unit is returned")
