"""What people are told of the servers of a session: each trouble once for each reason, and tools that wait for a yes.
Must not know when servers begin.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from coder.app.reach.catalogue import reason_of
from coder.app.reach.holding import held_notice
from coder.core.events import AnyEvent, Notice
from coder.core.visible import visible_line
from coder.mcp.link import Link


class Saying:
    def __init__(self, emit: Callable[[AnyEvent], None]) -> None:
        self._emit = emit
        self._said: dict[str, str] = {}
        self._held_of: dict[str, frozenset[str]] = {}  # which tools were said to be held back
        self._awaited: frozenset[str] = frozenset()  # who waits for them says it
        self._held: list[str] | None = None  # what is to be said of others meanwhile, and is not yet

    def changed(self, link: Link, *, is_over: bool) -> None:
        """A server that is not there is said once for each reason; one that is well is not spoken of."""
        name, state = link.server.name, link.standing.state
        if state == "connected":
            self._said.pop(name, None)
            held = frozenset(tool.tool for tool in link.offer.held)
            if not held <= self._held_of.get(name, frozenset()):
                self._held_of[name] = held
                self.warn(held_notice(name, sorted(held)))
        elif state in ("failed", "needs-auth") and not is_over:
            text = away(link)
            if self._said.get(name) != text:
                self._said[name] = text
                if name not in self._awaited:
                    self.warn(text)

    def again(self, name: str) -> None:
        """What was said of it may be said once more."""
        self._said.pop(name, None)

    def goes_on(self, said: dict[str, str], here: Collection[str]) -> None:
        """`said` is what was told before this session, by server; of those that are not `here` it is forgotten."""
        for name in set(said) - set(here):
            del said[name]
        self._said = said

    @contextmanager
    def told_by_another(self, name: str) -> Iterator[None]:
        """Inside the block whoever waits for the server says how it went."""
        before, self._awaited = self._awaited, self._awaited | {name}
        try:
            yield
        finally:
            self._awaited = before

    def hold(self, awaited: Collection[str]) -> None:
        """While servers are awaited, nothing is said of them, and of others later."""
        self._held, self._awaited = [], frozenset(awaited)

    def release(self) -> None:
        held, self._held, self._awaited = self._held, None, frozenset()
        for text in held or ():
            self.warn(text)

    def warn(self, text: str) -> None:
        if self._held is not None:
            self._held.append(text)
        else:
            self._emit(Notice(level="warning", text=text))


def away(link: Link) -> str:
    return f"MCP server {visible_line(link.server.name)} is not there: {visible_line(reason_of(link))}"
