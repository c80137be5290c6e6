"""The servers that the settings name: entries read, checked, expanded. Pure. Must not know how a server is reached.

What is wrong with an entry is a value, on one line that names file, server and key, and never says what a variable or
a header holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from coder.core.config import ServerSettings, ServerSource
from coder.core.dataclass import dataclass
from coder.core.own_keys import is_own_key
from coder.core.visible import visible_line
from coder.mcp.allowed import refused
from coder.mcp.entry import Entry, Unusable
from coder.mcp.server import Scope, Server, as_in_tools, tool_name

MOST = 200  # servers of one place
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SHOWN = 80
_SCOPES: dict[str, Scope] = {scope: scope for scope in get_args(Scope)}
RESERVED = frozenset({"workspace", "claude-in-chrome", "computer-use", "Claude Preview", "Claude Browser"})


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an entry. `skipped`: the server is not used; else what `text` names of it is not. `kind` is
    one of a few names for programs: invalid_config, unknown_type, url_missing_type, reserved_name."""

    server: str
    text: str
    skipped: bool = True
    kind: str = "invalid_config"


def servers_of(
    settings: ServerSettings, env: Mapping[str, str], cwd: Path
) -> tuple[tuple[Server, ...], tuple[Problem, ...]]:
    """Each name where it stands first, whole: no weaker entry takes part, also where the strong one is wrong.

    Those that are off are among them. `env` is the session's environment, `cwd` the folder of the project.
    """
    servers: dict[str, Server] = {}
    problems: list[Problem] = []
    seen: set[str] = set()
    for source in settings.sources:
        for number, (name, raw) in enumerate(source.servers.items()):
            if number == MOST:
                problems.append(Problem("", f"{source.origin}: only the first {MOST} MCP servers are used."))
                break
            if name in seen:
                continue
            seen.add(name)
            server, found = server_of(source, name, raw, env, cwd)
            problems += found
            if server is None:
                continue
            if why := refused(server, settings) or shadows(server, servers):
                problems.append(Problem(name, f"{_where(source, name)} is not used: {why}."))
            else:
                servers[name] = server
    return tuple(servers.values()), tuple(problems)


def server_of(
    source: ServerSource, name: str, raw: object, env: Mapping[str, str], cwd: Path
) -> tuple[Server | None, tuple[Problem, ...]]:
    """One entry of a source. Total: any JSON will do."""
    where = _where(source, name)
    # A plugin's is `plugin:PLUGIN:NAME`; what its tools are called must be as it would be for any other.
    why = name_problem(as_in_tools(name) if source.scope == "plugin" else name, raw)
    if why or not isinstance(raw, Mapping):
        kind = "reserved_name" if name in RESERVED else "invalid_config"
        text = f"{where}: {why or 'its entry must be an object'}. It is not used."
        return None, (Problem(name, text, kind=kind),)
    withheld = _withheld(source, name, env)
    given = {each: value for each, value in env.items() if each not in withheld}
    every = {**given, **source.variables, "CLAUDE_PROJECT_DIR": str(cwd)}
    entry = Entry(name, raw, every, source.folder, withheld)
    try:
        transport = entry.transport(cwd)
        server = Server(
            name=name,
            transport=transport,
            scope=_SCOPES.get(source.scope, "flag"),
            origin=source.origin,
            digest=entry.digest(transport),
            start=entry.milliseconds("MCP_TIMEOUT", 1),
            call=entry.timeout(),
            always_load=entry.switch("alwaysLoad"),
            hidden=entry.hidden,
            is_off=entry.switch("disabled"),
        )
    except Unusable as error:
        text = f"{where}: {error}. It is not used." if error.whole is None else f"{source.origin}: {error.whole}"
        return None, (Problem(name, text, kind=error.kind), *_noted(entry, name, where))
    return server, _noted(entry, name, where)


def _withheld(source: ServerSource, name: str, env: Mapping[str, str]) -> frozenset[str]:
    """The person's keys for the model, which a repository gets only where its approval named them."""
    if source.scope != "project" and not source.withholds:
        return frozenset()
    return frozenset(each for each in env if is_own_key(each) and (name, each) not in source.keys)


def _noted(entry: Entry, name: str, where: str) -> tuple[Problem, ...]:
    return tuple(Problem(name, f"{where}: {note}.", skipped=False) for note in entry.notes)


def name_problem(name: str, raw: object = None) -> str:
    """Why a server may not be called so; "" when it may. The program that embeds us calls its own as it likes."""
    if name in RESERVED:
        return "the name is reserved"
    if isinstance(raw, dict) and raw.get("type") == "sdk":
        return "" if name and len(name) <= 128 else "its name must have 1 to 128 characters"
    if not _NAME.fullmatch(name):
        return "its name may hold letters, digits, _ and - only, at most 64"
    if "__" in name or name.endswith("_"):  # rules for `a` would hold for a server `a__b` too
        return "its name must not hold __ or end with _, which ends the name of a server in rules"
    return ""


def shadows(server: Server, others: Mapping[str, Server]) -> str:
    """Two servers whose tools would have the same names could be taken for one another."""
    mine = tool_name(server.name, "")
    other = next((each for each in others if tool_name(each, "") == mine), None)
    return "" if other is None else f"its tools would be called like those of {_name(other)}"


def _where(source: ServerSource, name: str) -> str:
    return f'{source.origin}: MCP server "{_name(name)}"'


def _name(name: str) -> str:
    seen = visible_line(name)
    return seen if len(seen) <= _SHOWN else f"{seen[:_SHOWN]}…"
