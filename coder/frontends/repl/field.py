"""A line of text inside a question: what is typed, and where the caret is. Must not know keys or rows."""

from __future__ import annotations

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document

from coder.frontends.styled import Row, Span, cells


class Field:
    """`press` takes a key by name, or typed text; it tells whether the key was one for a text field."""

    def __init__(self, initial: str = "", *, secret: bool = False) -> None:
        self._buffer = Buffer(multiline=False)
        self._secret = secret
        self.set(initial)

    @property
    def text(self) -> str:
        return self._buffer.text

    def set(self, text: str) -> None:
        self._buffer.document = Document(text, len(text))

    def press(self, key: str, data: str) -> bool:
        buffer = self._buffer
        document = buffer.document
        match key:
            case "text" | "paste":
                buffer.insert_text(" ".join(data.split("\n")) if key == "paste" else data)
            case "backspace":
                buffer.delete_before_cursor()
            case "delete":
                buffer.delete()
            case "left":
                buffer.cursor_left()
            case "right":
                buffer.cursor_right()
            case "home" | "ctrl+a":
                buffer.cursor_position = 0
            case "end" | "ctrl+e":
                buffer.cursor_position = len(buffer.text)
            case "ctrl+k":
                buffer.delete(len(document.text_after_cursor))
            case "ctrl+u":
                buffer.delete_before_cursor(len(document.text_before_cursor))
            case "ctrl+w":
                buffer.delete_before_cursor(-(document.find_start_of_previous_word() or 0))
            case _:
                return False
        return True

    def row(self, width: int) -> tuple[Row, int]:
        """The field as a row behind its mark, and the column of the caret; of a long text the part round the caret."""
        text = "•" * len(self.text) if self._secret else self.text
        at = self._buffer.cursor_position
        room = max(width - 3, 1)
        start = 0
        while sum(map(_size, text[start:at])) > room:
            start += 1
        end, used = start, 0
        while end < len(text) and used + _size(text[end]) <= room:
            used += _size(text[end])
            end += 1
        column = 2 + sum(map(_size, text[start:at]))
        shown = "".join(char if char.isprintable() else "·" for char in text[start:end])
        return (Span("❯ ", "bold"), Span(shown)), column


def _size(char: str) -> int:
    return cells(char) if char.isprintable() else 1
