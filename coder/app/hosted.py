"""What a program that embeds us does for a session: its hooks are called, its servers reached, through it. A value;
must not know how messages get there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder.core.dataclass import dataclass

if TYPE_CHECKING:
    from coder.hooks.surroundings import CallHost
    from coder.mcp.link import Channel

HOST = "the host"
"""Where hooks and rules stand that no file holds: the origin that people are told."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Hosted:
    call_hook: CallHost
    channel: Channel
