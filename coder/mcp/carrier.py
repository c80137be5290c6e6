"""How messages get to a server and back, whatever the transport. Must not know what is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from coder.core.dataclass import dataclass

if TYPE_CHECKING:
    from mcp.client._transport import ReadStream, WriteStream
    from mcp.shared.message import SessionMessage

    Streams: TypeAlias = tuple[ReadStream[SessionMessage | Exception], WriteStream[SessionMessage]]

MOST = 32 << 20  # bytes of one message of a server


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a connection ended. `what` is the rest of a sentence about the server. `kind`: another try may help (lost),
    or not (final), or a person has to log in."""

    what: str
    kind: Literal["lost", "final", "login"] = "lost"


class Carrier(Protocol):
    """Entered and left once, in one task."""

    @property
    def is_spent(self) -> bool:
        """Whether it goes on, but no request will be answered any more."""
        ...

    async def __aenter__(self) -> Streams: ...

    async def __aexit__(self, *exception: object) -> None: ...

    def trouble(self, errors: Sequence[BaseException]) -> Trouble | None:
        """Why it ended, from what was raised meanwhile and what it saw itself. None: it does not know."""
        ...

    def kill(self) -> None:
        """Now. For one that does not leave by itself."""
        ...
