"""Servers for tests, and a session that writes down what they ask of it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from coder.core.messages import Json
from coder.mcp.credentials import CredentialsOf, no_credentials
from coder.mcp.link import Channel, Link
from coder.mcp.links import Links
from coder.mcp.owner import Owner
from coder.mcp.place import Place
from coder.mcp.server import Server, Standing, Stdio, Transport

SERVERS = Path(__file__).with_name("mcp_servers")
PATIENT = 20.0  # seconds until a test gives up; nothing takes as long


class Asked:
    """Implements `coder.mcp.link.Host`."""

    def __init__(self, roots: tuple[Path, ...] = ()) -> None:
        self._roots = roots
        self.questions: list[tuple[str, Json]] = []
        self.lines: list[tuple[str, str]] = []
        self.standings: list[Standing] = []
        self.answers: dict[str, Json] = {}
        self._news = asyncio.Condition()
        self._told: set[asyncio.Task[None]] = set()

    def roots(self) -> tuple[Path, ...]:
        return self._roots

    async def sample(self, server: Server, params: Json) -> Json:
        self.questions.append(("sample", params))
        return self.answers.get("sample", {"error": "not today"})

    async def elicit(self, server: Server, params: Json) -> Json:
        self.questions.append(("elicit", params))
        return self.answers.get("elicit", {"action": "decline"})

    def logged(self, server: Server, level: str, text: str) -> None:
        self.lines.append((level, text))
        self._tell()

    def changed(self, link: Link) -> None:
        self.standings.append(link.standing)
        self._tell()

    async def until(self, known: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENT), self._news:
            await self._news.wait_for(lambda: bool(known()))

    def _tell(self) -> None:
        async def tell() -> None:
            async with self._news:
                self._news.notify_all()

        task = asyncio.get_running_loop().create_task(tell())
        self._told.add(task)
        task.add_done_callback(self._told.discard)


def server_of(transport: Transport, name: str = "odd", **given: Any) -> Server:
    digest = sha256(f"{name} {given.get('origin', '')}".encode()).hexdigest()[:16]
    return replace(Server(name, transport, "user", "settings.json", digest), **given)


def odd(fault: str = "", argument: str = "", *, env: dict[str, str] | None = None, **given: Any) -> Server:
    program = (sys.executable, (str(SERVERS / "odd.py"), fault, argument))
    return server_of(Stdio(*program, env=env or {}), **given)


def newer(name: str = "newer") -> Server:
    return server_of(Stdio(sys.executable, (str(SERVERS / "newer.py"), "stdio")), name)


def place_in(folder: Path, **env: str) -> Place:
    return Place(folder, folder / "cache", folder / "logs", {**os.environ, **env})


@asynccontextmanager
async def linked(
    server: Server,
    place: Place,
    host: Asked | None = None,
    channel: Channel | None = None,
    credentials: CredentialsOf = no_credentials,
) -> AsyncIterator[Owner]:
    """The link to one server, begun; nothing of it is left afterwards."""
    links = Links([server], host or Asked(), place, channel, credentials)
    links.start()
    try:
        yield links.links[0]
    finally:
        await links.aclose()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not [task for task in left if "mcp" in task.get_name()], left


async def say(link: Owner, text: str = "hello", tool: str = "echo") -> str:
    answer = await link.call(tool, {"text": text}, lambda done, total, word: None)
    return str(answer.content[0]["text"])
