"""The port through which ToolSearch sees the tools there are. Must not know how servers are reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from coder.core.messages import Json

if TYPE_CHECKING:
    from coder.tools.finding.index import Findable

Detail: TypeAlias = Literal["names", "descriptions", "full"]


class Catalogue(Protocol):
    def findables(self) -> Sequence[Findable]:
        """All that can be found now. Names are unique."""
        ...

    def definition(self, name: str) -> Json:
        """`{"name", "description", "input_schema"}`; empty for a tool that is gone."""
        ...

    async def settle(self) -> None:
        """Waits for servers that are still connecting: bounded, and never raises."""
        ...

    def missing(self) -> Sequence[tuple[str, str]]:
        """Servers whose tools are not among the findables, each with the reason in one line."""
        ...
