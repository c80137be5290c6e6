"""The prompts of servers as commands that a person types: `/mcp__server__prompt words`. Must not know front ends, or
how a run goes.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

from coder.app.commanding.expanded import Expanded, Offered
from coder.app.prompting import Submitted
from coder.app.reach.resources import Reading
from coder.commands.asked import head
from coder.commands.substitution import split
from coder.core import prompts
from coder.core.errors import SessionError, ToolError
from coder.core.messages import Block, Json, Text
from coder.core.visible import visible_line
from coder.mcp.errors import ServerError
from coder.mcp.link import Link
from coder.mcp.server import ServerPrompt, tool_name

BEGINS = "/mcp__"
OnExpansion = Callable[[str, str, str, str], Awaitable[Submitted]]
_LINE = re.compile(r"\s*/(mcp__[A-Za-z0-9_-]+)(?:\s+(.*))?\Z", re.DOTALL)
_MOST_MESSAGES = 100
_ABOUT = 200


class ServerPrompts:
    """`reached` gives a server that is connected, or raises ToolError; `hooked` is what hooks say of the expansion."""

    def __init__(
        self,
        links: Sequence[Link],
        reached: Callable[[str], Awaitable[Link]],
        reading: Reading,
        folder: Path,
        hooked: OnExpansion,
    ) -> None:
        self._links = links
        self._reached = reached
        self._reading = reading
        self._folder = folder
        self._hooked = hooked
        self._count = 0

    def offered(self) -> tuple[Offered, ...]:
        """What a person may type now."""
        usable = (link for link in self._links if link.standing.state in ("pending", "connecting", "connected"))
        return tuple(
            Offered(each.name, _about(each), _usage(each), visible_line(link.server.name))
            for link in usable
            for each in link.offer.prompts
        )

    def may_be(self, name: str) -> bool:
        """Whether a name may be that of a prompt: one that is offered, or of a server that has not said all yet."""
        return any(name.startswith(tool_name(link.server.name, "")) for link in self._links)

    async def expand(self, line: str) -> Expanded | None:
        """What a line stands for; None when it names no server of the session. Waits for that server, until its
        deadline. Raises SessionError that says what is wrong; nothing is sent then."""
        found = _LINE.match(line)
        if found is None or not self.may_be(found[1]):
            return None
        name, words = found[1], (found[2] or "").strip()
        prompt, link = await self._named(name)
        given = _given(prompt, words)
        said = await self._hooked(name, words, prompt.server, line)
        if said.refused:
            raise SessionError(f"/{name} was not sent: {visible_line(said.refused)}")
        try:
            messages = await link.prompt(prompt.prompt, given)
        except ServerError as error:
            raise SessionError(f"/{name} was not sent: {visible_line(str(error)).rstrip('.')}.") from error
        self._count += 1
        contents = [block for each in messages[:_MOST_MESSAGES] for block in _blocks(each)]
        if not contents:
            raise SessionError(f"/{name} was not sent: the server answered with no message.")
        made = await self._reading.blocks(contents, self._folder, f"prompt-{self._count}")
        led = prompts.load("reminders/server_prompt", name=prompt.prompt, server=visible_line(prompt.server))
        blocks: tuple[Block, ...] = (Text(head(name, words)), Text(led), *made)
        return Expanded((*blocks, *(Text(note) for note in said.notes)))

    async def _named(self, name: str) -> tuple[ServerPrompt, Link]:
        """The longest name of a server that fits comes first: two may begin alike."""
        fitting = [link for link in self._links if name.startswith(tool_name(link.server.name, ""))]
        for link in sorted(fitting, key=lambda each: -len(each.server.name)):
            if all(each.name != name for each in link.offer.prompts) or link.standing.state != "connected":
                try:
                    await self._reached(link.server.name)
                except ToolError as error:
                    if len(fitting) == 1:
                        raise SessionError(f"/{name} was not sent: {error}") from error
                    continue
            for prompt in link.offer.prompts:
                if prompt.name == name:
                    return prompt, link
        offered = ", ".join(f"/{each.name}" for link in fitting for each in link.offer.prompts[:20])
        shown = visible_line(fitting[0].server.name)
        raise SessionError(
            f"/{name} was not sent: the MCP server {shown} has no such prompt. It has: {offered or 'none'}."
        )


def _given(prompt: ServerPrompt, words: str) -> dict[str, str]:
    """The words by the place of the arguments; what is left over belongs to the last one. Raises SessionError."""
    parts = list(split(words))
    names = [name for name, _, _ in prompt.arguments]
    if len(parts) > len(names) > 0:
        parts[len(names) - 1 :] = [" ".join(parts[len(names) - 1 :])]
    given = dict(zip(names, parts, strict=False))
    missing = [name for name, _, required in prompt.arguments if required and name not in given]
    if missing or (parts and not names):
        usage = f"Usage: /{prompt.name} {_usage(prompt)}".rstrip()
        what = f"it needs {', '.join(map(visible_line, missing))}" if missing else "it takes no words"
        raise SessionError(f"/{prompt.name} was not sent: {what}. {usage}")
    return given


def _usage(prompt: ServerPrompt) -> str:
    return " ".join(
        f"<{visible_line(n)}>" if required else f"[{visible_line(n)}]" for n, _, required in prompt.arguments
    )


def _about(prompt: ServerPrompt) -> str:
    return visible_line(prompt.description[:_ABOUT]) or f"a prompt of {visible_line(prompt.server)}"


def _blocks(message: Json) -> Iterator[Json]:
    """The content of a message; what the prompt lays into the mouth of the model is marked as such."""
    content = message.get("content")
    for block in content if isinstance(content, list) else [content]:
        if isinstance(block, dict):
            if message.get("role") == "assistant" and isinstance(block.get("text"), str):
                yield {"type": "text", "text": f"[as if the assistant had said] {block['text']}"}
            else:
                yield block
