"""What is said of other sessions, to the model and to people. Must not know how they are found."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from coder.core import prompts
from coder.core.visible import visible_line

if TYPE_CHECKING:
    from coder.sessions.neighbours import Trace

TITLE = 60  # characters


def changed(trace: Trace) -> str:
    """For the model, with the result of a call on the file."""
    title, when = _quoted(trace), clock(trace.at)
    if trace.is_live:
        return prompts.load("reminders/other_session", who=f" ({title})" if title else "", when=when)
    return prompts.load("reminders/other_session_ended", who=f"{title}, " if title else "", when=when)


def reached(trace: Trace, what: str) -> str:
    """For the model, with the result of a command that reaches `what`."""
    title = _quoted(trace)
    return prompts.load(
        "reminders/other_session_there", who=f" ({title})" if title else "", what=what, when=clock(trace.at)
    )


def objection(trace: Trace, what: str) -> str:
    """For a person who is asked about a call that reaches `what`."""
    title = _quoted(trace)
    return f"another session{f' ({title})' if title else ''} changed {what} at {clock(trace.at)}"


def clock(at: float) -> str:
    then, now = (datetime.fromtimestamp(each).astimezone() for each in (at, time.time()))
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%H:%M} yesterday"


def _quoted(trace: Trace) -> str:
    short = visible_line(trace.here.title)[:TITLE].replace('"', "'")
    return f'"{short}"' if short else ""
