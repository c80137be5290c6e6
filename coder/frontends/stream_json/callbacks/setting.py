"""The servers that a host sets while its session is open: its whole set takes the place of the one before. Must not
know how servers are reached.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from coder.core.errors import CoderError
from coder.core.messages import Json
from coder.core.permits import RulesChange
from coder.core.visible import visible_line
from coder.frontends.stream_json.callbacks.entries import BEHAVIOURS, hosted_entry, policies
from coder.frontends.stream_json.control import RequestError
from coder.frontends.stream_json.queries import fields

if TYPE_CHECKING:
    from coder.frontends.stream_json.host import Host


async def set_servers(host: Host, remember: Callable[[Mapping[str, object]], None], request: Json) -> Json:
    """At once, also while a turn runs: the model is told before its next request. `remember` is given the entries that
    are used, for the sessions that are opened after this one."""
    given = fields.mapping(request, "servers")
    try:
        session = await host.seat.settled()
        wanted = session.inquiries.judged_servers({name: _entry(raw) for name, raw in given.items()})
        remember(wanted.entries)
        rules = policies({name: given[name] for name in wanted.entries})
        await session.tuning.permit([RulesChange("replace", kind, rules[kind], "servers") for kind in BEHAVIOURS])
        host.turns.meeting.anew()  # the next one begins when those in the host have answered
        changed = await session.inquiries.set_servers(wanted)
    except CoderError as error:
        raise RequestError(str(error)) from error
    errors = {**wanted.errors, **changed.errors}
    return {
        "added": list(changed.added),
        "removed": list(changed.removed),
        "errors": {name: visible_line(why) for name, why in errors.items()},
    }


def _entry(raw: object) -> object:
    """Of one in the host only what coder has to know."""
    return hosted_entry(raw) if isinstance(raw, dict) and raw.get("type") == "sdk" else raw
