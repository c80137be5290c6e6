"""Which MCP servers a session may have, from every place that names some. Must not know what an entry means.

The strongest first: the administrator's file, which leaves no room for another; `--mcp-config`; local; the project's
.mcp.json, as far as it was approved as it is now; the person's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coder.config.flags import Flags
from coder.config.jsonfile import parse_object, read_object
from coder.config.layers import Stack
from coder.config.paths import expand, global_files
from coder.config.shown import shown
from coder.core.config import ServerSettings, ServerSource
from coder.core.errors import ConfigError
from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    from coder.config import global_file
    from coder.core.messages import Json
    from coder.core.trust import Trust
else:  # loaded when a file of the person's is there
    global_file = LazyModule("coder.config.global_file")

MCP_FILE = ".mcp.json"
MANAGED_FILE = "managed-mcp.json"
SEARCH = "ENABLE_TOOL_SEARCH"
_KEY = "mcpServers"


def servers_of(
    flags: Flags,
    stack: Stack,
    env: Mapping[str, str],
    *,
    start: Path,
    home: Path,
    managed: Path,
    scopes: tuple[str, ...],
) -> tuple[ServerSettings, tuple[str, ...]]:
    """The settings, and warnings about what is not used. Raises ConfigError for a flag only.

    `scopes` are those of user, project and local that are read.
    """
    warnings: list[str] = []
    given = tuple(_given(text, env, start) for text in flags.mcp_config)
    settings = ServerSettings(required=tuple(dict.fromkeys(flags.require_mcp)), search=_search(env, warnings))
    plain = flags.bare or flags.safe_mode
    if os.path.lexists(managed / MANAGED_FILE):
        given = tuple(_hosted(source, warnings) for source in given)
        own = () if plain else _managed(managed / MANAGED_FILE, start, warnings)
        settings = replace(settings, sources=(*own, *given), is_closed=True, is_managed=True)
        return _bounded(settings, stack), tuple(warnings)
    if plain or flags.strict_mcp_config:
        return _bounded(replace(settings, sources=given, is_closed=True), stack), tuple(warnings)
    mine: tuple[global_file.Own, ...] = ()
    if any(map(os.path.lexists, global_files(home, env))):
        mine, found = global_file.owned(home, env, start)
        warnings += found
    every = list(given)
    if "local" in scopes:
        every += [_source(one.path, "local", servers, start) for one in mine for _, servers in one.local]
    taken = {name for source in every for name in source.servers}
    unapproved: dict[str, str] = {}
    refused: set[str] = set()
    if "project" in scopes and (theirs := _theirs(stack, start, warnings)):
        unapproved = dict(_unapproved(theirs, stack.trust))
        source = _source(start / MCP_FILE, "project", _without(theirs, unapproved), start)
        every.append(replace(source, keys=_keys(stack.trust)))
        named = {name for layer in stack.layers for name in layer.settings.servers_off}
        refused = (named & set(theirs)) - taken - set(unapproved)
        if "user" in scopes:
            counts = {name: entry for name, entry in theirs.items() if name not in taken | refused | set(unapproved)}
            warnings += _replacing(counts, mine, start)
    if "user" in scopes:
        every += [_source(one.path, "user", one.user, start) for one in mine]
    off: set[str] = set()
    for one in reversed(mine):
        off = (off | one.off) - (one.on - one.off)
    sources = tuple(source for source in every if source.servers)
    whole = replace(settings, sources=sources, off=tuple(sorted(off | refused)), unapproved=unapproved)
    return _bounded(whole, stack), tuple(warnings)


def _given(text: str, env: Mapping[str, str], start: Path) -> ServerSource:
    """What one `--mcp-config` names: a JSON object or a file."""
    if text.lstrip().startswith("{"):
        origin, parsed = "--mcp-config", parse_object(text, "--mcp-config")
    else:
        path = expand(text, env, start)
        found = read_object(path)
        if found is None:
            raise ConfigError(
                f"--mcp-config: there is no file {path}. Give a file or a JSON object; a prompt stands before the flag."
            )
        origin, parsed = str(path), found
    servers = parsed.value.get(_KEY)
    if not isinstance(servers, dict):
        raise ConfigError(f'--mcp-config: {origin} must hold an object {{"mcpServers": {{…}}}}.')
    return ServerSource(origin, "flag", servers, start)


def _managed(path: Path, start: Path, warnings: list[str]) -> tuple[ServerSource, ...]:
    """A file that cannot be used leaves the session without servers, not with those of others."""
    try:
        parsed = read_object(path)
    except ConfigError as error:
        warnings.append(f"{error} No MCP server is used, because the administrator's file says which may be.")
        return ()
    value = {} if parsed is None else parsed.value
    return (_source(path, "managed", _servers(value, path, warnings), start),)


def _hosted(source: ServerSource, warnings: list[str]) -> ServerSource:
    """What the program that embeds us brings itself is no server that an administrator could name."""
    kept = {
        name: entry for name, entry in source.servers.items() if isinstance(entry, dict) and entry.get("type") == "sdk"
    }
    if dropped := sorted(set(source.servers) - set(kept)):
        names = ", ".join(dropped)
        warnings.append(f"{source.origin}: the administrator says which MCP servers there are. Not used: {names}.")
    return replace(source, servers=kept)


def _theirs(stack: Stack, start: Path, warnings: list[str]) -> Mapping[str, Any]:
    return _servers(stack.servers, start / MCP_FILE, warnings) if stack.servers else {}


def _unapproved(servers: Mapping[str, Any], trust: Trust | None) -> Iterator[tuple[str, str]]:
    """Why none of the file counts, by server: trust goes by file, so that what was shown together counts together."""
    if trust is None or trust.counts(MCP_FILE):
        return
    what_to_do = "See it with: coder trust. Approve it with: coder trust add"
    known = set((trust.approved or {}).get(MCP_FILE, {}).values())
    waiting = {item.name for item in trust.unapproved if item.file == MCP_FILE}
    for name in servers:
        if not trust.known:
            why = "this folder is not trusted"
        elif (label := shown(name, 80)) not in waiting:
            why = f"it is approved, but something beside it in {MCP_FILE} is not"
        elif f"MCP server {label}" in known:
            why = f"it has changed in {MCP_FILE} since you approved it"
        else:
            why = f"it is new in {MCP_FILE}"
        yield name, f"{why}. {what_to_do}"


def _replacing(theirs: Mapping[str, Any], mine: tuple[global_file.Own, ...], start: Path) -> Iterator[str]:
    """A server of the project that has the name of another one of the person's: what they allowed by that name was
    meant for their own."""
    for name in dict.fromkeys(name for one in mine for name, entry in one.user.items() if name in theirs):
        if all(one.user.get(name) != theirs[name] for one in mine):
            yield (
                f"{start / MCP_FILE}: its MCP server {shown(name, 80)} is used in place of your own one of that name, "
                "and your permission rules for that name hold for it."
            )


def _keys(trust: Trust | None) -> frozenset[tuple[str, str]]:
    """Only what was said when the folder was approved: trust for one run asked nobody."""
    if trust is None:
        return frozenset()
    approved = (trust.approved or {}).get(MCP_FILE, {})
    wanted = (item for item in trust.brought if item.kind == "key" and item.file == MCP_FILE)
    return frozenset((item.text, item.name) for item in wanted if item.digest in approved)


def _source(path: Path, scope: str, servers: Mapping[str, Any], start: Path) -> ServerSource:
    return ServerSource(str(path), scope, servers, start)


def _without(servers: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    return {name: entry for name, entry in servers.items() if name not in names}


def _servers(value: Json, path: Path, warnings: list[str]) -> Mapping[str, Any]:
    servers = value.get(_KEY)
    if not isinstance(servers, dict):
        warnings.append(f"{path}: {_KEY} must be an object of servers by name. No MCP server of it is used.")
        return {}
    return servers


def _bounded(settings: ServerSettings, stack: Stack) -> ServerSettings:
    """With the lists of who may have which server. Everybody may forbid; a repository allows nothing, and where the
    administrator keeps the list, nobody else does."""
    managed_only = any(layer.scope == "managed" and layer.settings.managed_servers_only for layer in stack.layers)
    lists = [
        layer.settings.servers_allowed
        for layer in stack.layers
        if layer.settings.servers_allowed is not None and (layer.scope == "managed" or not managed_only)
    ]
    allowed = tuple(entry for each in lists for entry in each) if lists or managed_only else None
    denied = tuple(entry for layer in stack.layers for entry in layer.settings.servers_denied)
    return replace(settings, allowed=allowed, denied=denied)


def _search(env: Mapping[str, str], warnings: list[str]) -> str:
    given = env.get(SEARCH, "").strip().lower()
    share = given.removeprefix("auto:")
    if given in ("true", "false", "auto") or (
        share != given and share.isascii() and share.isdigit() and int(share) <= 100
    ):
        return given
    if given:
        warnings.append(f"{SEARCH} must be true, false, auto or auto:N with N from 0 to 100. It is not used.")
    return "auto"
