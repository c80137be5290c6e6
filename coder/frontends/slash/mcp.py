"""`/mcp`: the servers of this session: how they are doing, what they offer and cost; one begun anew, turned off or on.

Must not know how servers are reached.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from difflib import get_close_matches

from coder.app.reach.rows import ServerRow
from coder.config.paths import user_home
from coder.config.server_write import turn
from coder.core.errors import ConfigError
from coder.frontends.amounts import tokens
from coder.frontends.desk import Desk
from coder.frontends.picker import Action, Item, Picked, Picker
from coder.frontends.policy.text import short
from coder.frontends.server_words import STATES
from coder.frontends.slash.pages import look
from coder.frontends.slash.saying import done, refused, shown, warned
from coder.frontends.styled import Row, Style, foreign, row, rows_of
from coder.mcp.server import State

_EMPTY = "No MCP server is configured. Add one: coder mcp add NAME URL, or coder mcp add NAME -- COMMAND"
_STYLES: dict[str, Style] = {"failed": "bad", "needs-auth": "warn", "disabled": "dim", "unapproved": "dim"}
_NO_TOOLS: dict[State, str] = {
    "connected": "It offers no tools.",
    "pending": "What it offers is not known yet.",
    "connecting": "What it offers is not known yet.",
    "failed": "/mcp reconnect {name} begins it anew.",
    "needs-auth": "/mcp reconnect {name} begins it anew once you are logged in.",
    "disabled": "/mcp enable {name} turns it on in this project.",
    "unapproved": "What it offers is not known: it was not started.",
}
_AGAIN, _TURN = "r", "x"
_SOON = 0.3  # seconds that nobody minds
_DEEDS = ("reconnect", "enable", "disable")


async def run(desk: Desk, arguments: str) -> None:
    """`arguments`: nothing, the name of a server, or what is to be done with one."""
    words = arguments.split()
    _begin(desk)
    if not words:
        await _screen(desk)
    elif words[0] in _DEEDS and len(words) == 2:
        await _do(desk, words[0], _named(desk, words[1]))
    elif len(words) == 1 and words[0] not in _DEEDS:
        await _show(desk, _named(desk, words[0]))
    else:
        raise ConfigError("/mcp takes the name of a server, or: reconnect NAME, enable NAME, disable NAME.")


def _begin(desk: Desk) -> None:
    """Whoever looks at them wants to know."""
    if desk.session.reach is not None:
        desk.session.reach.begin()


async def _screen(desk: Desk) -> None:
    first = 0
    while (picked := await desk.ui.pick(servers_picker(desk.session.servers.rows, desk, first))) is not None:
        first = picked.index
        if picked.item is None:
            return
        each = _named(desk, str(picked.item.value))
        if picked.action == "enter":
            await _show(desk, each)
        else:
            await _do(desk, _deed(picked, each), each)
            _begin(desk)  # of another session, where one was turned off or on


def servers_picker(servers: Sequence[ServerRow], desk: Desk, first: int = 0) -> Picker:
    items = tuple(_item(number, each, desk) for number, each in enumerate(servers, 1))
    cost = sum(each.tokens for each in servers if each.loaded)
    hint = f"about {tokens(cost)} tokens in every request" if cost else ""
    actions = (Action(_AGAIN, "begins it anew"), Action(_TURN, "turns it off or on")) if items else ()
    return Picker("MCP servers", items, hint, actions=actions, verb="shows its tools", empty=_EMPTY, first=first)


def _item(number: int, each: ServerRow, desk: Desk) -> Item:
    count = "1 tool" if len(each.tools) == 1 else f"{len(each.tools)} tools"
    cells = (shown(each.name, 32), STATES[each.state], count if each.tools else "", shown(each.reason, 80))
    key = str(number) if number < 10 else ""
    return Item(each.name, cells, key, preview=tuple(_about(each, desk)), style=_STYLES.get(each.state, ""))


def _about(each: ServerRow, desk: Desk) -> list[Row]:
    said = " ".join(filter(None, (each.title, each.version)))
    where = f"{each.scope or ''} {_short(desk, each.origin)}".strip()
    facts = [
        said and f"calls itself {shown(said, 60)}",
        where,
        f"about {tokens(each.tokens)} tokens" if each.tokens else "",
    ]
    if each.tools:
        facts.append(f"{each.loaded} of {len(each.tools)} in every request" if each.loaded else "searched, not loaded")
    rows = [row((f"  {' · '.join(filter(None, facts))}", "dim"))]
    if each.reason:
        rows.append(row(("  ! ", "warn"), shown(each.reason, 400)))
    if each.held:
        rows.append(row(("  ! ", "warn"), f"held back: {shown(', '.join(each.held), 200)}"))
    if each.scope == "extension":
        rows.append(row((f"  an extension: coder extension show {each.name}", "dim")))
    if each.log is not None:
        rows.append(row((f"  log: {_short(desk, str(each.log))}", "dim")))
    return rows


async def _show(desk: Desk, each: ServerRow) -> None:
    rows = [row((shown(each.name, 60), "bold"), (f" · {STATES[each.state]}", "dim")), *_about(each, desk), row("")]
    if each.is_cached and each.tools:
        rows.append(row(("As an earlier session heard it:", "dim")))
    for tool in each.tools:
        about = " ".join(tool.description.split())
        rows.append(row(shown(tool.tool, 60), (f"  {shown(about, 160)}", "dim")))
    if not each.tools:
        rows += rows_of([_NO_TOOLS[each.state].format(name=shown(each.name, 60))])
    await look(desk.ui, rows)


async def _do(desk: Desk, deed: str, each: ServerRow) -> None:
    name = shown(each.name, 60)
    if deed == "reconnect":
        await _reconnect(desk, each)
        return
    is_on = deed == "enable"
    if each.state == "unapproved":
        refused(desk.ui, f"{name}: {shown(each.reason or 'it is not approved', 300)}.")
        return
    if is_on != (each.state == "disabled"):
        warned(desk.ui, f"{name} is {'on' if is_on else 'off'} already.")
        return
    if desk.session.is_running:
        refused(desk.ui, f"{name} stays {'off' if is_on else 'on'} while a run is on. Say it again when it has ended.")
        return
    config = desk.config
    await asyncio.to_thread(turn, config.home, config.cwd, each.name, is_on=is_on)
    off = {*config.servers.off} - {each.name} if is_on else {*config.servers.off, each.name}
    await desk.reopen(servers=replace(config.servers, off=tuple(sorted(off))))
    done(desk.ui, f"{name} is {'on' if is_on else 'off'} in this project, in sessions to come too.")


async def _reconnect(desk: Desk, each: ServerRow) -> None:
    name, reach = shown(each.name, 60), desk.session.reach
    if each.state == "disabled":
        refused(desk.ui, f"{name} is off. /mcp enable {name} turns it on.")
    elif reach is None or each.state == "unapproved":
        refused(desk.ui, f"{name} is not used: {shown(each.reason or 'it is not approved', 300)}.")
    elif await _soon(desk, reach.reconnect(each.name), f"  Connecting {name} …"):
        done(desk.ui, f"{name} is connected.")
    else:
        now = _named(desk, each.name)
        refused(desk.ui, f"{name}: {shown(now.reason or STATES[now.state], 300)}")


async def _soon(desk: Desk, answer: Coroutine[None, None, bool], meanwhile: str) -> bool:
    """What comes of it; where that takes its time, people see that something is on."""
    waiting = asyncio.ensure_future(answer)
    try:
        done, _ = await asyncio.wait({waiting}, timeout=_SOON)
        if not done:
            desk.ui.say([row((meanwhile, "dim"))])
        return await waiting
    finally:
        waiting.cancel()


def _deed(picked: Picked, each: ServerRow) -> str:
    if picked.action == _AGAIN:
        return "reconnect"
    return "enable" if each.state == "disabled" else "disable"


def _named(desk: Desk, name: str) -> ServerRow:
    servers = {each.name: each for each in desk.session.servers.rows}
    if name in servers:
        return servers[name]
    near = get_close_matches(name, servers, n=1)
    hint = f"Did you mean {shown(near[0], 60)}?" if near else "/mcp lists those that there are."
    raise ConfigError(f"There is no MCP server {shown(name, 40)} in this session. {hint}")


def _short(desk: Desk, path: str) -> str:
    home = user_home(desk.env)
    return foreign(short(path, desk.config.cwd, home) if path.startswith("/") else path) if path else ""
