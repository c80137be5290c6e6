"""Which IP addresses a host may be reached at: it is resolved once, every answer is judged, and only those are dialled.

So a name that resolves to something else a moment later gains nothing. Must not know HTTP.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from coder.core.errors import ToolError
from coder.tools.web.address import Address
from coder.tools.web.ranges import kind_of

Resolve: TypeAlias = Callable[[str, int], Awaitable[tuple[str, ...]]]
_PATIENCE = 10.0  # seconds for DNS
_MOST = 4  # addresses of a host that are tried


async def system(host: str, port: int) -> tuple[str, ...]:
    """As this machine resolves names. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class Dialling:
    """`allowed` are hosts (`localhost`, `localhost:3000`) that the person lets be reached though they lie near."""

    def __init__(self, allowed: tuple[str, ...] = (), resolve: Resolve = system) -> None:
        self._allowed = frozenset(entry.strip().lower().rstrip(".") for entry in allowed)
        self._resolve = resolve

    def is_allowed(self, address: Address) -> bool:
        """Whether the person named this host, with this port or without one."""
        host = f"[{address.host}]" if ":" in address.host else address.host
        return bool(self._allowed & {address.host, host, f"{host}:{address.port}"})

    def foresee(self, address: Address) -> None:
        """Raises ToolError for a host that says itself that it lies near. Asks nobody."""
        if address.ip is not None:
            self._judge(address, (str(address.ip),))
        elif address.host == "localhost" or address.host.endswith(".localhost"):
            self._judge(address, ("127.0.0.1",))

    async def places(self, address: Address) -> tuple[str, ...]:
        """The IP addresses to be dialled. Raises ToolError when one of them must not be reached."""
        found = await self._found(address)
        if not found:
            raise ToolError(f"{address.host} was not found (DNS). Check the spelling of the host.")
        self._judge(address, found)
        return found[:_MOST]

    async def check(self, address: Address) -> None:
        """For a host that a proxy resolves: what can be told from here. Raises ToolError."""
        self._judge(address, await self._found(address))

    async def _found(self, address: Address) -> tuple[str, ...]:
        if address.ip is not None:
            return (str(address.ip),)
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._resolve(address.host, address.port)
        except (OSError, UnicodeError, TimeoutError):
            return ()

    def _judge(self, address: Address, found: tuple[str, ...]) -> None:
        kinds = {kind_of(place) for place in found}
        if "never" in kinds:
            raise ToolError(
                f"{address.host} is not fetched: it leads to an address that is no part of the web (link-local, cloud "
                "metadata, reserved). Nothing allows that."
            )
        if "near" in kinds and not self.is_allowed(address):
            raise ToolError(
                f"{address.host} is not fetched: it is this machine or a private network. Use Bash (curl), which asks "
                f'the person; or the person adds {{"webFetch": {{"allowedPrivateHosts": ["{address.authority}"]}}}} to '
                "their settings."
            )
