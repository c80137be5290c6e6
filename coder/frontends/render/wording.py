"""Numbers in words: times, tokens, money, counts; for eye and ear. Pure; must not know what they measure."""

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


def tokens(count: int) -> str:
    """`172`, `12.4k`, `214k`, `1.2M`."""
    if count < 1000:
        return str(count)
    for size, unit in ((1000, "k"), (1_000_000, "M")):
        value = count / size
        if value < 99.95:
            return f"{value:.1f}{unit}"
        if value < 999.5:
            return f"{value:.0f}{unit}"
    return f"{count / 1_000_000:,.0f}M"


def money(dollars: float | None) -> str:
    """`$0.04`; None is a price that is not known. What is not free is never shown as `$0.00`."""
    if dollars is None:
        return UNKNOWN_COST
    if 0 < dollars < 0.005:
        return "under $0.01"
    return f"${dollars:,.2f}"


def counted(number: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`, `1,204 lines`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def spoken_duration(seconds: float) -> str:
    """For a screen reader: `0.4 seconds`, `12 seconds`, `1 minute 10 seconds`."""
    if seconds < 9.95:
        value = f"{max(seconds, 0.0):.1f}".removesuffix(".0")
        return f"{value} second" if value == "1" else f"{value} seconds"
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    named = ((hours, "hour"), (minutes, "minute"), (0 if hours else rest, "second"))
    return " ".join(counted(number, name) for number, name in named if number)


def spoken_money(dollars: float | None) -> str:
    """`4 cents`, `1 dollar 18 cents`, `less than a cent`, `cost unknown`."""
    if dollars is None:
        return UNKNOWN_COST
    if 0 < dollars < 0.005:
        return "less than a cent"
    whole, cents = divmod(round(dollars * 100), 100)
    parts = [counted(whole, "dollar") if whole else "", counted(cents, "cent") if cents or not whole else ""]
    return " ".join(part for part in parts if part)


def spoken_tokens(count: int) -> str:
    """`172 tokens`, `12 thousand tokens`, `1.2 million tokens`."""
    if count < 1000:
        return counted(count, "token")
    if count < 999_500:
        return f"{round(count / 1000)} thousand tokens"
    return f"{count / 1_000_000:.1f}".removesuffix(".0") + " million tokens"
