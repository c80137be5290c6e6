"""The extensions of a session as further servers of it. What is known of them costs a few small files; their files are
checked and their secrets read when the session begins its servers. Must not know the protocol.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING

from coder.app.reach.linking import Connect, Linking
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.core.visible import visible_line
from coder.extensions.roster import Entry, has_extensions, roster
from coder.mcp.server import Server, Stdio, tool_name

if TYPE_CHECKING:
    from coder.app.reach import extension_link
    from coder.app.reach.extension_link import ExtensionLink
    from coder.extensions import starting, toolset
    from coder.mcp import allowed
    from coder.mcp.link import Host, Link
    from coder.vault import vault as vaults
    from coder.vault.vault import Vault
else:
    extension_link = LazyModule("coder.app.reach.extension_link")
    starting = LazyModule("coder.extensions.starting")
    toolset = LazyModule("coder.extensions.toolset")
    allowed = LazyModule("coder.mcp.allowed")
    vaults = LazyModule("coder.vault.vault")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Extensions:
    """`servers` are to be shown: no value that was set is in them. `problems` tell of those that are not used."""

    config: Config
    env: Mapping[str, str]
    servers: tuple[Server, ...] = ()
    entries: Mapping[str, Entry] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def extensions_of(config: Config, env: Mapping[str, str], taken: Mapping[str, str]) -> Extensions:
    """`taken` are the names of the servers that the settings name, with where each stands: they win. Never raises."""
    if config.servers.is_closed or not has_extensions(config.home):
        return Extensions(config, env)
    entries, problems = {}, []
    prefixes = {tool_name(name, ""): (name, origin) for name, origin in taken.items()}
    for entry in roster(config.home, config.extensions):
        if other := prefixes.get(tool_name(entry.name, "")):
            problems.append(
                f"The extension {entry.name} is not used: {visible_line(other[1])} has an MCP server "
                f"{visible_line(other[0])}. Call that one otherwise, or say: coder extension disable {entry.name}"
            )
        else:
            entries[entry.name] = entry
    return Extensions(config, env, tuple(map(_shown, entries.values())), entries, tuple(problems))


def joined(connect: Connect, extensions: Extensions) -> Connect:
    """`connect` for servers of which some are extensions: those are begun in a way of their own."""
    if not extensions.entries:
        return connect

    def made(servers: Sequence[Server], host: Host) -> Linking:
        return _Both(connect, servers, host, extensions)

    return made


class _Both:
    """Implements `coder.app.reach.linking.Linking`."""

    def __init__(self, connect: Connect, servers: Sequence[Server], host: Host, extensions: Extensions) -> None:
        plain = [server for server in servers if server.scope != "extension"]
        self._others = connect(plain, host)
        safe = vaults.Vault(extensions.config.home, extensions.env)
        self._own: tuple[ExtensionLink, ...] = tuple(
            _link(connect, server, host, extensions, safe) for server in servers if server.scope == "extension"
        )
        by_name: dict[str, Link] = {link.server.name: link for link in (*self._others.links, *self._own)}
        self.links: tuple[Link, ...] = tuple(by_name[server.name] for server in servers)

    def start(self) -> None:
        self._others.start()
        for link in self._own:
            link.start()

    async def drop(self, name: str) -> None:
        own = next((link for link in self._own if link.server.name == name), None)
        self._own = tuple(link for link in self._own if link is not own)
        self.links = tuple(link for link in self.links if link.server.name != name)
        await (own.aclose() if own is not None else self._others.drop(name))

    async def aclose(self) -> None:
        await asyncio.gather(self._others.aclose(), *(link.aclose() for link in self._own))


def _link(connect: Connect, server: Server, host: Host, extensions: Extensions, vault: Vault) -> ExtensionLink:
    config, entry = extensions.config, extensions.entries[server.name]
    tools = toolset.Toolset(config.home, entry.record) if entry.record is not None else None
    prepare = partial(_prepared, config, extensions.env, server, vault)
    bounds = config.servers
    made: ExtensionLink = extension_link.ExtensionLink(
        server,
        host,
        connect,
        prepare,
        tools,
        entry.reason,
        is_unsure=bounds.allowed is not None or bool(bounds.denied),
    )
    return made


def _prepared(config: Config, env: Mapping[str, str], shown: Server, vault: Vault) -> Server | str:
    """Blocks. The administrator's lists of servers hold for it as it is started."""
    found = starting.launches(config.home, env, sys.platform, config.extensions, vault, (shown.name,))
    if not found:
        return "it was turned off or removed meanwhile."
    ready = found[0]
    if isinstance(ready, starting.Refused):
        return str(ready.reason)
    stdio = Stdio(ready.command, ready.args, ready.env, ready.cwd, ready.secrets)
    server = Server(shown.name, stdio, "extension", shown.origin, ready.digest)
    why = allowed.refused(server, config.servers)
    return f"{why}. Ask the administrator." if why else server


def _shown(entry: Entry) -> Server:
    command, *args = entry.command or ("",)
    stdio = Stdio(command, tuple(args), dict.fromkeys(entry.env, ""), entry.folder)
    return Server(entry.name, stdio, "extension", str(entry.folder), entry.digest)


def names_of(servers: Collection[Server]) -> dict[str, str]:
    """The names that are taken, with where each stands. What waits for approval takes none: a folder that is not
    trusted turns nothing off."""
    return {server.name: server.origin for server in servers}
