"""What taking a compaction back leaves: where the conversation stood, and what was said since. Pure; must not know
files or lines.
"""

from __future__ import annotations

from collections.abc import Iterable

from coder.core.messages import Message, entry_uuids
from coder.sessions.codec import Entry, message_uuid
from coder.sessions.entries import copied_name
from coder.sessions.tree import Tree


def stood_at(tree: Tree, boundary: Entry) -> str | None:
    """The entry that the conversation stood at before a compaction on its branch. When it has since gone back into what
    the compaction kept, it stood before the first message that was left behind by that."""
    here = {entry.uuid for entry in tree.branch()}
    end = tree.parent(boundary, whole=True)
    for entry in tree.branch(end):
        copy = copied_name(boundary.uuid, message_uuid(entry))
        if copy in tree and copy not in here:
            return tree.parent(entry)
    return end


def said_since(tree: Tree, boundary: Entry, messages: Iterable[Message]) -> tuple[Message, ...]:
    """Those of the messages behind a compaction that it did not put there itself."""

    def is_copy(message: Message) -> bool:
        return any(copied_name(boundary.uuid, name) in tree for name in entry_uuids(message))

    return tuple(message for message in messages if message.meta.kind != "summary" and not is_copy(message))
