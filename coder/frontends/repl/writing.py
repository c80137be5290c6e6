"""What the model writes, printed as it comes: its text block by block, its thoughts as a row. Must not know events."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coder.core.lazy import LazyModule
from coder.frontends.render.blocks import Blocks
from coder.frontends.repl.board import Board
from coder.frontends.repl.terminal import Terminal
from coder.frontends.repl.transcript import Transcript
from coder.frontends.styled import Row, foreign, row

if TYPE_CHECKING:
    from coder.frontends.render import ending, markdown
else:  # what is printed comes after the first paint
    ending = LazyModule("coder.frontends.render.ending")
    markdown = LazyModule("coder.frontends.render.markdown")


class Writing:
    """`settle` prints what has to stand before it."""

    def __init__(self, terminal: Terminal, board: Board, transcript: Transcript, settle: Callable[[], None]) -> None:
        self.is_verbose = False
        self._terminal = terminal
        self._board = board
        self._transcript = transcript
        self._settle = settle
        self._blocks: Blocks | None = None
        self._thought = ""

    @property
    def is_open(self) -> bool:
        """Whether a text was begun and has not ended."""
        return self._blocks is not None

    def tail(self, most: int) -> list[Row]:
        """The unfinished end of what is being written."""
        if self._blocks is None or not self._blocks.tail.strip():
            return []
        rows: list[Row] = markdown.tail_rows(self._blocks.tail, self._terminal.width, most)
        return rows

    def text(self, text: str) -> None:
        self._end_thought()
        self._board.hear("writing")
        self._board.characters += len(text)
        if self._blocks is None:
            self._settle()
            self._terminal.say([()])
            self._blocks = Blocks()
        self._print(self._blocks.feed(text))

    def thinking(self, text: str) -> None:
        if self._blocks is not None:
            self.end()
        self._board.hear("thinking")
        self._board.characters += len(text)
        self._thought += text

    def end(self) -> None:
        """Prints what is left of text and thought."""
        self._end_thought()
        if self._blocks is not None:
            blocks, self._blocks = self._blocks, None
            self._print(blocks.end())
            self._terminal.say([()])

    def thought(self, thought: str, seconds: float | None) -> None:
        """A thought that is whole. One that was written down with a tool took no time of its own."""
        self._transcript.thought(thought, seconds or 0.0)
        self._settle()
        self._terminal.say([ending.thought_row(seconds)])
        if self.is_verbose:
            self._terminal.say(row((f"  {foreign(line)}", "dim")) for line in thought.strip().split("\n"))

    def _end_thought(self) -> None:
        if self._thought:
            thought, self._thought = self._thought, ""
            self.thought(thought, self._board.clock() - self._board.thinking_since)

    def _print(self, blocks: list[str]) -> None:
        for block in blocks:
            self._terminal.block(block)
