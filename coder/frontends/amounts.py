"""Money, tokens and sizes as tables show them: to the last place that matters. Pure; knows no table."""

from __future__ import annotations


def money(dollars: float) -> str:
    """`$1.18`; below ten cents as many places as it takes to see something. Only what is free is zero."""
    if 0 < dollars < 0.00005:
        return "<$0.0001"
    return f"${dollars:,.2f}" if dollars >= 0.1 or not dollars else f"${dollars:.4f}"


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
