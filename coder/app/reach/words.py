"""What the model is told of servers: a line each, their own instructions, definitions. Foreign words are bounded and
put in marks that they cannot close. Must not know when it is told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from coder.app.reach.known import USABLE, definition, weight
from coder.core.messages import Message, Text
from coder.core.visible import visible_line
from coder.mcp.link import Link
from coder.mcp.server import ServerTool, tool_name

OPENS = "<servers>\n"  # how the lists in prompts/ begin
_SHARE = 0.08  # of what the definitions would take, for the names alone
_INSTRUCTIONS = 2_048
_REASON = 200
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")
# Also one that is not closed: what follows would do that.
_MARK = re.compile(r"<(?=\s{0,9}/?\s{0,9}(?:servers|server-instructions|tools|system-reminder)\b)", re.IGNORECASE)


def line(link: Link, tools: Sequence[ServerTool], native: Collection[str], reason: str) -> str:
    """How a server is doing, in a line that stays the same while nothing of it matters to the model."""
    name, state = label(link), link.standing.state
    if state not in USABLE:
        return f"- {name}: {_away(state, reason)}"
    offer = link.offer
    if not tools and not offer.prompts and not offer.resources and state != "connected":
        return f"- {name}: still connecting; ToolSearch waits for it"
    count = "1 tool" if len(tools) == 1 else f"{len(tools)} tools"
    deferred = [tool for tool in tools if tool.name not in native]
    if not deferred:
        return f"- {name}: {count}{', in your tool list' if tools else ''}"
    some = "" if len(deferred) == len(tools) else f", {len(tools) - len(deferred)} of them in your tool list"
    return f"- {name} ({tool_name(name, '')}*): {count}{some}: {_names(deferred)}"


def label(link: Link) -> str:
    """The name of a server as it stands in a line: one word, whatever an embedding program calls it."""
    return _FOREIGN.sub("_", link.server.name)


def is_usable(*lines: str) -> bool:
    """Whether all of them tell of a server whose tools can be called."""
    return all(re.match(r"- \S+ \(mcp__|- \S+: \d+ tool", line) for line in lines)


def gone(name: str) -> str:
    return f"- {name}: no longer part of this session"


def told(messages: Iterable[Message]) -> dict[str, str]:
    """The last line about each server that the conversation holds."""
    found: dict[str, str] = {}
    for text in _texts(messages):
        for each in text.split("\n"):
            if each.startswith("- "):
                found[each[2:].partition(":")[0].partition(" ")[0]] = each
            elif each == "</servers>":
                break
    return found


def instructed(messages: Iterable[Message]) -> set[str]:
    """The servers whose instructions the conversation holds."""
    return {
        name for text in _texts(messages) for name in re.findall(r'^<server-instructions name="([^"]*)">', text, re.M)
    }


def instructions(link: Link) -> str:
    """What a server says of itself; "" for nothing."""
    said = link.offer.instructions.strip()
    if not said or link.standing.state not in USABLE:
        return ""
    said = said if len(said) <= _INSTRUCTIONS else f"{said[:_INSTRUCTIONS]}…"
    return f'<server-instructions name="{label(link)}">\n{harmless(said)}\n</server-instructions>'


def definitions(tools: Sequence[ServerTool]) -> str:
    """A line of JSON for each."""
    if not tools:
        return ""
    lines = "\n".join(harmless(json.dumps(definition(tool), ensure_ascii=False)) for tool in tools)
    return f"<tools>\n{lines}\n</tools>"


def harmless(text: str) -> str:
    """Foreign text that closes none of the marks round it."""
    return _MARK.sub("‹", text)


def _texts(messages: Iterable[Message]) -> Iterator[str]:
    for message in messages:
        if message.meta.kind in ("context", "reminder"):
            for block in message.content:
                if isinstance(block, Text) and block.text.startswith(OPENS):
                    yield block.text


def _away(state: str, reason: str) -> str:
    why = harmless(visible_line(reason[:_REASON]))
    match state:
        case "needs-auth":
            return "needs the person to log in"
        case _:
            return f"not there{f': {why}' if why else ''}"


def _names(tools: Sequence[ServerTool]) -> str:
    """The names without what they have in common, as many as the room lets."""
    room = max(int(weight(tools) * _SHARE), 60)
    shown: list[str] = []
    for tool in tools:
        short = tool.name.partition("__")[2].partition("__")[2]
        room -= len(short) + 2
        if room < 0:
            break
        shown.append(short)
    more = len(tools) - len(shown)
    return (
        f"{', '.join(shown)} and {more} more"
        if more and shown
        else f"{more} to be searched"
        if more
        else ", ".join(shown)
    )
