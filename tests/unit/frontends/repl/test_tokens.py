from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text.utils import fragment_list_to_text
from prompt_toolkit.layout.controls import BufferControl
from prompt_toolkit.layout.processors import TransformationInput

from coder.frontends.repl.entry import Clip
from coder.frontends.repl.shown import Shown
from coder.frontends.repl.tokens import Tokens, is_long, typed


def drawn(tokens: Tokens, line: str, width: int = 80, number: int = 0) -> tuple[str, list[int], list[int]]:
    """The text on the screen, where each character of the line is in it, and back."""
    document = Document(line)
    control = BufferControl(Buffer(document=document))
    done = Shown(tokens, "Say something").apply_transformation(
        TransformationInput(control, document, number, lambda at: at, [("", line)], width, 1)
    )
    text = fragment_list_to_text(done.fragments)
    there = [done.source_to_display(at) for at in range(len(line) + 2)]
    return text, there, [done.display_to_source(at) for at in there]


def test_a_long_paste_is_a_token() -> None:
    assert not is_long("line\n" * 10)
    assert is_long("line\n" * 11)
    assert not is_long("x" * 1000)
    assert is_long("x" * 1001)


def test_pictures_are_numbered_by_the_draft() -> None:
    tokens = Tokens()
    first = tokens.picture(Path("/a.png"), "")
    second = tokens.picture(Clip("image/png", b"x"), f"see {first}")
    assert tokens.labelled(f"{first} {second}") == "[Image 1] [Image 2]"
    assert tokens.pictures(f"{second} {first}") == (Clip("image/png", b"x"), Path("/a.png"))
    assert tokens.labelled(tokens.picture(Path("/c.png"), "")) == "[Image 1]"  # of the next draft


@given(st.text(max_size=20))
def test_nothing_typed_passes_for_a_token(text: str) -> None:
    tokens = Tokens()
    char = tokens.paste("secret\n" * 20)
    assert "secret" not in tokens.expanded(typed(text + char + text))
    assert "\r" not in typed(text + "\r")


def test_how_a_draft_is_drawn() -> None:
    tokens = Tokens()
    char = tokens.paste("x\n" * 84)
    assert drawn(tokens, "")[0] == "Say something"
    assert drawn(tokens, "", 6)[0] == "Sa…"
    assert drawn(tokens, "", 1)[0] == ""
    assert drawn(tokens, f"a{char}b") == ("a[Pasted 84 lines]b", [0, 1, 18, 19, 20], [0, 1, 2, 3, 4])
    assert drawn(tokens, "!ls") == ("ls", [0, 0, 1, 2, 3], [1, 1, 2, 3, 4])
    assert drawn(tokens, "a\tb\u202ec\x1b")[0] == "a    b\\u202ec\\x1b"
    assert drawn(tokens, "👩\u200d💻❤\ufe0f")[0] == "👩💻❤"


@given(st.text("ab \t!漢é\u0301\u200d\u202e\x07\U0010f000\U0010f001", max_size=20), st.integers(0, 20))
def test_every_character_keeps_its_place(line: str, width: int) -> None:
    tokens = Tokens()
    tokens.paste("paste\n" * 20)
    text, there, back = drawn(tokens, line, width, 1)
    if line:
        assert there == sorted(there)
        assert there[len(line)] == len(text)
        assert all(line[at] in "!\u200d" or back[at] == at for at in range(len(line)))
