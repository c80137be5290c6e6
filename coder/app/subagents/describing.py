"""Which of the servers that a definition describes itself count in a session, and what is said of the rest. Pure; must
not know how a server is begun, or what an entry means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

from coder.commands.agents import Agent
from coder.config.trust import covers
from coder.core import agent_servers
from coder.core.config import Config, ServerSource
from coder.core.visible import visible_line
from coder.mcp.server import as_in_tools

_SCOPES = {"managed": "managed", "given": "flag", "yours": "user"}  # any other is a repository's
_SHOWN = 80
MOST = 50  # as many programs as no agent needs


def described(
    agent: Agent, config: Config, there: Sequence[str], say: Callable[[str], None]
) -> tuple[ServerSource | None, tuple[str, ...]]:
    """What is to be begun with it, None for nothing; and the names of those that the session has with the very same
    entry, which nobody begins twice. `there` are the names of the session's."""
    own: dict[str, Any] = {}
    shared: list[str] = []
    known = {as_in_tools(name) for name in there}
    every = agent_servers.described(agent.servers)
    if len(every) > MOST:
        say(f"only the first {MOST} of its servers are looked at")
    for name, entry in islice(every.items(), MOST):
        if name in there and _is_held(config, name, entry):
            shared.append(name)
        elif why := _why_not(name, entry, agent, config, known):
            say(f"its server {_shown(name)} is not begun: {why}")
        else:
            own[name] = entry
    if not own:
        return None, tuple(shared)
    scope = _SCOPES.get(agent.origin, "project")
    return ServerSource(str(agent.file), scope, own, config.cwd, _keys(agent, config)), tuple(shared)


def _why_not(name: str, entry: object, agent: Agent, config: Config, known: set[str]) -> str:
    servers = config.servers
    if isinstance(entry, Mapping) and entry.get("type") == "sdk":
        return "one inside the host's program belongs to the session: give it there, and name it in mcpServers here"
    if servers.is_managed and agent.origin != "managed":
        return "the administrator says which MCP servers there are"
    if servers.is_closed and agent.origin not in ("managed", "given"):
        return "no servers of files are used in this session"
    if name in servers.off:
        return "you turned off the server of that name"
    if as_in_tools(name) in known:
        return "this session has another server of that name, whose permission rules would hold for it; rename it"
    return ""


def _is_held(config: Config, name: str, entry: object) -> bool:
    """Whether the entry is the one that counts under its name in the session."""
    return [source.servers[name] for source in config.servers.sources if name in source.servers][:1] == [entry]


def _keys(agent: Agent, config: Config) -> frozenset[tuple[str, str]]:
    """The person's keys for the model that they agreed to be given to a server: as for `.mcp.json`."""
    trust = config.trust
    if trust is None or trust.once or agent.origin != "project":
        return frozenset()
    keys = [item for item in trust.brought if item.kind == "key" and item.digest.startswith(f"{agent.digest}:")]
    return frozenset((item.text, item.name) for item in keys if covers(trust, agent.file, agent.digest))


def _shown(name: str) -> str:
    return visible_line(name[:_SHOWN])
