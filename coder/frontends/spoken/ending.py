"""The last lines of a run and of a session. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder.app.session import Session
from coder.core.events import RunEnded
from coder.core.lazy import LazyModule
from coder.core.messages import meant, said
from coder.core.visible import visible_line
from coder.frontends.amounts import counted, spoken_money, spoken_seconds
from coder.frontends.render.failures import failure_rows
from coder.frontends.render.refusals import Facts
from coder.frontends.spoken.paragraphs import Paragraphs
from coder.frontends.spoken.telling import Telling
from coder.frontends.spoken.words import spoken_rows
from coder.frontends.standing import is_elsewhere

if TYPE_CHECKING:
    from coder.frontends.render import seen
else:  # for runs in which something happened
    seen = LazyModule("coder.frontends.render.seen")

_NEXT = "Type your next message:"
_NAMED = 5  # changed files that are named


def run_lines(ended: RunEnded, telling: Telling, cost: float | None, facts: Facts) -> list[str]:
    """How a run ended. `cost` is None when a price is not known; `facts` explain one that failed."""
    changed = sorted(telling.changed)
    told = [line if line.startswith(("done:", "failed:", "warning:")) else f"note: {line}" for line in _seen(ended)]
    if ended.reason == "done":
        parts = [f"Done, {spoken_seconds(telling.seconds)}"]
        parts += [counted(telling.calls, "tool call")] if telling.calls else []
        parts += [f"{counted(len(changed), 'file')} changed"] if changed else []
        return [*told, f"{', '.join((*parts, spoken_money(cost)))}. {_NEXT}"]
    said = []
    if changed:
        names = ", ".join(visible_line(path.rpartition("/")[2]) for path in changed[:_NAMED])
        more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
        said = [f"{counted(len(changed), 'file')} changed so far: {names}{more}."]
    if ended.reason == "interrupted":
        stopped = f"Stopped by you after {spoken_seconds(telling.seconds)}."
        return [stopped, *told, *said, "Type what coder should do instead:"]
    why = [line.removeprefix("failed: ") for line in spoken_rows(failure_rows(ended, facts))]
    return [f"error: {' '.join(why)}", *told, *said, _NEXT]


def _seen(ended: RunEnded) -> list[str]:
    """Every call was read out when it ended: what adds nothing to that is not told again."""
    found = ended.evidence
    return spoken_rows(seen.seen_rows(found)) if found and (found.failures or seen.is_telling(found)) else []


def goodbye(session: Session, prompts: int, cost: float | None) -> list[str]:
    """What the session came to, and how to go on with it."""
    title = visible_line(session.title)
    made = [f"Session {title!r} ended, {counted(prompts, 'prompt')}, {spoken_money(cost)}."]
    if session.facts.transcript is not None:
        by_id = f"coder -r {session.facts.session_id[:8]}"
        how = by_id if is_elsewhere(session.facts.cwd) else f"coder -c, or: {by_id}"
        made.append(f"Continue with: {how}")
    return made


def resumed_lines(session: Session) -> list[str]:
    """The last run of a session that is gone on with; nothing for one without a past."""
    last = session.last_run()
    if not last:
        return []
    before = sum(message.meta.kind == "prompt" for message in session.messages) - 1
    made = [f"note: resumed, {counted(before, 'prompt')} before this" if before else "note: resumed from its beginning"]
    for message in last:
        if message.role == "user" and message.meta.kind in ("prompt", "steer"):
            made.append(f"you: {visible_line(said(message))}")
        elif message.role == "assistant" and message.text.strip():
            parts = Paragraphs()
            paragraphs = [*parts.feed(message.text), *parts.end()]
            made += [f"{'' if at else 'coder: '}{line}" for lines in paragraphs for at, line in enumerate(lines)]
        made += [f"tool: {visible_line(meant(call).name)}" for call in message.tool_uses]
    return made
