"""What has arrived of a reply so far, kept in case it is cut. Knows only blocks."""

from __future__ import annotations

from coder.core.messages import Block, Message, Meta, Text, Thinking


class Partial:
    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._text: list[str] = []

    def add_text(self, text: str) -> None:
        self._text.append(text)

    def finish(self, block: Block) -> None:
        if isinstance(block, Text):
            self._text.clear()
        self._blocks.append(block)

    def clear(self) -> None:
        """The attempt is void: forget it."""
        self._blocks.clear()
        self._text.clear()

    def salvage(self) -> Message:
        """Finished text and signed thinking, and the text being written. Half or unanswered calls are dropped."""
        kept = [b for b in self._blocks if isinstance(b, Text) or (isinstance(b, Thinking) and b.signature)]
        if self._text:
            kept.append(Text("".join(self._text)))
        return Message("assistant", tuple(kept), Meta(kind="reply", stop_reason="interrupted"))
