"""What a session is called: the person's name for it, a model's, else its first words. Must not know files or trees."""

from __future__ import annotations

import re

from coder.core.messages import Json
from coder.sessions.lines import decode_line

_WORDS = 7
_LONGEST = 60  # characters of a title made of first words
_LABELS = {"custom-title": ("custom", "customTitle"), "ai-title": ("ai", "aiTitle"), "tag": ("tag", "tag")}
_PREFIXES = tuple(f'{{"type":"{kind}"'.encode() for kind in _LABELS)
# What other programs put where a prompt would stand.
_NO_PROMPT = re.compile(
    r"\s*(<local-command-stdout>|<bash-\w+>|<session-start-hook>|<tick>|<goal>|<command-(name|message)>|<ide_\w+>|"
    r"\[Request interrupted by user|Caveat: The messages below)"
)


def first_words(prompt: str) -> str:
    """A title of at most seven words from a prompt; empty when it has none."""
    words = prompt.split()
    cut = len(words) > _WORDS
    text = " ".join(words[:_WORDS])
    if len(text) > _LONGEST:
        text, cut = text[:_LONGEST].rstrip(), True
    return text + "…" if cut else text


def is_said_by_a_person(prompt: str) -> bool:
    """Whether a text that stands where prompts do is one."""
    return bool(prompt.strip()) and _NO_PROMPT.match(prompt) is None


def labels_in(data: bytes) -> dict[str, str]:
    """The last titles and tag that a piece of a transcript says, by their names in `Labels`."""
    found: dict[str, str] = {}
    for line in data.split(b"\n"):
        if line.startswith(_PREFIXES) and (raw := decode_line(line)) is not None:
            found |= label_of(raw)
    return found


def label_of(raw: Json) -> dict[str, str]:
    """What one line says of the session's titles, by their names in `Labels`."""
    name, field = _LABELS.get(str(raw.get("type")), ("", ""))
    text = raw.get(field)
    return {name: text} if name and isinstance(text, str) else {}
