"""Whether a session has servers, and its part of them put together. A session without any loads nothing of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from coder.app.hosted import Hosted
from coder.app.outset import Outset
from coder.core.events import Notice
from coder.core.lazy import LazyModule
from coder.core.messages import ToolUse
from coder.core.tools import READS_RESOURCES, Calls, Tool
from coder.extensions.roster import has_extensions
from coder.models import catalog
from coder.permissions.rules import Everything

if TYPE_CHECKING:
    from coder.agent.gate import Gate
    from coder.app import pictures
    from coder.app.hooking.points import Points
    from coder.app.reach import asking, connecting, extending, facts, native, pins, sampling, session
    from coder.app.reach.asking import Parties
    from coder.app.reach.linking import Connect
    from coder.app.reach.session import Reach
    from coder.mcp import entries
    from coder.mcp.link import Channel
    from coder.mcp.server import Server
else:  # where a server is configured
    pictures = LazyModule("coder.app.pictures")
    asking, connecting, extending, facts, native, pins, sampling, session = (
        LazyModule(f"coder.app.reach.{name}")
        for name in ("asking", "connecting", "extending", "facts", "native", "pins", "sampling", "session")
    )
    entries = LazyModule("coder.mcp.entries")

Late: TypeAlias = Literal["new", "begun"]
"""Whether the conversation has begun: then what its requests say of tools is settled, and no server adds to it."""
_FILE = "mcp-tools.json"  # native.FILE, without loading it


def reach_of(
    outset: Outset,
    find: Callable[[str], Tool | None],
    gate: Callable[[], Gate],
    points: Points,
    more: Callable[[], Sequence[Server]] | None = None,
    connect: Connect | None = None,
    hosted: Hosted | None = None,
    late: Late | None = None,
) -> Reach | None:
    """The servers of a session: its own, those of extensions, and `more`; None where there are none. `hosted` reaches
    those in the program that embeds us. `find` gives
    any tool of the session by its name, `gate` and `points` are what questions of servers go through. `late`: servers
    come to a session that began without. Nothing is begun."""
    config, journal = outset.config, outset.journal
    settings = config.servers
    extra = tuple(more()) if more is not None else ()
    past = journal.past / _FILE if journal.past is not None else None
    has_past = past is not None and os.path.lexists(past)
    is_extended = not settings.is_closed and has_extensions(config.home)
    if late is None and not (
        settings.sources or settings.unapproved or settings.required or extra or has_past or is_extended
    ):
        return None
    env = {**os.environ, **config.env}
    own, problems = entries.servers_of(settings, env, config.cwd)
    names = {server.name for server in own}
    own = (*own, *(server for server in extra if server.name not in names))
    extensions = extending.extensions_of(config, env, extending.names_of(own))
    every = (*own, *extensions.servers)
    if late is None and not (
        every or settings.unapproved or settings.required or has_past or problems or extensions.problems
    ):
        return None
    known = facts.Facts(
        servers=tuple(server for server in every if not (server.is_off or server.name in settings.off)),
        off=tuple(server for server in every if server.is_off or server.name in settings.off),
        unapproved=settings.unapproved,
        required=settings.required,
        search=settings.search,
        window=catalog.describe(outset.model).context_window,
        kept=journal.folder / native.FILE if journal.path is not None else None,
        stored=native.load(past) if past is not None and has_past else () if late == "begun" else None,
        env=env,
        problems=(*(problem.text for problem in problems), *extensions.problems),
        skipped=tuple((each.server, each.kind, each.text) for each in problems if each.skipped and each.server),
    )
    reaches: list[Reach] = []
    plain = connect or really(outset, env, hosted.channel if hosted is not None else None)
    ties = ties_of(outset, find, asking.Parties(gate, points), env, lambda: reaches[0])
    made: Reach = session.Reach(
        known,
        ties,
        pins.Pins(config.home / pins.FILE, config.cwd),
        extending.joined(plain, extensions),
        plain,
    )
    reaches.append(made)
    return made


def ties_of(
    outset: Outset,
    find: Callable[[str], Tool | None],
    parties: Parties,
    env: Mapping[str, str],
    reach: Callable[[], Reach],
) -> facts.Ties:
    def allows(name: str) -> bool:
        rules = outset.book.rules.allow
        named = any(rule.tool == name and isinstance(rule.specifier, Everything) for rule in rules)
        return named and not reach().is_tool(name)

    def means() -> sampling.Means:
        model = outset.purse.side_model
        return sampling.Means(
            parties.gate,
            model,
            lambda: outset.control.model,
            env,
            allows,
            lambda name: reach().lets_sample(name),
        )

    def say(text: str) -> None:
        outset.emit(Notice(level="warning", text=text))

    return facts.Ties(
        emit=outset.emit,
        roots=lambda: tuple(outset.ground.workspace.roots),
        removed=lambda names: outset.book.rules.removed_tools(names),
        shrink=lambda image: pictures.shrunk(image),
        find=find,
        answering=asking.Asks(parties, means, say),
        denied=lambda server: _denied(parties.gate(), server),
        hooked=partial(parties.points.expanded, kind="mcp_prompt"),
        folder=outset.ground.spill_dir,
    )


def _denied(gate: Gate, server: str) -> str:
    """Why a rule does not let the resources of a server be read; "" when none forbids it."""
    call = ToolUse("mention", "ReadMcpResourceTool", {"server": server})
    decision = gate.judge(call, Calls(server, READS_RESOURCES))
    rules = [reason.text for reason in decision.reasons if reason.kind == "rule"]
    return "; ".join(rules) if decision.verdict == "deny" else ""


def really(outset: Outset, env: Mapping[str, str], channel: Channel | None) -> Connect:
    config, workspace = outset.config, outset.ground.workspace
    place = connecting.place_of(config.home, config.cwd, env, workspace.mind, workspace.marks)
    made: Connect = connecting.connecting(place, channel, connecting.logins_of(config, env))
    return made
