"""What the rest of a session may ask of a server, and what a server may ask of the session. Knows no protocol
library."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from coder.core.messages import Json
from coder.mcp.server import Answer, Offer, Server, Standing

Progress: TypeAlias = Callable[[float, float | None, str], None]
"""Told how far a call is: done, of how much (None: unknown), and a word from the server."""


class Link(Protocol):
    """One server, owned by one task of its own. Every method that waits may be cancelled, and then tells the server.

    `ServerError` (coder.mcp.errors) says in one line why something could not be had: never a traceback, never a secret.
    """

    @property
    def server(self) -> Server: ...

    @property
    def standing(self) -> Standing: ...

    @property
    def offer(self) -> Offer:
        """What an earlier session heard, until this one has heard it itself."""
        ...

    async def ready(self) -> bool:
        """Waits until the server is connected, or will not be: bounded by its deadline. Whether it is."""
        ...

    async def call(self, tool: str, arguments: Json, progress: Progress) -> Answer: ...

    async def read(self, uri: str) -> Sequence[Json]:
        """The contents of a resource, as the protocol has them (`text` or base64 `blob`)."""
        ...

    async def prompt(self, prompt: str, arguments: Mapping[str, str]) -> Sequence[Json]:
        """The messages of a prompt, as the protocol has them."""
        ...

    async def reconnect(self) -> None:
        """Ends what there is and begins anew."""
        ...


class Host(Protocol):
    """The session that servers are part of. None of it raises; all of it may be cancelled. Parameters and answers are
    the protocol's own JSON."""

    def roots(self) -> tuple[Path, ...]: ...

    async def sample(self, server: Server, params: Json) -> Json:
        """sampling/createMessage: through the gate. `{"error": "why"}` for a no."""
        ...

    async def elicit(self, server: Server, params: Json) -> Json:
        """elicitation/create: `{"action": "accept|decline|cancel", "content": {…}}`."""
        ...

    def logged(self, server: Server, level: str, text: str) -> None: ...

    def changed(self, link: Link) -> None:
        """Its standing or its offer is another one. Called in the loop's thread."""
        ...


class Channel(Protocol):
    """How messages reach a server that lives in the program which embeds us."""

    async def send(self, server: str, message: Json) -> Json | None:
        """A JSON-RPC message of ours; the reply, None to a notification. Raises ConnectionError."""
        ...


@runtime_checkable
class TwoWay(Protocol):
    """A channel by which a server can say something first."""

    def hear(self, server: str, heard: Callable[[Json], None] | None) -> None:
        """`heard` is given the notifications of that server from now on, in the loop's thread; None: nobody is."""
        ...
