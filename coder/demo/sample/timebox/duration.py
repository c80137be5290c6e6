"""Parsing and printing of durations, in seconds."""

import re

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_PART = re.compile(r"(\d+)\s*([dhms])")


def parse_duration(text):
    """Seconds of a text such as '1h 30m'. Raises ValueError for anything else."""
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip():
        raise ValueError(f"not a duration: {text!r}")
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


def format_duration(seconds):
    """The shortest text for a number of seconds: '1h 30m', '45s', '0s'."""
    if seconds < 0:
        return "-" + format_duration(-seconds)
    days = seconds // 86400
    hours = seconds // 3600 % 24
    minutes = seconds // 60
    rest = seconds % 60
    parts = [f"{value}{unit}" for value, unit in ((days, "d"), (hours, "h"), (minutes, "m"), (rest, "s")) if value]
    return " ".join(parts) or "0s"
