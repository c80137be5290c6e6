"""One call of a server's tool for whoever holds the session: no turn of the model, and no word in the conversation.

Who holds the session is trusted, so that nobody is asked unless it wants the call to be judged as one of the model's:
then modes, questions and hooks count too. Deny rules hold in any case. Must not know who asks.
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any
from uuid import uuid4

from coder.agent.outcome import Outcome
from coder.app import pictures
from coder.app.assembly import Assembly
from coder.app.outset import Outset
from coder.app.reach import results
from coder.app.reach.session import Reach
from coder.core.dataclass import dataclass
from coder.core.errors import SessionError, ToolError
from coder.core.messages import OF_A_HOST, Json, ResultContent, Text, ToolUse, block_to_api
from coder.core.visible import visible_line
from coder.mcp.errors import ServerError
from coder.mcp.link import Link
from coder.mcp.server import Answer, ServerTool

_REACHED = 30.0  # seconds that a server has to be there
_MOST = 10 << 20  # characters of a result that is for a program


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Wanted:
    """`name` as the model would say it. `judged`: as a call of the model's own; `raw`: the server's own blocks instead
    of what a model would be sent; `seconds` it may take, None: as the settings of the server say."""

    name: str
    given: Json
    judged: bool = False
    raw: bool = False
    seconds: float | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Called:
    content: list[Json]
    structured: Any
    is_error: bool

    @property
    def text(self) -> str:
        return "\n".join(str(each["text"]) for each in self.content if isinstance(each.get("text"), str))


async def call(begun: Outset, made: Assembly, wanted: Wanted) -> Called:
    """Raises SessionError, with why, where the call could not be made or may not be."""
    shown = visible_line(wanted.name)[:200]
    try:
        async with asyncio.timeout(wanted.seconds):
            tool, link = await _found(made.reach, wanted.name, shown)
            use = ToolUse(f"{OF_A_HOST}{uuid4().hex[:20]}", wanted.name, wanted.given)
            if wanted.judged:
                return await _judged(made, use)
            _expect_not_denied(begun, made, use, shown)
            answer = await link.call(tool.tool, wanted.given, lambda done, total, word: None)
    except (ServerError, ToolError) as error:
        raise SessionError(f"{shown}: {visible_line(str(error))}") from error
    except TimeoutError as error:
        raise SessionError(f"{shown} has not answered in time") from error
    if wanted.raw:
        return _raw(answer, shown)
    folder, env = begun.ground.spill_dir, {**os.environ, **begun.config.env}
    output = await asyncio.to_thread(results.output_of, answer, folder, use.id, tool.limit, env, pictures.shrunk)
    return Called(_blocks(output.content), answer.structured, answer.is_error)


async def page(made: Assembly, server: str, uri: str) -> list[Json]:
    """What a server has at an address. Raises SessionError."""
    name = visible_line(server)[:200]
    if made.reach is None:
        raise SessionError("there are no MCP servers in this session")
    if why := made.reach.forbidden(server):
        raise SessionError(f"{name} may not be read: {visible_line(why)}")
    try:
        async with asyncio.timeout(_REACHED):
            link = await made.reach.reached(server)
            if link.server.is_hosted:
                raise SessionError(f"{name} is a server of the host itself: it is to be read there")
            found = list(await link.read(uri))
    except (ServerError, ToolError) as error:
        raise SessionError(visible_line(str(error))) from error
    except TimeoutError as error:
        raise SessionError(f"{name} has not answered in time") from error
    if len(json.dumps(found, ensure_ascii=False, default=str)) > _MOST:
        raise SessionError(f"what {name} has there is longer than {_MOST} characters")
    return found


async def _found(reach: Reach | None, name: str, shown: str) -> tuple[ServerTool, Link]:
    """Waits for the server that may have it. Raises SessionError and ToolError."""
    if reach is None:
        raise SessionError("there are no MCP servers in this session")
    try:
        async with asyncio.timeout(_REACHED):
            tool = await reach.named(name)
    except TimeoutError as error:
        raise SessionError(f"{shown}: MCP server not connected") from error
    if held := reach.held(name):
        raise ToolError(held)
    if tool is None:
        raise SessionError(f"there is no tool {shown} of an MCP server in this session")
    link = await reach.reached(tool.server)
    if link.server.is_hosted:
        raise SessionError(f"{shown} is a tool of the host itself: it is to be called there")
    return tool, link


def _expect_not_denied(begun: Outset, made: Assembly, use: ToolUse, shown: str) -> None:
    """By a rule; a mode is about the model. Raises SessionError and ToolError."""
    tool = made.tools.find(use.name)
    if tool is None:
        raise SessionError(f"{shown} may not be used in this session: a deny rule takes it away")
    access = tool.access(made.tools.parse(tool, use.input), begun.ground.workspace)
    decision = made.gate.judge(use, access)
    if decision.verdict == "deny" and any(reason.kind == "rule" for reason in decision.reasons):
        raise SessionError(f"{shown} may not be called: {visible_line(decision.reasons[-1].text)}")


async def _judged(made: Assembly, use: ToolUse) -> Called:
    outcomes: dict[str, Outcome] = {}
    await made.executor.run([use], outcomes)
    outcome = outcomes[use.id]
    content = _blocks(outcome.result.content)
    data = outcome.data or {}
    if outcome.is_denied:
        raise SessionError(f"The tool did not run: {visible_line(Called(content, None, True).text)}")
    return Called(content, data.get("structuredContent"), outcome.result.is_error)


def _blocks(content: str | ResultContent) -> list[Json]:
    blocks = (Text(content),) if isinstance(content, str) else content
    return [block_to_api(block) for block in blocks]


def _raw(answer: Answer, shown: str) -> Called:
    size = len(json.dumps([answer.content, answer.structured], ensure_ascii=False, default=str))
    if size > _MOST:
        raise SessionError(f"the result of {shown} is longer than {_MOST} characters, although the tool ran")
    return Called(list(answer.content), answer.structured, answer.is_error)
