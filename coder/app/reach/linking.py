"""What a session needs of whoever holds its servers, as a port. Must not know the protocol library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from coder.mcp.link import Host, Link
from coder.mcp.server import Server


class Linking(Protocol):
    """The servers of a session. Nothing is begun before `start`."""

    @property
    def links(self) -> Sequence[Link]:
        """The same ones all session long, in order, but for those that were dropped."""
        ...

    def start(self) -> None:
        """Begins to connect, in the running loop, and returns at once. Idempotent."""
        ...

    async def drop(self, name: str) -> None:
        """Ends one server for good, in bounded time, begun or not."""
        ...

    async def aclose(self) -> None:
        """Ends all of it, in bounded time."""
        ...


Connect: TypeAlias = Callable[[Sequence[Server], Host], Linking]


class Unlinked:
    """For a session whose servers are all off, or gone."""

    links: Sequence[Link] = ()

    def start(self) -> None:
        pass

    async def drop(self, name: str) -> None:
        pass

    async def aclose(self) -> None:
        pass
