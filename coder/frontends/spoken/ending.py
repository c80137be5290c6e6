"""The last lines of a run and of a session. Pure."""

from __future__ import annotations

from coder.app.session import Session
from coder.core.events import RunEnded
from coder.core.visible import visible_line
from coder.frontends.spoken.telling import Telling
from coder.frontends.spoken.words import counted, money, whole

_NEXT = "Type your next message:"
_NAMED = 5  # changed files that are named


def run_lines(ended: RunEnded, telling: Telling, cost: float | None) -> list[str]:
    """How a run ended. `cost` is None when a price is not known."""
    changed = sorted(telling.changed)
    if ended.reason == "done":
        parts = [f"Done, {whole(telling.seconds)}"]
        parts += [counted(telling.calls, "tool call")] if telling.calls else []
        parts += [f"{counted(len(changed), 'file')} changed"] if changed else []
        return [f"{', '.join((*parts, money(cost)))}. {_NEXT}"]
    said = []
    if changed:
        names = ", ".join(visible_line(path.rpartition("/")[2]) for path in changed[:_NAMED])
        more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
        said = [f"{counted(len(changed), 'file')} changed so far: {names}{more}."]
    if ended.reason == "interrupted":
        return [f"Stopped by you after {whole(telling.seconds)}.", *said, "Type what coder should do instead:"]
    why = visible_line(ended.error or ended.reason)
    return [f"error: {why}{'' if why.endswith(('.', '!', '?')) else '.'}", *said, _NEXT]


def goodbye(session: Session, prompts: int) -> list[str]:
    """What the session came to, and how to go on with it."""
    parts = [counted(prompts, "prompt"), money(session.spent.cost)]
    made = [f"Session ended, {', '.join(parts)}."]
    if session.facts.transcript is not None:
        made.append(f"Continue with: coder -c, or: coder -r {session.facts.session_id[:8]}")
    return made
