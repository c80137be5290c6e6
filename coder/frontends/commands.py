"""The slash commands of a headless run: `/compact [focus]` and `/uncompact`, on a session that is gone on with; and the
words for what they did.

Must not know formats. What a command did is the answer of its run.
"""

from __future__ import annotations

import re

from coder.app.session import Session
from coder.core.events import CompactionEnded, RunEnded

INTERRUPTED = "Interrupted; the conversation is as it was."
_COMMAND = re.compile(r"/(compact|uncompact)(?:\s+(.*))?\s*\Z", re.DOTALL)


def is_command(text: str) -> bool:
    return _COMMAND.match(text) is not None


async def run_command(session: Session, text: str) -> RunEnded:
    """Does what the command says; `text` is one. Raises ProtocolError while a run is under way."""
    found = _COMMAND.match(text)
    assert found is not None
    if found[1] == "uncompact":
        return RunEnded(reason="done", turns=0, text=uncompacted(done=session.uncompact()))
    ended = await session.compact((found[2] or "").strip())
    if ended is None:
        return RunEnded(reason="interrupted", turns=0, error=INTERRUPTED)
    return RunEnded(reason="done", turns=0, text=compacted(ended))


def compacted(ended: CompactionEnded) -> str:
    """What a compaction did, in a line."""
    if not has_shrunk(ended):
        return f"Nothing was changed: {ended.error.rstrip('.')}."
    how = f" without a summary, since {ended.error.rstrip('.')}" if ended.error else ""
    return f"Compacted{how}: about {ended.before:,} tokens are {ended.after:,} now. /uncompact takes it back."


def has_shrunk(ended: CompactionEnded) -> bool:
    return ended.after < ended.before


def uncompacted(*, done: bool) -> str:
    if done:
        return "The compaction is taken back; what was said since follows."
    return "Nothing was changed: this conversation was not compacted."
