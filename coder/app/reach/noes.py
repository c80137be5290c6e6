"""How often each server was told no: one that asks on and on is heard no more, so that nobody is worn down. Must not
know what was asked, or how.
"""

from __future__ import annotations

from collections.abc import Callable

from coder.core.visible import visible_line

MOST = 5


class Noes:
    """`say` tells people something."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._counts: dict[str, int] = {}

    def enough(self, server: str) -> bool:
        """Whether the server is to be told no without anybody being asked."""
        return self._counts.get(server, 0) >= MOST

    def heard(self, server: str, *, is_no: bool) -> None:
        """What the answer was. A yes makes up for all before it."""
        before = self._counts.get(server, 0)
        self._counts[server] = before + 1 if is_no else 0
        if is_no and before + 1 == MOST:
            self._say(
                f"MCP server {visible_line(server)} was told no {MOST} times: it asks nothing more in this session. "
                "To turn it off: /mcp"
            )
