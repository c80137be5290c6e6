"""`/init`: has the model study the repository and write a CLAUDE.md. Must not know what it is told."""

from __future__ import annotations

from coder.core import prompts
from coder.frontends.desk import Desk


async def run(desk: Desk, arguments: str) -> None:
    del arguments
    desk.send(prompts.load("commands/init"))
