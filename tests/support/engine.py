"""Doubles for engine tests: tools that do as told, and a model that plays a list of replies with awaits in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any

from coder.core.errors import ModelError, ToolError
from coder.core.events import AnyEvent
from coder.core.messages import Block, Json, Message, Meta, Text, Thinking, ToolUse
from coder.core.model import BlockFinished, Completed, ModelEvent, ModelRequest, TextPart, ThinkingPart
from coder.core.tools import Access, Internal, Mode, Runs, Tool, ToolContext, ToolOutput
from coder.core.workspace import Process, Workspace


@dataclass(frozen=True, slots=True)
class AnyParams:
    raw: Json = field(default_factory=dict)


class FakeTool:
    """Runs `body`; `command` makes it look like a shell command to the gate."""

    params = AnyParams

    def __init__(
        self, name: str, body: Callable[[Json], Any] | None = None, *, command: str = "", pauses: int = 1
    ) -> None:
        self.name = name
        self.ran: list[Json] = []
        self.finished = 0
        self._body = body
        self._command = command
        self._pauses = pauses

    def access(self, params: AnyParams, workspace: Workspace) -> Access:
        return Runs(self._command) if self._command else Internal()

    def summary(self, params: AnyParams) -> str:
        return ""

    async def run(self, params: AnyParams, context: ToolContext) -> ToolOutput:
        self.ran.append(params.raw)
        for _ in range(self._pauses):
            await asyncio.sleep(0)
        result = self._body(params.raw) if self._body else "ok"
        self.finished += 1
        return ToolOutput(str(result))


class FakeToolbox:
    def __init__(self, *tools: Tool) -> None:
        self._tools = {tool.name: tool for tool in tools}

    def find(self, name: str) -> Tool | None:
        return self._tools.get(name)

    def names(self) -> tuple[str, ...]:
        return tuple(self._tools)

    def parse(self, tool: Tool, raw: Json) -> Any:
        if raw.get("invalid"):
            raise ToolError("the field `invalid` is not known")
        return AnyParams(raw)

    def unwrapped(self, call: ToolUse) -> ToolUse:
        return call


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted reply. `error` is raised instead, after the blocks have streamed."""

    blocks: tuple[Block, ...]
    stop_reason: str = "end_turn"
    error: ModelError | None = None


class PlayedModel:
    """Streams the replies in order, each block in small parts with an await between; the last one repeats."""

    def __init__(self, replies: Sequence[Reply]) -> None:
        self._replies = list(replies)
        self.requests: list[ModelRequest] = []

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        self.requests.append(request)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        for block in reply.blocks:
            for part in _parts(block):
                await asyncio.sleep(0)
                yield part
            yield BlockFinished(block)
        await asyncio.sleep(0)
        if reply.error is not None:
            raise reply.error
        meta = Meta(api_id="msg_1", model=request.model, stop_reason=reply.stop_reason)
        yield Completed(Message("assistant", reply.blocks, meta), reply.stop_reason, meta.usage)

    async def aclose(self) -> None:
        pass


def _parts(block: Block) -> list[ModelEvent]:
    match block:
        case Text(text=text):
            return [TextPart(text[i : i + 4]) for i in range(0, len(text), 4)]
        case Thinking(thinking=text):
            return [ThinkingPart(text)]
        case _:
            return []


class Recorder:
    """A front end that keeps what it is told and answers from a list (the last answer repeats)."""

    def __init__(self, *replies: Any) -> None:
        self.events: list[AnyEvent] = []
        self.asked: list[Any] = []
        self._replies = list(replies)

    def emit(self, event: AnyEvent) -> None:
        self.events.append(event)

    async def ask(self, request: Any) -> Any:
        self.asked.append(request)
        await asyncio.sleep(0)
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


class StillWorkspace:
    """A workspace for tools that touch nothing."""

    def __init__(self, cwd: Path) -> None:
        self.cwd = cwd
        self.roots = (cwd,)

    def resolve(self, path: str) -> Path:
        return self.cwd / path

    def chdir(self, path: Path) -> None:
        self.cwd = path

    async def read(self, path: Path) -> bytes:
        raise OSError("this workspace has no files")

    async def open(self, path: Path) -> BufferedReader:
        raise OSError("this workspace has no files")

    async def write(self, path: Path, data: bytes) -> None:
        raise OSError("this workspace has no files")

    async def start(
        self, command: str, *, spill: Path, env: Mapping[str, str] | None = None, live: bool = False
    ) -> Process:
        raise OSError("this workspace runs no commands")

    async def aclose(self) -> None:
        pass


class StillControl:
    mode: Mode = "default"

    def set_mode(self, mode: Mode) -> None:
        self.mode = mode


def call(id: str, name: str, **raw: Any) -> ToolUse:
    return ToolUse(id, name, raw)
