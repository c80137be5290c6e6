"""The slash commands of a headless run: `/compact [focus]` and `/uncompact`, on a session that is gone on with, and
those of files; and the words for what they did.

Must not know formats. What a command did is the answer of its run.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from coder.app.session import Session
from coder.core.events import CompactionEnded, RunEnded
from coder.frontends.slash.registry import find

INTERRUPTED = "Interrupted; the conversation is as it was."
OWN = ("compact", "uncompact")
_NEAR = 3  # commands that are named
_COMMAND = re.compile(r"/(compact|uncompact)(?:\s+(.*))?\s*\Z", re.DOTALL)
_NAME = re.compile(r"/([A-Za-z][\w.:-]*)(?=\s|\Z)")  # with another slash in it, it is a path unless a file has the name


def is_command(text: str) -> bool:
    return _COMMAND.match(text) is not None


def unknown(session: Session, text: str) -> str:
    """What is wrong with a text that begins with the name of no command; "" when there is nothing wrong with it."""
    found = _NAME.match(text.lstrip())
    if found is None:
        return ""
    names = (*OWN, *(each.name for each in session.commands))
    known = (*names, *(also for each in session.commands for also in each.also))
    if found[1].lower() in {name.lower() for name in known} or session.servers.may_prompt(found[1]):
        return ""
    if find(found[1]) is not None:
        return f"/{found[1]} is a command of interactive sessions. To send it as text, put a word before it."
    near = get_close_matches(found[1], names, n=_NEAR)
    meant = " or ".join(f"/{each}" for each in near)
    hint = f" Did you mean {meant}?" if near else " `coder commands list` says what there is."
    return f"Unknown command: /{found[1]}.{hint} To send it as text, put a word before it."


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
