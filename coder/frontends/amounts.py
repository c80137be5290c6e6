"""Numbers in words: times, money, tokens, sizes, counts; for eye and ear. Pure; must not know what they measure."""

from __future__ import annotations

UNKNOWN_COST = "cost unknown"


def duration(seconds: float) -> str:
    """`0.4s`, `2.1s`, `12s`, `1m 10s`, `2h 05m`."""
    seconds = max(seconds, 0.0)
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02}m"


def whole_seconds(seconds: float) -> str:
    """As `duration`, for what counts up in a live row: `4s`, `1m 10s`."""
    return f"{int(max(seconds, 0))}s" if seconds < 60 else duration(int(seconds))


def spoken_duration(seconds: float) -> str:
    """For a screen reader, which would read `1m 05s` as "one m oh five s": `0.4s`, `12s`, `1m 5s`."""
    return f"{max(seconds, 0.0):.1f}s" if seconds < 9.95 else spoken_seconds(seconds)


def spoken_seconds(seconds: float) -> str:
    """`6s`, `1m 30s`, `2h 5m`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h {minutes}m"
    return f"{minutes}m {rest}s" if minutes else f"{rest}s"


def money(dollars: float | None) -> str:
    """`$0.04`; None is a price that is not known. What is not free is never shown as `$0.00`."""
    if dollars is None:
        return UNKNOWN_COST
    if 0 < dollars < 0.005:
        return "under $0.01"
    return f"${dollars:,.2f}"


def exact_money(dollars: float) -> str:
    """For tables: `$1.18`; below ten cents as many places as it takes to see something. Only what is free is zero."""
    if 0 < dollars < 0.00005:
        return "<$0.0001"
    return f"${dollars:,.2f}" if dollars >= 0.1 or not dollars else f"${dollars:.4f}"


def spoken_money(dollars: float | None) -> str:
    """`4 cents`, `$1.20`."""
    if dollars is None:
        return UNKNOWN_COST
    cents = round(dollars * 100)
    if not dollars:
        return "no cost"
    if cents < 1:
        return "less than 1 cent"
    return counted(cents, "cent") if cents < 100 else f"${cents / 100:,.2f}"


def tokens(count: int) -> str:
    """`812`, `24.1k`, `3.2M`."""
    if count < 1000:
        return str(count)
    return f"{count / 1000:.1f}k" if count < 999_950 else f"{count / 1_000_000:.1f}M"


def rounded(count: int) -> str:
    """Tokens where they are a round number: `200k`, `1M`."""
    if count % 1_000_000 == 0 and count:
        return f"{count // 1_000_000}M"
    return f"{count // 1000}k" if count % 1000 == 0 else tokens(count)


def size(count: int) -> str:
    """Bytes: `0.4 KB`, `3.1 MB`."""
    return f"{count / 1000:,.1f} KB" if count < 999_950 else f"{count / 1_000_000:,.1f} MB"


def counted(number: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`, `1,204 lines`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
