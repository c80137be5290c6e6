"""Cuts the body of a workflow file at its `##` headings, and takes the `step` block out of each. Pure, linear, total.

Must not know what stands in a block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from coder.core.dataclass import dataclass

_FENCE = re.compile(r" {0,3}(?P<marks>`{3,}|~{3,})[ \t]*(?P<info>[^\n]*)\Z")
_HEADING = re.compile(r" {0,3}##[ \t]+(?P<text>.*?)(?:[ \t]+#+)?[ \t]*\Z")


@dataclass(frozen=True, slots=True)
class Block:
    """`line` is that of its first line, behind the fence; `closed`: its end is there."""

    text: str
    line: int
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """`heading` "" is what stands before the first one. `text` is without its blocks, and begins at `text_line`;
    `text_lines` has the line in the file of each line of it."""

    heading: str
    line: int
    text: str
    text_lines: tuple[int, ...]
    blocks: tuple[Block, ...] = ()


def sections(body: str, first_line: int) -> Iterator[Section]:
    heading, line = "", first_line
    kept: list[tuple[int, str]] = []
    blocks: list[Block] = []
    block: list[str] | None = None
    marks, opened = "", 0
    for number, text in enumerate(body.split("\n"), first_line):
        fence = _FENCE.match(text)
        if marks:
            if fence is not None and fence["marks"].startswith(marks) and not fence["info"].strip():
                if block is not None:
                    blocks.append(Block("\n".join(block), opened))
                else:
                    kept.append((number, text))
                marks, block = "", None
            elif block is not None:
                block.append(text)
            else:
                kept.append((number, text))
        elif fence is not None and not (fence["marks"][0] == "`" and "`" in fence["info"]):
            marks = fence["marks"]
            if fence["info"].split()[:1] == ["step"]:
                block, opened = [], number + 1
            else:
                kept.append((number, text))
        elif (found := _HEADING.match(text)) is not None:
            yield _section(heading, line, kept, blocks)
            heading, line, kept, blocks = found["text"].strip() or "?", number, [], []
        else:
            kept.append((number, text))
    if block is not None:
        blocks.append(Block("\n".join(block), opened, closed=False))
    yield _section(heading, line, kept, blocks)


def _section(heading: str, line: int, kept: list[tuple[int, str]], blocks: list[Block]) -> Section:
    filled = [place for place, (_, text) in enumerate(kept) if text.strip()]
    kept = kept[filled[0] : filled[-1] + 1] if filled else []
    text = "\n".join(text for _, text in kept)
    return Section(heading, line, text, tuple(number for number, _ in kept), tuple(blocks))
