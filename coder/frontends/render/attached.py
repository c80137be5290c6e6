"""Which files and resources of servers went with a prompt, and how large each is, from the message as it was sent.
Pure; must not read files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from coder.core.messages import ATTACHED, Message, Text
from coder.frontends.amounts import counted
from coder.frontends.render.subjects import Place
from coder.frontends.styled import foreign

_HEAD = re.compile(re.escape(ATTACHED) + r'(file|folder) path="([^"\n]*)"(?: lines="([\d-]*)")?>\n')
_RESOURCE = re.compile(re.escape(ATTACHED) + r'resource server="([^"\n]*)" uri="([^"\n]*)">\n')


def attached(message: Message, folder: Path, home: Path) -> str:
    """`Attached: docs/style.md, 1 line · web, 4 names`; "" when nothing was."""
    named = list(_named(message, Place(folder, home)))
    return f"Attached: {' · '.join(named)}" if named else ""


def _named(message: Message, place: Place) -> Iterator[str]:
    for block in message.content:
        if not isinstance(block, Text) or not block.text.startswith(ATTACHED):
            continue
        if of_server := _RESOURCE.match(block.text):
            lines = block.text.count("\n", of_server.end())
            yield f"{foreign(f'@{of_server[1]}:{of_server[2]}')}, {counted(lines, 'line')}"
            continue
        if (head := _HEAD.match(block.text)) is None:
            continue
        what, path, part = head.groups()
        size = block.text.count("\n", head.end())  # the last line ends before the tag that closes it
        said = _lines(part) if part else counted(size, "line" if what == "file" else "name")
        yield f"{foreign(place.short(path))}, {said}"


def _lines(lines: str) -> str:
    first, _, last = lines.partition("-")
    return f"line {first}" if first == last else f"lines {lines}"
