"""What `coder mcp list` and `get` print: lines for people, objects for programs. What may be a key is not in them. Must
not know how a server is reached.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit, urlunsplit

from coder.config.masking import masked
from coder.config.shown import shown
from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.mcp.server import Hosted, Http, Offer, Server, Standing, State, Stdio, Transport
from coder.mcp.veil import veil_of

_WORDS: dict[State, str] = {
    "connected": "✔ Connected",
    "needs-auth": "! Needs authentication",
    "failed": "✘ Failed to connect",
    "unapproved": "⏸ Pending approval",
    "disabled": "⏸ Disabled",
    "pending": "… Not connected yet",
    "connecting": "… Connecting",
}
_SCOPES = {
    "managed": "Managed config (set by your administrator)",
    "flag": "Flag (--mcp-config)",
    "local": "Local config (private to you in this project)",
    "project": "Project config (shared via .mcp.json)",
    "user": "User config (available in all your projects)",
    "plugin": "Plugin of this session",
    "extension": "Extension",
}
_HIDDEN = "…"
_SECRET_FLAG = re.compile(
    r"(?i)^(-{1,2}[\w-]*(?:key|token|secret|passw|auth|credential|header)[\w-]*)(=.*)?$", re.DOTALL
)
_ASSIGNED = re.compile(r"^([A-Za-z_]\w*=).+$", re.DOTALL)
_OURS = ("CLAUDE_PROJECT_DIR", "CLAUDECODE")


@dataclass(frozen=True, slots=True)
class Row:
    """A server as it is shown. `server` is None for one that may not be started, `standing` for one not looked at."""

    name: str
    server: Server | None
    standing: Standing | None = None
    offer: Offer | None = None
    origin: str = ""


def list_page(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        yield "No MCP servers configured. Add one: coder mcp add NAME URL, or coder mcp add NAME -- COMMAND"
        return
    for row in rows:
        what = f"{veil_of(row.server)(_short(row.server.transport))} - " if row.server is not None else ""
        yield f"{shown(row.name, 80)}: {what}{status(row)}"


def server_page(row: Row) -> Iterator[str]:
    veil = veil_of(row.server) if row.server is not None else str
    yield from map(veil, _server_lines(row))


def _server_lines(row: Row) -> Iterator[str]:
    yield f"{shown(row.name, 80)}:"
    yield f"  Scope: {_SCOPES['project' if row.server is None else row.server.scope]}"
    yield f"  File: {shown(row.origin if row.server is None else row.server.origin, 1000)}"
    yield f"  Status: {status(row)}"
    if row.server is None:
        return
    match row.server.transport:
        case Stdio() as stdio:
            yield "  Type: stdio"
            yield f"  Command: {shown(stdio.command, 1000)}"
            if stdio.args:
                yield f"  Args: {shown(_joined(stdio.args), 1000)}"
            yield from _hidden_values("Environment", {k: v for k, v in stdio.env.items() if k not in _OURS}, "=")
        case Http() as http:
            yield f"  Type: {http.kind}"
            yield f"  URL: {_address(http.url)}"
            yield from _hidden_values("Headers", http.headers, ": ")
            if http.helper:
                yield f"  Headers from: {shown(http.helper, 1000)}"
            if http.login is not None and http.login.client_id:
                yield f"  OAuth client: {shown(http.login.client_id)}"
        case Hosted():
            yield "  Type: sdk"
    if row.offer is not None and row.offer.tools:
        yield f"  Tools: {', '.join(shown(tool.tool, 80) for tool in row.offer.tools)}"
    if row.offer is not None and row.offer.held:
        yield f"  Held back: {', '.join(shown(tool.tool, 80) for tool in row.offer.held)}"
        yield f"  To see and allow them: coder extension enable {row.name}"
    if row.server.scope == "extension":
        yield ""
        yield f"It is an extension. More about it: coder extension show {row.name}"
    if row.server.scope in ("local", "project", "user"):
        yield ""
        yield f"To remove this server, run: coder mcp remove {row.name} -s {row.server.scope}"


def status(row: Row) -> str:
    if row.standing is None:
        return "configured"
    words = _WORDS[row.standing.state]
    if row.standing.state == "connected" and row.offer is not None:
        count = len(row.offer.tools)
        return f"{words} ({count} tool{'' if count == 1 else 's'})"
    if row.standing.state == "needs-auth":
        return f"{words}: coder mcp login {row.name}"
    whole, reason = f"The MCP server {row.name} ", row.standing.reason
    if reason.startswith(whole):  # the row has its name already
        reason = f"it {reason.removeprefix(whole)}"
    return f"{words}: {shown(reason, 1000)}" if reason else words


def as_json(row: Row) -> Json:
    found: Json = {
        "name": row.name,
        "scope": "project" if row.server is None else row.server.scope,
        "file": row.origin if row.server is None else row.server.origin,
        "status": "configured" if row.standing is None else row.standing.state,
        "reason": "" if row.standing is None else row.standing.reason,
        "tools": None if row.offer is None else [tool.tool for tool in row.offer.tools],
    }
    veil = veil_of(row.server) if row.server is not None else str
    match None if row.server is None else row.server.transport:
        case Stdio() as stdio:
            env = {name: _HIDDEN for name in stdio.env if name not in _OURS}
            args = [veil(word) for word in hidden(stdio.args)]
            found |= {"type": "stdio", "command": veil(stdio.command), "args": args, "env": env}
        case Http() as http:
            url = veil(_address(http.url))
            found |= {"type": http.kind, "url": url, "headers": dict.fromkeys(http.headers, _HIDDEN)}
        case Hosted():
            found |= {"type": "sdk"}
    return found


def hidden(args: Sequence[str]) -> Iterator[str]:
    """A command's words without keys: those that look like one, and what follows a flag that is named like one."""
    hides_next = False
    for word in args:
        flag = _SECRET_FLAG.match(word)
        if hides_next and not word.startswith("-"):
            yield _HIDDEN
        elif flag and flag[2]:
            yield f"{flag[1]}={_HIDDEN}"
        elif assigned := _ASSIGNED.match(word):
            yield f"{assigned[1]}{_HIDDEN}"
        else:
            yield _address(word) if "://" in word else str(masked("env.ARGUMENT", word))
        hides_next = bool(flag and not flag[2])


def _joined(args: Sequence[str]) -> str:
    return " ".join(word if _HIDDEN in word else shlex.quote(word) for word in hidden(args))


def _address(url: str) -> str:
    """An address without what may let somebody in: its password, and the values of its query."""
    try:
        parts = urlsplit(url)
        place = parts.netloc.rpartition("@")
        query = re.sub(r"=[^&]*", f"={_HIDDEN}", parts.query) if "=" in parts.query else parts.query and _HIDDEN
        masked_place = f"{_HIDDEN}@{place[2]}" if place[1] else parts.netloc
        seen = urlunsplit(parts._replace(netloc=masked_place, query=query, fragment=parts.fragment and _HIDDEN))
    except ValueError:
        return _HIDDEN
    return shown(str(masked("env.ADDRESS", seen)), 1000)


def _short(transport: Transport) -> str:
    match transport:
        case Stdio(command=command, args=args):
            return shown(f"{shlex.quote(command)} {_joined(args)}".rstrip())
        case Http(url=url, kind=kind):
            return f"{_address(url)} ({kind.upper()})"
        case _:
            return "in the program that embeds coder"


def _hidden_values(title: str, values: Mapping[str, str], between: str) -> Iterator[str]:
    if values:
        yield f"  {title}:"
        yield from (f"    {shown(name, 80)}{between}{_HIDDEN}" for name in values)
