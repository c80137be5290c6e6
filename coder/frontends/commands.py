"""The slash commands of a headless run: `/compact [focus]` and `/uncompact`, on a session that is gone on with.

Must not know formats. What a command did is the answer of its run.
"""

from __future__ import annotations

import re

from coder.app.session import Session
from coder.core.events import RunEnded

_COMMAND = re.compile(r"/(compact|uncompact)(?:\s+(.*))?\s*\Z", re.DOTALL)


def is_command(text: str) -> bool:
    return _COMMAND.match(text) is not None


async def run_command(session: Session, text: str) -> RunEnded:
    """Does what the command says; `text` is one. Raises ProtocolError while a run is under way."""
    found = _COMMAND.match(text)
    assert found is not None
    if found[1] == "uncompact":
        return _uncompacted(session)
    ended = await session.compact((found[2] or "").strip())
    if ended is None:
        return RunEnded(reason="interrupted", turns=0, error="Interrupted; the conversation is as it was.")
    if ended.after >= ended.before:
        return RunEnded(reason="done", turns=0, text=f"Nothing was changed: {ended.error.rstrip('.')}.")
    how = f" without a summary, since {ended.error.rstrip('.')}" if ended.error else ""
    text = f"Compacted{how}: about {ended.before:,} tokens are {ended.after:,} now. /uncompact takes it back."
    return RunEnded(reason="done", turns=0, text=text)


def _uncompacted(session: Session) -> RunEnded:
    if session.uncompact():
        return RunEnded(reason="done", turns=0, text="The compaction is taken back; what was said since follows.")
    return RunEnded(reason="done", turns=0, text="Nothing was changed: this conversation was not compacted.")
