from __future__ import annotations

import pytest

from coder.frontends.wrapping import wrapped


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", ["  "]),
        ("rm -rf a b c d e fg", ["  rm -rf a b c d e", "    fg"]),
        ("rm " + "x" * 30, ["  rm " + "x" * 14 + "\\", "    " + "x" * 15 + "\\", "    x"]),
        ("rm aaaaaaaaaaaaaa bbbb", ["  rm aaaaaaaaaaaaaa", "    bbbb"]),
        ("cat aaaaaaa\\ bbbbbb", ["  cat", "    aaaaaaa\\ bbbbbb"]),
        ("漢字漢字漢字漢字漢字漢字", ["  漢字漢字漢字漢字\\", "    漢字漢字"]),
        ("a" + " " * 40 + "b", ["  a", "    b"]),
    ],
)
def test_rows_break_at_blanks_and_mark_where_they_break_a_word(text: str, rows: list[str]) -> None:
    assert wrapped(text, 20, "  ", "    ") == [row.rstrip(" ") for row in rows]
