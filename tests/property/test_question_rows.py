"""No row of a question is wider than the terminal, and none of the command is lost, at any width."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from coder.core.requests import Deny, Part
from coder.core.visible import visible
from coder.frontends.dialog import echo
from coder.frontends.dialog_lines import lines, spoken
from coder.frontends.wrapping import wrapped
from tests.support.questions import asked, command, edit

widths = st.integers(20, 130)
texts = st.text(st.one_of(st.characters(), st.sampled_from(" \n\t\\;|漢字é\u0301\u202e▶◀ab")), max_size=300)


def unseen(row: str) -> bool:
    return any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in row)


def body(rows: list[str], first: int = 4) -> str:
    """The text of wrapped rows: what a broken word had at its end is taken away, blanks are not compared."""
    joined = "".join(row[first:] + "\n" for row in rows)
    return re.sub(r"\s", "", re.sub(r"\\\n\s*", "", joined))


@pytest.mark.behaviour("B-661")
@given(st.text(st.one_of(st.characters(), st.sampled_from(" \\a漢")), max_size=400), widths)
def test_wrapping_keeps_every_character_and_the_width(text: str, width: int) -> None:
    line = visible(text).replace("\n", " ")
    rows = wrapped(line, width, "    ", "      ")
    assert all(cell_len(row) <= width for row in rows)
    if not line.rstrip(" ").endswith("\\"):
        assert body(rows) == body(["    " + line])


@pytest.mark.behaviour("B-661")
@given(texts, texts, widths, st.booleans(), st.data())
def test_no_row_is_too_wide_and_nothing_unseen_is_in_it(
    text: str, says: str, width: int, irreversible: bool, data: st.DataObject
) -> None:
    cut = sorted(data.draw(st.lists(st.integers(-1, len(text)), min_size=4, max_size=4)))
    found = (Part("a", cut[0], cut[1], True), Part("b", cut[2], cut[3], True))
    request = command(text, text, rules=("Bash(x *)",), parts=found, says=says, confirm="push" if irreversible else "")
    dialog = asked(request)
    rows = lines(dialog, width)
    assert all(cell_len(row) <= width for row in rows)
    assert not any(unseen(row) for row in (*rows, *spoken(dialog)))
    assert ("❯ 1 Yes, this once" in rows) != irreversible
    assert not unseen(echo(dialog, Deny(says)))


@pytest.mark.behaviour("B-661")
@given(texts, texts, texts, texts, widths)
def test_no_row_of_an_edit_is_too_wide(name: str, before: str, old: str, new: str, width: int) -> None:
    dialog = asked(edit("Edit", name, old_string=old, new_string=new), {name: before + old})
    rows = lines(dialog, width)
    assert all(cell_len(row) <= width for row in rows)
    assert not any(unseen(row) for row in (*rows, *spoken(dialog)))
