"""Durations as people write them."""

from timebox.duration import format_duration, parse_duration
from timebox.schedule import Block, total

__all__ = ["Block", "format_duration", "parse_duration", "total"]
