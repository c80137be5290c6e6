"""What of the head of an agent file counts in a session, and what is said of the rest: once, and never silently. Must
not know requests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from coder.commands.agents import Agent
from coder.core import agent_servers
from coder.core.choices import MODES, Mode
from coder.core.config import Config, ServerSource
from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.core.visible import visible_line

if TYPE_CHECKING:
    from coder.app.subagents import describing
else:  # for definitions with servers of their own
    describing = LazyModule("coder.app.subagents.describing")

_KEPT: tuple[Mode, ...] = ("plan", "acceptEdits", "bypassPermissions")
"""Modes of a session that no definition loosens or tightens: stricter than any, or what the person chose for all."""


@dataclass(frozen=True, slots=True, eq=False)
class Counting:
    """`is_trusted`: what the head loosens, runs and reaches counts. `say` tells people."""

    agent: Agent
    is_trusted: bool
    say: Callable[[str], None]

    def mode(self, session: Mode) -> Mode | None:
        """None: the session's own, as it is at each moment."""
        agent = self.agent
        if agent.reads_only:
            return "plan"
        if agent.mode in ("bypassPermissions", "auto"):
            why = "only the person can choose it" if agent.mode == "bypassPermissions" else "coder has no such mode"
            self.say(f"permissionMode {agent.mode} does not count: {why}, so it has the session's mode")
            return None
        if agent.mode == "acceptEdits" and not self.is_trusted:
            self._untrusted("permissionMode acceptEdits")
            return None
        wanted = next((mode for mode in MODES if mode == agent.mode), None)
        return None if session in _KEPT and wanted != "plan" else wanted

    def remembers(self) -> bool:
        if self.agent.memory == "user" and not self.is_trusted:
            self._untrusted("memory: user")
            return False
        return bool(self.agent.memory)

    def hooks(self, config: Config) -> Mapping[str, Any]:
        agent, heads = self.agent, config.hooks.heads
        if not agent.hooks or heads == "none" or (heads == "managed" and agent.origin != "managed"):
            return {}
        if not self.is_trusted:
            self._untrusted("hooks")
            return {}
        return agent.hooks

    def described(self, config: Config, there: Sequence[str]) -> tuple[ServerSource | None, tuple[str, ...]]:
        """The servers that it brings, None for none; and those of the session, whose names are `there`, that are the
        very same."""
        names = agent_servers.described(self.agent.servers)
        if not names:
            return None, ()
        if not self.is_trusted:
            self._untrusted(f"servers of its own ({shown(', '.join(names))})")
            return None, ()
        made: tuple[ServerSource | None, tuple[str, ...]] = describing.described(self.agent, config, there, self.say)
        return made

    def servers(self, there: Callable[[], Sequence[str] | None]) -> tuple[str, ...]:
        """Those of the session that it names. `there` None: not known."""
        names = agent_servers.named(self.agent.servers)
        known = there() if names else None
        for name in names:
            if known is not None and name not in known:
                self.say(f"this session has no server {shown(name)}")
        return names

    def servers_chosen(
        self, there: Callable[[], Sequence[str] | None], shared: tuple[str, ...]
    ) -> tuple[str, ...] | None:
        """Those of the session to which it is held, with those that are `shared`; None: all that its tools leave it."""
        named = self.servers(there)
        return (*named, *shared) if named or (shared and self.agent.tools is not None) else None

    def _untrusted(self, what: str) -> None:
        self.say(f"{what}: not used, for nobody trusted this file as it is now (coder trust shows it)")


def shown(text: str) -> str:
    return visible_line(text)[:200]


def why_passed_over(agent: Agent) -> str:
    """Of a repository's agent that is called like one of ours."""
    if agent.origin == "added":
        return "it has the name of one of coder's own, which no added folder takes"
    return "it has the name of one of coder's own, and the folder is not trusted (coder trust add trusts it)"
