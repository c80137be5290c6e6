"""What a turn begins with on the wire: the session as it is now. Pure; must not know how it came to be so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from coder import __version__
from coder.app.session_facts import SessionFacts
from coder.core.messages import Json
from coder.frontends.commands import OWN
from coder.frontends.stream_json.frames import system
from coder.mcp.server import tool_name

if TYPE_CHECKING:
    from coder.app.reach.rows import ServerRow

STATUSES = {"connecting": "pending", "unapproved": "pending"}
_MOST_OFF = 100
_ALIASES = {"Agent": "Task"}  # the name by which readers know it
_KEY_SOURCES = frozenset({"ANTHROPIC_API_KEY", "apiKeyHelper", "none"})
_KEYLESS = frozenset({"", "ANTHROPIC_AUTH_TOKEN", "demo", "replay"})


def init(
    facts: SessionFacts,
    commands: Sequence[tuple[str, str]] = (),
    servers: Sequence[ServerRow] = (),
    *,
    skipped: Sequence[tuple[str, str, str]] = (),
    own_commands: Sequence[str] = OWN,
    capabilities: Sequence[str] = (),
) -> Json:
    """`commands` are names and kinds; `skipped` are entries of servers that are not used, `capabilities` names of what
    a host can rely on."""
    errors = [{"name": name, "type": kind, "message": text} for name, kind, text in skipped]
    return system(
        facts.session_id,
        "init",
        cwd=str(facts.cwd),
        tools=list(dict.fromkeys((*_in_requests(facts, servers), *_of_servers(servers)))),
        mcp_servers=[{"name": each.name, "status": STATUSES.get(each.state, each.state)} for each in servers],
        model=facts.model,
        permissionMode=facts.mode,
        slash_commands=list(dict.fromkeys((*own_commands, *(name for name, _ in commands)))),
        apiKeySource=key_source(facts.key_source),
        claude_code_version=__version__,
        output_style=facts.style,
        agents=list(facts.agents),
        skills=[name for name, kind in commands if kind == "skill"],
        **plugins(facts),
        **({"mcp_server_errors": errors} if errors else {}),
        **({"capabilities": list(capabilities)} if capabilities else {}),
        **trust(facts),
    )


def plugins(facts: SessionFacts) -> Json:
    """Those that the session has, and what is not used of those that were named."""
    named = facts.plugins
    if named is None:
        return {"plugins": []}
    wrong = [{"plugin": each.plugin, "type": each.kind, "message": each.message} for each in named.problems]
    shown = [{"name": each.name, "path": str(each.path)} for each in named.loaded]
    return {"plugins": shown, **({"plugin_errors": wrong} if wrong else {})}


def key_source(name: str) -> str:
    """Where the key came from, by the names that readers know."""
    if name in _KEYLESS:
        return "none"
    return name if name in _KEY_SOURCES else "/login managed key"


def _in_requests(facts: SessionFacts, servers: Sequence[ServerRow]) -> Iterator[str]:
    """The tools that requests say of, but for those of servers that have been removed or turned off since."""
    usable = tuple(tool_name(each.name, "") for each in servers if each.state != "disabled")
    for name in facts.tools:
        if not name.startswith("mcp__") or name.startswith(usable):
            yield _ALIASES.get(name, name)


def _of_servers(servers: Sequence[ServerRow]) -> Iterator[str]:
    """The tools of servers that are there: they can be called, whether requests name them or not."""
    for each in servers:
        if each.state == "connected":
            yield from (tool.name for tool in each.tools)


def trust(facts: SessionFacts) -> Json:
    """Which of the folder's own settings do not count; nothing for a folder that has none."""
    if facts.trust is None or not facts.trust.brought:
        return {}
    off = facts.trust.off
    shown = [{"file": item.file, "kind": item.kind, "name": item.name} for item in off[:_MOST_OFF]]
    about = {"folder": str(facts.trust.folder), "trusted": facts.trust.is_trusted, "off": shown, "off_total": len(off)}
    return {"trust": about}
