"""Completes rewinds that were cut off: the files first, then the conversation. Must not know who starts it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.conversation import Conversation, StoredConversation
from coder.app.threads import finished
from coder.checkpoints import pending
from coder.checkpoints.contents import Contents
from coder.core.errors import CoderError
from coder.sessions.locate import find

if TYPE_CHECKING:
    from coder.app.recording import Site


async def complete(site: Site, own: Conversation | None) -> tuple[str, ...]:
    """What a person should know of what was completed. `own` is the conversation of the session that is open here."""
    if not await finished(pending.is_waiting, site.base):
        return ()
    try:
        done = await finished(_files, site.base)
    except CoderError as error:
        return (f"A rewind that was cut off waits to be completed: {error}",)
    told = [f"A rewind that was cut off has been completed: {each.changes.what}." for each in done]
    for talk in await finished(pending.talks, site.base):
        try:
            if _talk(talk, site, own):
                told.append("A rewind that was cut off has been completed: the conversation went back too.")
        except CoderError:  # its session is open somewhere, or gone
            continue
    return tuple(told)


def _files(base: Path) -> list[pending.Done]:
    store = Contents(base)
    try:
        return pending.complete(base, store)
    finally:
        store.close()


def _talk(talk: pending.Talk, site: Site, own: Conversation | None) -> bool:
    """Lets a conversation go back whose files have. Raises SessionError; then it is tried again later."""
    if talk.session == site.session_id and own is not None:
        moved = _moved(own, talk)
    else:
        with StoredConversation(find(site.base.parent, site.roots[0], talk.session)) as stored:
            moved = _moved(stored, talk)
    talk.file.unlink(missing_ok=True)
    return moved


def _moved(conversation: Conversation, talk: pending.Talk) -> bool:
    """Whether it had to; one that stands elsewhere by now has gone back, or on."""
    if (conversation.leaf or "") != talk.start:
        return False
    if talk.prompt:
        conversation.rewind_to(talk.prompt)
    else:
        conversation.move_to(talk.leaf or None)
    return True
