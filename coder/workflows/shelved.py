"""Where our own workflows lie. Must load nothing: who only needs their names reads none."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).parent / "shipped"
