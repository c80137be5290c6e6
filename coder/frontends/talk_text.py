"""A stored conversation as plain text to read. Must not know where it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from coder.core.messages import Message
from coder.core.visible import visible, visible_line
from coder.sessions.telling import Part, parts

_VOICES = {"you": "> ", "summary": "| ", "note": "| ", "thinking": "~ "}
_HEAD = 200  # characters of the line about a call


def talk_pieces(messages: Iterable[Message], *, tools: bool) -> Iterator[str]:
    """What was said, a piece each; with `tools` also what tools were given and what they said, and the thinking."""
    for part in parts(messages):
        if part.voice == "tool":
            yield f"  {visible_line(part.head)[:_HEAD]}" + (f"\n{plain_text(part.text, '    ')}" if tools else "")
        elif part.voice in ("result", "failed", "thinking", "note") and not tools:
            continue
        else:
            text = part.text.rstrip().lstrip("\n")  # the first line of a file may be indented
            yield plain_text(text, _indent(part))


def plain_text(text: str, indent: str = "") -> str:
    """Text of others for the terminal: tabs are blanks, what cannot be seen is written out."""
    return "\n".join(f"{indent}{line}".rstrip() for line in visible(text.expandtabs(4), blanks=200).split("\n"))


def _indent(part: Part) -> str:
    return "    " if part.voice in ("result", "failed") else _VOICES.get(part.voice, "")
