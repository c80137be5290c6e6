"""The ground of one check: a throw-away home and project, a fake API, and the command in a clean environment.

Must not know what is checked.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

from coder.conformance import bounded
from coder.conformance.check import Unmet
from coder.conformance.frames import Ended
from coder.conformance.leftovers import marked
from coder.conformance.wire import SDK, Answers, Wire, said
from coder.core.messages import Json
from coder.replay.player import Player
from coder.replay.run import api_for
from coder.replay.script import ScriptPlayer
from coder.replay.script_load import script
from coder.replay.server import FakeApi

KEY = "sk-conformance-fake"
MARK = "CODER_CONFORMANCE_MARK"
_KEPT = ("PATH", "PYTHONPATH", "TMPDIR", "SYSTEMROOT")
_LONGEST_LINE = 64 << 20
_LAST_WORDS = 5.0  # seconds for the pipes of a process that was killed


class Ground:
    """`api` is there once `serve` was called. Every process started here carries a mark, by which it is found again."""

    def __init__(self, root: Path, command: Sequence[str], patience: float) -> None:
        self.home, self.project = root / "home", root / "project"
        for folder in (self.home, self.project):
            folder.mkdir(parents=True)
        self.command = tuple(command)
        self.patience = patience
        self.mark = uuid4().hex
        self._api: FakeApi | None = None
        self._processes: list[asyncio.subprocess.Process] = []

    @classmethod
    def below(cls, folder: Path, command: Sequence[str], patience: float) -> Ground:
        """In a folder without links in its path, so that a command names it the same way."""
        return cls(folder.resolve(), command, patience)

    @property
    def api(self) -> FakeApi:
        assert self._api is not None
        return self._api

    async def serve(self, *turns: Json | str, player: Player | None = None, **script_keys: object) -> FakeApi:
        """Starts the fake API with these turns (docs/replay.md), or with a player."""
        made = player or ScriptPlayer(script({"turns": list(turns), **script_keys}, "conformance"))
        self._api = api_for(made)
        await self._api.start()
        return self._api

    async def run(
        self, *args: str, stdin: bytes | None = None, key: bool = True, env: Mapping[str, str] | None = None
    ) -> Ended:
        """The command to its end. Standard input is empty unless given."""
        process = await self._start(args, env or {}, key=key, piped=stdin is not None)
        try:
            async with asyncio.timeout(self.patience):
                stdout, stderr = await bounded.talk(process, stdin)
        except TimeoutError:
            raise Unmet("the process to end", f"it runs on for {self.patience:g} s: {' '.join(args)[:200]}") from None
        assert process.returncode is not None
        return Ended(process.returncode, stdout, stderr)

    async def said(self, *texts: str, args: Sequence[str] = ()) -> Ended:
        """All these messages at once, then the end of the input, as `query()` of an SDK does."""
        async with self.talk(*args) as wire:
            await wire.send(*(said(text) for text in texts))
            await wire.rest()
            assert wire.process.returncode is not None
            return Ended(wire.process.returncode, bytes(wire.raw), await wire.stderr())

    @asynccontextmanager
    async def talk(self, *args: str, answers: Answers | None = None) -> AsyncIterator[Wire]:
        process = await self._start([*SDK, *args], {}, key=True, piped=True)
        wire = Wire(process, answers or {}, self.patience)
        try:
            yield wire
        finally:
            await wire.aclose()

    async def writing_to(self, stdout: int, *args: str) -> asyncio.subprocess.Process:
        """Starts the command with a standard output of the caller's."""
        return await self._start(args, {}, key=True, piped=False, stdout=stdout)

    def transcripts(self) -> list[Path]:
        """Below `projects` of whatever the command has for its configuration folder."""
        return sorted(self.home.glob("**/projects/*/*.jsonl"))

    def check_prefixes(self) -> None:
        """Each request of a conversation began with the one before it, and was one that the API takes."""
        if self.api.violations:
            raise Unmet("requests that the API takes and that begin as the ones before", self.api.violations[0])

    async def aclose(self) -> None:
        """Ends what is left of all that was started here, and the fake API."""
        for process in self._processes:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        for pid in marked(MARK, self.mark):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for process in self._processes:
            with suppress(TimeoutError, Unmet, RuntimeError):  # the last: somebody reads it still
                async with asyncio.timeout(_LAST_WORDS):
                    await bounded.talk(process, None)
        if self._api is not None:
            await self._api.stop()

    def env(self, *, key: bool) -> dict[str, str]:
        """Nothing of the caller's but where programs are."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        made = {**kept, "HOME": str(self.home), "LANG": "C.UTF-8", MARK: self.mark, "PWD": str(self.project)}
        # Without a server the address is one that nobody listens at: the network is never asked.
        made["ANTHROPIC_BASE_URL"] = self._api.url if self._api is not None else "http://127.0.0.1:9"
        return {**made, "ANTHROPIC_API_KEY": KEY} if key else made

    async def _start(
        self,
        args: Sequence[str],
        env: Mapping[str, str],
        *,
        key: bool,
        piped: bool,
        stdout: int = asyncio.subprocess.PIPE,
    ) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *self.command,
            *args,
            cwd=self.project,
            env={**self.env(key=key), **env},
            stdin=asyncio.subprocess.PIPE if piped else asyncio.subprocess.DEVNULL,
            stdout=stdout,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=_LONGEST_LINE,
        )
        self._processes.append(process)
        return process
