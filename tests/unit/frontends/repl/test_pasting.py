"""The parser of the terminal's input, fed byte by byte as a terminal would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys

from coder.frontends.repl.pasting import PasteParser

BEGIN, END = "\x1b[200~", "\x1b[201~"


class Reader:
    def __init__(self) -> None:
        self.keys: list[KeyPress] = []
        self.waits = 0
        self.parser = PasteParser(self.keys.append, self._wait)

    def _wait(self) -> None:
        self.waits += 1

    @property
    def pastes(self) -> list[str]:
        return [press.data for press in self.keys if press.key == Keys.BracketedPaste]


@given(st.text("ab\r\n~[2\x1b漢", max_size=30), st.lists(st.integers(1, 5), min_size=1, max_size=60))
def test_a_paste_arrives_whole_however_it_is_cut(text: str, sizes: list[int]) -> None:
    if END in text:
        return
    reader = Reader()
    rest = f"x{BEGIN}{text}{END}y"
    for size in sizes:
        reader.parser.feed(rest[:size])
        rest = rest[size:]
    reader.parser.feed(rest)
    assert reader.pastes == [text]
    assert (reader.keys[0].key, reader.keys[-1].key) == ("x", "y")


def test_it_says_that_it_waits_and_can_be_told_to_stop() -> None:
    reader = Reader()
    reader.parser.feed(f"{BEGIN}some")
    reader.parser.feed(" text")
    assert reader.waits
    assert reader.parser.is_waiting
    reader.parser.give_up()
    reader.parser.feed("k")
    assert reader.pastes == ["some text"]
    assert reader.keys[-1].key == "k"
    reader.parser.feed(END)  # late
    assert [press.key for press in reader.keys[2:]] == [Keys.Ignore]


def test_many_characters_at_once_with_a_line_end_between_are_a_paste() -> None:
    burst = "first line of something longer\rsecond line, which is longer still\r"
    reader = Reader()
    reader.parser.feed(burst)
    reader.parser.feed("the rest\r")  # follows at once
    assert reader.pastes == [burst, "the rest\r"]


def test_typed_keys_are_no_paste() -> None:
    for text in ("do this\rand that\r", "one long message that somebody typed while coder was busy with a run\r"):
        reader = Reader()
        reader.parser.feed(text)
        assert reader.pastes == []
        assert reader.keys[-1].key == Keys.ControlM
    reader = Reader()
    reader.parser.feed("\x1b[A" * 30 + "\r" + "\x1b[B" * 30)
    assert reader.pastes == []
