"""The skills that a conversation goes on with when it is shortened: their texts move into its first messages, the
newest first, bounded. Pure; must not know when that is due, or where skills lie.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from coder.core import prompts
from coder.core.messages import Block, Message, Meta, Text, is_typed_command

MOST_TOKENS = 5_000  # of one of them
MOST_TOGETHER = 25_000
_CHARS_PER_TOKEN = 4
_CUT = 200  # characters that say what was left out: what was cut before stays as it is


def with_skills(contexts: Sequence[Message], gone: Sequence[Message]) -> list[Message]:
    """The first messages with the skills that are in them or in what is left out of the conversation."""
    before, between = prompts.load("reminders/skill", folder="\0", body="\0").split("\0")[:2]
    heading = prompts.load("reminders/skills_kept")
    found: dict[str, str] = {}
    for text in _texts(gone, before, between):
        folder = text[len(before) :].partition(between)[0]
        found.pop(folder, None)
        found[folder] = text
    made = [_without(message, before, heading) for message in contexts]
    kept = _bounded(list(reversed(found.values())))
    if kept:
        blocks = (Text(heading), *map(Text, kept))
        if made:
            made[-1] = replace(made[-1], content=(*made[-1].content, *blocks))
        else:
            made = [Message("user", blocks, Meta(kind="context"))]
    return [message for message in made if message.content]


def _texts(messages: Sequence[Message], before: str, between: str) -> Iterator[str]:
    """What coder itself has told of skills. A file or an answer stands in none of these places."""
    for message in messages:
        blocks: Sequence[Block] = ()
        if message.meta.kind in ("context", "reminder"):
            blocks = message.content
        elif message.meta.kind == "prompt":
            texts = [block for block in message.content if isinstance(block, Text)]
            blocks = texts[1:] if texts and is_typed_command(texts[0].text) else ()
        for block in reversed(blocks) if message.meta.kind == "context" else blocks:
            if isinstance(block, Text) and block.text.startswith(before) and between in block.text:
                yield block.text


def _without(message: Message, before: str, heading: str) -> Message:
    kept = tuple(
        block
        for block in message.content
        if not (isinstance(block, Text) and (block.text == heading or block.text.startswith(before)))
    )
    return replace(message, content=kept)


def _bounded(texts: Sequence[str]) -> list[str]:
    made: list[str] = []
    room = MOST_TOGETHER * _CHARS_PER_TOKEN
    most = MOST_TOKENS * _CHARS_PER_TOKEN
    for text in texts:
        size = min(len(text), most)
        if size > room:
            break
        if len(text) > most + _CUT:
            cut = prompts.load("reminders/skill_cut", left=f"{len(text) - most:,}")
            text = f"{text[:most]}\n{cut}"
        room -= size
        made.append(text)
    return made
