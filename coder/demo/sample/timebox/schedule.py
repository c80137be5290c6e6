"""Blocks of planned time."""

from dataclasses import dataclass

from timebox.duration import format_duration, parse_duration


@dataclass(frozen=True)
class Block:
    """A named piece of work with its planned length, e.g. Block('review', '45m')."""

    name: str
    length: str

    @property
    def seconds(self):
        return parse_duration(self.length)


def total(blocks):
    """The planned length of all blocks together, as text."""
    return format_duration(sum(block.seconds for block in blocks))
