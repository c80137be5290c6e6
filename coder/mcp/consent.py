"""The person's part of a login: they see where to say yes, and the answer comes back by the browser or is pasted. Must
not know the protocol, nor terminals."""

from __future__ import annotations

import asyncio
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from coder.mcp.errors import ServerError
from coder.mcp.loopback import Answered, Loopback, answer_in


class Person(Protocol):
    """Whoever logs in."""

    async def show(self, address: str, back: str) -> None:
        """The page where they say yes, to be opened by a browser or by them; it leads `back` to us."""
        ...

    async def pasted(self) -> str:
        """The next address they paste; waits for ever when they will not. "" for the end of what they have to say."""
        ...

    def wrong(self, why: str) -> None:
        """What they pasted is not it."""
        ...


class Consent:
    def __init__(self, name: str, person: Person, loopback: Loopback, patience: float) -> None:
        self._name, self._person, self._loopback, self._patience = name, person, loopback, patience
        self._state = ""

    async def ask(self, address: str) -> None:
        self._state = parse_qs(urlsplit(address).query).get("state", [""])[0]
        self._loopback.expect(self._state)
        await self._person.show(address, self._loopback.address)

    async def answer(self) -> Answered:
        """Raises ServerError when none comes, or it is a no."""
        try:
            async with asyncio.timeout(self._patience):
                answered = await self._first()
        except TimeoutError as error:
            strange = " Answers came that belong to no login of ours." if self._loopback.strange else ""
            raise ServerError(
                f"{self._name}: no answer came from the browser within {self._patience:g} s.{strange} Nothing was kept."
            ) from error
        if answered.error:
            raise ServerError(f"{self._name}: the login was not granted ({answered.error}). Nothing was kept.")
        return answered

    async def _first(self) -> Answered:
        ways = {asyncio.create_task(self._loopback.wait()), asyncio.create_task(self._from_person())}
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _from_person(self) -> Answered:
        while text := await self._person.pasted():
            if found := answer_in(text, self._state):
                return found
            begins = f"{self._loopback.address}?code="
            self._person.wrong(f"That is not the address this login ends at: it begins with {begins}")
        return await self._loopback.wait()
