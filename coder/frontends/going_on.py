"""How a run that did not come to its end is gone on with, in what is said of that end. A job beside it in the same
folder would be the last one there: so by the id of its session, not by `-c`. Pure; must not know who is told.
"""

from __future__ import annotations

import re
from dataclasses import replace

from coder.core.events import RunEnded

_LAST = re.compile(r"(coder (?:-p )?)-c\b")
_OR_GO_ON = ", or go on with -c."
_OR = re.compile(r", or go on with(?: -c\.|: coder .*)", re.DOTALL)
_ADVICE = re.compile(r" Go on (?:later )?with: coder .*", re.DOTALL)


def resumable(ended: RunEnded, session_id: str, *, is_kept: bool) -> RunEnded:
    """The end with the command that goes on; without one where nothing is kept."""
    if ended.reason == "done" or not ended.error:
        return ended
    if not is_kept:
        return replace(ended, error=without_advice(ended.error))
    if ended.reason == "time_budget" and "Go on with: " in ended.error:  # of a workflow, which knows better how
        return ended
    again = f'coder -p -r {session_id} "go on"'
    match ended.reason:
        case "time_budget" | "interrupted":
            error = f"{ended.error}. Go on with: {again}"
        case "rate_limit":
            error = f"{ended.error} Go on later with: {again}, or wait with --on-limit wait."
        case _:
            error = _LAST.sub(rf"\1-r {session_id}", ended.error).replace(_OR_GO_ON, f", or go on with: {again}")
    return replace(ended, error=error)


def without_advice(error: str) -> str:
    """For whom no command line goes on: a run that keeps nothing, a program."""
    return _OR.sub(".", _ADVICE.sub("", error))
