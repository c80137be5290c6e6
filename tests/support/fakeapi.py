"""The fake Messages API for tests: scripts from small builders, run in a thread or in the running loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import httpx2

from coder.core.messages import Json
from coder.replay.load import load_player
from coder.replay.player import Player
from coder.replay.script import ScriptPlayer
from coder.replay.script_load import script
from coder.replay.server import Exchange, FakeApi

DEADLINE = 30.0
KEY = "sk-test-fake-0123456789"
What: TypeAlias = "Sequence[Json] | Json | Path | Player"


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def thinking(words: str) -> Json:
    """The server signs it."""
    return {"type": "thinking", "thinking": words}


def tool(name: str, /, *, id: str | None = None, **arguments: Any) -> Json:
    """A tool call; `id` is made up by the server when not given. Use `tool_input` for names that are no identifiers."""
    return tool_input(name, arguments, id=id)


def tool_input(name: str, arguments: Json, *, id: str | None = None) -> Json:
    block = {"type": "tool_use", "name": name, "input": arguments}
    return {**block, "id": id} if id else block


def turn(*blocks: Json | str, **options: Any) -> Json:
    """One reply: stop_reason, usage, delta, wait, delay, fault, repeat, expect (docs/replay.md)."""
    return {"blocks": [text(b) if isinstance(b, str) else b for b in blocks], **options}


def rule(when: Json, *blocks: Json | str, times: int | None = None, **options: Any) -> Json:
    """A reply for whenever `when` holds."""
    made: Json = {"when": when, "reply": turn(*blocks, **options)}
    return {**made, "times": times} if times else made


def fault(kind: str, status: int | None = None, **options: Any) -> Json:
    """A fault for `turn(..., fault=...)`: `fault("status", 529, times=2)`, `fault("cut", after=4)`."""
    return {"kind": kind, **({"status": status} if status is not None else {}), **options}


def result(tool_use_id: str, words: str = "ok", *, error: bool = False) -> Json:
    block = {"type": "tool_result", "tool_use_id": tool_use_id, "content": [text(words)]}
    return {**block, "is_error": True} if error else block


def user(*blocks: Json | str) -> Json:
    return {"role": "user", "content": [text(b) if isinstance(b, str) else b for b in blocks]}


def assistant(*blocks: Json | str) -> Json:
    return {"role": "assistant", "content": [text(b) if isinstance(b, str) else b for b in blocks]}


def model_request(*messages: Json, **params: Any) -> Json:
    """The body of a model request, streamed unless `stream=False`."""
    return {"model": "claude-test", "max_tokens": 1024, "stream": True, "messages": list(messages), **params}


def client(url: str, **headers: str) -> httpx2.AsyncClient:
    """An independent HTTP client with a key. It ignores proxies and skips loading certificates, which is slow."""
    given = {"authorization": f"Bearer {KEY}", **headers}
    return httpx2.AsyncClient(base_url=url, headers=given, timeout=DEADLINE, verify=False, trust_env=False)


class RunningApi:
    """A fake API that is running: where it is and what it has seen."""

    def __init__(self, server: FakeApi) -> None:
        self._server = server

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def env(self) -> dict[str, str]:
        """What a subprocess needs to talk to it."""
        return {"ANTHROPIC_BASE_URL": self.url, "ANTHROPIC_API_KEY": KEY}

    @property
    def exchanges(self) -> list[Exchange]:
        return list(self._server.exchanges)

    @property
    def requests(self) -> list[Json]:
        """The bodies of the model requests."""
        return self._server.requests

    @property
    def violations(self) -> list[str]:
        return self._server.violations

    @property
    def context_edits(self) -> list[str]:
        return self._server.context_edits

    @property
    def unfinished(self) -> str:
        """Which turns of the script nobody asked for, in words."""
        return self._server.player.unfinished()

    def wait_until(self, holds: Callable[[RunningApi], bool], deadline: float = DEADLINE) -> None:
        """Waits, from another thread than the server's, until `holds`; fails after the deadline."""
        end = time.monotonic() + deadline
        while not holds(self):
            assert time.monotonic() < end, f"never came: {[(e.path, e.status, e.state) for e in self.exchanges]}"
            threading.Event().wait(0.01)

    def check(self) -> None:
        """Fails when a request broke the prefix, was invalid, or found no reply in the script."""
        assert not self.violations, "the fake API refused requests:\n  " + "\n  ".join(self.violations)


def player_of(what: What, *, strict: bool = False, roots: dict[str, str] | None = None) -> Player:
    if isinstance(what, Path):
        return load_player(what, strict=strict, roots=roots)
    if isinstance(what, dict | Sequence):
        return ScriptPlayer(script(what if isinstance(what, dict) else list(what), "script"))
    return what


def server_of(what: What, options: dict[str, Any]) -> FakeApi:
    loading = {name: options.pop(name) for name in ("strict", "roots") if name in options}
    player = player_of(what, **loading)
    if isinstance(player, ScriptPlayer):
        options.setdefault("context_limit", player.script.context_limit)
        options.setdefault("cache_min_tokens", player.script.cache_min_tokens or 0)
    return FakeApi(player, **options)


@contextlib.asynccontextmanager
async def running_api(what: What, *, allow_violations: bool = False, **options: Any) -> AsyncIterator[RunningApi]:
    """The fake API in the running loop. Options as for FakeApi; leaving the block checks for violations."""
    async with server_of(what, options) as server:
        api = RunningApi(server)
        yield api
    if not allow_violations:
        api.check()


@contextlib.contextmanager
def fake_api(what: What, *, allow_violations: bool = False, **options: Any) -> Iterator[RunningApi]:
    """The fake API in a thread with a loop of its own, for tests that run subprocesses or block.

    `what` is a list of turns, a whole script, a script or cassette file, or a player; other options are those of
    FakeApi (continuity, context_limit, cache_min_tokens, port, clock) and `strict`, `roots` for cassettes. Leaving the
    block checks for violations."""
    server = server_of(what, options)
    ready, failed = threading.Event(), []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        try:
            await server.start()
        except Exception as error:  # noqa: BLE001  # raised again in the thread of the test
            failed.append(error)
            ready.set()
            return
        ready.set()
        await stop.wait()
        await server.stop()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="fake-api", daemon=True)
    thread.start()
    assert ready.wait(DEADLINE), "the fake API did not start"
    try:
        if failed:
            raise failed[0]
        api = RunningApi(server)
        yield api
    finally:
        if not failed:
            loop.call_soon_threadsafe(stop.set)
        thread.join(DEADLINE)
    if not allow_violations:
        api.check()
