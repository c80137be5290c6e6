"""How things end and begin, as rows: runs, messages on their way, compactions, the session. Pure; knows no session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from coder.core.dataclass import dataclass
from coder.frontends.amounts import (
    counted,
    duration,
    money,
    tokens,
    whole_seconds,
)
from coder.frontends.styled import Row, foreign, row

if TYPE_CHECKING:
    from coder.core.events import CompactionEnded

_MODES = {
    "default": "Asks before edits and commands",
    "acceptEdits": "Accepts edits, asks before commands",
    "plan": "Plan mode: reads and plans, changes nothing",
    "dontAsk": "Asks nothing: runs what the rules allow, refuses the rest",
}
_BYPASS = "Bypasses all permission checks"
_NOT_TRUSTED = "Folder not trusted: its settings, hooks and MCP servers are off"
_NAMED_FILES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What the welcome tells. `changed` files of a git branch; None without git. `notes` say what was loaded ("read
    AGENTS.md"). `trust_problem`: "untrusted" shows the usual row, any other text is shown itself."""

    version: str
    model: str
    folder: str
    branch: str = ""
    changed: int | None = None
    mode: str = "default"
    notes: Sequence[str] = field(default=())
    trust_problem: str = ""
    has_last_session: bool = False
    mode_key: str = "shift+tab"


def welcome_rows(opening: Opening) -> list[Row]:
    """Three rows; one more for each thing that is not the safe default."""
    place = foreign(opening.folder)
    if opening.branch:
        changed = f", {counted(opening.changed, 'file')} changed" if opening.changed else ""
        place += f" ({foreign(opening.branch)}{changed})"
    made = [row(("coder", "bold"), f" {opening.version} · {foreign(opening.model)} · {place}")]
    if opening.mode == "bypassPermissions":
        made.append(row(("! ", "warn"), _BYPASS))
    if opening.trust_problem:
        text = _NOT_TRUSTED if opening.trust_problem == "untrusted" else foreign(opening.trust_problem)
        made.append(row(("! ", "warn"), text))
    said = [_MODES.get(opening.mode, "")] if opening.mode != "bypassPermissions" else []
    said += [foreign(note) for note in opening.notes]
    if any(said):
        made.append(row(" · ".join(filter(None, said))))
    hints = ["/help lists commands", f"{opening.mode_key} changes the mode"]
    hints += ["last session: coder -c"] if opening.has_last_session else []
    return [*made, row((" · ".join(hints), "dim"))]


def exit_rows(
    *, title: str, prompts: int, files_changed: int, cost: float | None, session: str, elsewhere: bool = False
) -> list[Row]:
    """How to come back, and what it cost; nothing when nothing was sent. `session` is its id, "" where
    it is not kept. `elsewhere`: it worked in another folder than the one coder was started in."""
    if not prompts:
        return []
    name = f'Session "{foreign(title)}"' if title else "Session"
    facts = [name, counted(prompts, "prompt"), *_changed(files_changed), money(cost)]
    by_id = f"coder -r {foreign(session)[:8]}"
    how = by_id if elsewhere else f"coder -c     or: {by_id}"
    return [row(" · ".join(facts)), *([row(f"Continue with: {how}")] if session else [])]


def done_row(*, seconds: float, calls: int, files_changed: int, cost: float | None) -> Row:
    """`Done · 12s · 3 tool calls · 2 files changed · $0.04`"""
    facts = ["Done", _seconds(seconds)]
    facts += [counted(calls, "tool call")] if calls else []
    return row((" · ".join([*facts, *_changed(files_changed), money(cost)]), "dim"))


def thought_row(seconds: float | None = None, key: str = "ctrl+o") -> Row:
    """Without a time for a thought that was written down, which took none of its own."""
    took = "" if seconds is None else f" for {_seconds(seconds)}"
    return row((f"✓ Thought{took}" + (f" · {key} shows it" if key else ""), "dim"))


def stopped_rows(seconds: float, changed: Sequence[str] = ()) -> list[Row]:
    """`changed` are files, as they are to be shown."""
    made = [row(("! ", "warn"), f"Stopped by you after {_seconds(seconds)}. What should coder do instead?")]
    if changed:
        names = ", ".join(map(foreign, changed[:_NAMED_FILES]))
        more = f" and {len(changed) - _NAMED_FILES} more" if len(changed) > _NAMED_FILES else ""
        made.append(row(f"  {counted(len(changed), 'file')} changed so far: {names}{more}"))
    return made


def receipt_row(text: str, step: int) -> Row:
    """Left behind when a message reached the model in the middle of a run."""
    return row(("❯ ", "you"), (foreign(text), "you"), (f" · seen before step {step}", "dim"))


def compacted_row(ended: CompactionEnded) -> Row:
    if ended.error:
        why = foreign(ended.error).rstrip(".")
        return row(("! ", "warn"), f"The conversation could not be summarised: {why}. It is as it was.")
    how = "Compacted" if ended.trigger == "manual" else "Compacted to make room"
    return row(("✓ ", "ok"), how, (f" · {tokens(ended.before)} → {tokens(ended.after)} tokens", "dim"))


def todo_done_row(count: int) -> Row:
    return row(("✓ ", "ok"), f"Todo: {count} of {count} done")


def task_row(number: int, command: str, *, code: int, seconds: float) -> Row:
    """A background command that ended."""
    mark = row(("✗ ", "bad")) if code else row(("✓ ", "ok"))
    return (*mark, *row(f"Task {number} {foreign(command)}", (f" · exit {code} · {duration(seconds)}", "dim")))


def _seconds(seconds: float) -> str:
    """A run is told in whole seconds; what takes less than one is not nothing."""
    return duration(seconds) if seconds < 0.95 else whole_seconds(_whole(seconds))


def _whole(seconds: float) -> float:
    return seconds if seconds < 0.95 else round(seconds)


def _changed(files: int) -> list[str]:
    return [f"{counted(files, 'file')} changed"] if files else []
