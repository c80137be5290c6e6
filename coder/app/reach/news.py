"""Tells the model which servers there are and what has changed about them since. Nothing that was sent before changes:
what is new is said behind it. Must not know how servers are reached.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from coder.agent.history import History
from coder.agent.policies import Inject
from coder.agent.replies import reminder
from coder.app.reach import words
from coder.app.reach.catalogue import reason_of
from coder.app.reach.known import USABLE, Known
from coder.app.reach.pins import digest_of
from coder.core import prompts
from coder.core.messages import Message, Text
from coder.mcp.link import Link
from coder.mcp.server import ServerTool

_OTHERWISE = " (some are described otherwise now)"
_RESTLESS = " (they change again and again: ToolSearch has them as they are)"
_DEFINED, _TOLD = 3, 8  # changes of a server that stays: so many with definitions, so many at all


class ServerNews:
    """A policy before each turn. `native` are the tools that requests say of, `defers` tells whether so many
    definitions are searched instead of told."""

    def __init__(
        self,
        links: Sequence[Link],
        known: Known,
        native: Callable[[], Sequence[ServerTool]],
        defers: Callable[[Sequence[ServerTool]], bool],
    ) -> None:
        self._links = links
        self._known = known
        self._native = native
        self._defers = defers
        self._length = 0
        self._seen: dict[str, dict[str, str]] = {}  # server: the digest of each of its tools that was told
        self._changes: dict[str, int] = {}  # server: how often it has changed while it was there
        self._defined: dict[str, str] = {}  # tool: the digest of the definition that was told

    def first(self) -> tuple[Text, ...]:
        """What the first message says: the servers, and what is known of them."""
        lines, more = [], []
        for link in self._links:
            lines.append(self._line(link))
            self._see(link)
            if said := words.instructions(link):
                more.append(said)
        if not lines:
            return ()
        return (Text("\n".join([prompts.load("reminders/servers", servers="\n".join(lines)), *more])),)

    def before_turn(self, turn: int, history: History) -> Inject | None:
        messages = history.messages
        if messages and messages[-1].role == "assistant":
            return None  # a paused turn goes back as it is
        if len(messages) < self._length:  # some were summed up, or taken back
            self._seen, self._defined = {}, {}
        self._length = len(messages)
        told = words.told(messages)
        lines: list[str] = []
        more: list[str] = []
        fresh: list[ServerTool] = []
        for link in self._links:
            name, line = words.label(link), self._line(link)
            if name in told and link.standing.state in ("pending", "connecting"):
                continue  # it will be well, or not: only that is news
            changed = self._changed(link)
            was = told.get(name, "").removesuffix(_RESTLESS).removesuffix(_OTHERWISE)
            if was == line and not changed:
                continue
            count = self._counted(name) if words.is_usable(was, line) else 0
            self._see(link)
            if count > _TOLD:
                continue
            lines.append(f"{line}{_OTHERWISE if was == line else ''}{_RESTLESS if count == _TOLD else ''}")
            if count <= _DEFINED:
                fresh += changed if name in told else self._known.of(link.server.name)
            if (said := words.instructions(link)) and name not in words.instructed(messages):
                more.append(said)
        here = {words.label(link) for link in self._links}
        gone = {name: words.gone(name) for name in told if name not in here}
        lines += [line for name, line in gone.items() if told[name] != line]
        return Inject(self._reminder(lines, more, fresh)) if lines else None

    def _counted(self, name: str) -> int:
        self._changes[name] = self._changes.get(name, 0) + 1
        return self._changes[name]

    def _reminder(self, lines: list[str], more: list[str], fresh: Sequence[ServerTool]) -> Message:
        text = prompts.load("reminders/servers_changed", servers="\n".join(lines))
        undefined = [tool for tool in fresh if self._defined_as(tool) != digest_of(tool)]
        if undefined and not self._defers(self._known.usable()):
            more = [*more, words.definitions(undefined)]
            self._defined |= {tool.name: digest_of(tool) for tool in undefined}
        return reminder("\n".join([text, *more]))

    def _defined_as(self, tool: ServerTool) -> str:
        """How the model knows the tool: "" for not at all."""
        if tool.name in self._defined:
            return self._defined[tool.name]
        return next((digest_of(each) for each in self._native() if each.name == tool.name), "")

    def _line(self, link: Link) -> str:
        native = {tool.name for tool in self._native()}
        return words.line(link, self._known.of(link.server.name), native, reason_of(link))

    def _changed(self, link: Link) -> list[ServerTool]:
        """The tools that are other ones than those that were told, or were not there then."""
        name = link.server.name
        if link.standing.state not in USABLE:
            return []
        now = self._known.of(name)
        if name not in self._seen:  # taken up again: what was told then is what was known then
            self._see(link)
            return [tool for tool in now if self._is_other_than_native(tool)]
        return [tool for tool in now if self._seen[name].get(tool.name) != digest_of(tool)]

    def _is_other_than_native(self, tool: ServerTool) -> bool:
        return any(each.name == tool.name and digest_of(each) != digest_of(tool) for each in self._native())

    def _see(self, link: Link) -> None:
        self._seen[link.server.name] = {tool.name: digest_of(tool) for tool in self._known.of(link.server.name)}
