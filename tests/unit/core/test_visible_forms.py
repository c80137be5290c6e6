from __future__ import annotations

import pytest

from coder.core.visible import visible, visible_line


@pytest.mark.behaviour("B-660")
@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("\x1b]0;title\x9c", r"\x1b]0;title\x9c"),
        ("a\u202eb\u2066c", r"a\u202eb\u2066c"),
        ("a\u200b\u200d\ufeff\xadb", r"a\u200b\u200d\ufeff\xadb"),
        ("\U000e0041\U000e0100\ufe0f", r"\U000e0041\U000e0100\ufe0f"),
        ("a\xa0b\u3000c\u2028d", r"a\xa0b\u3000c\u2028d"),
        ("\ud83d\u3164\u2800", r"\ud83d\u3164\u2800"),
        ("a\tb\rc\x7f", r"a\tb\rc\x7f"),
        ("a\nb", "a\nb"),
        ("é 漢字 ❤ ñ עברית", "é 漢字 ❤ ñ עברית"),
        (r"grep '\x1b' f", r"grep '\x1b' f"),
        ("a" + " " * 8 + "b", "a" + " " * 8 + "b"),
        ("a" + " " * 60 + "; rm x", "a[60 spaces]; rm x"),
        ("\t" * 300, "[300 tabs]"),
        ("\u200b" * 20, r"[20 × \u200b]"),
        ("a\n" + " \t\n" * 41 + "b", "a\n[41 empty lines]\nb"),
        ("\n" * 12 + "b", "[12 empty lines]\nb"),
        ("", ""),
    ],
)
def test_each_unseen_character_has_a_form(raw: str, shown: str) -> None:
    assert visible(raw) == shown


def test_one_line_joins_lines_and_keeps_tabs_visible() -> None:
    assert visible_line(" a  b\n\n c\td ") == r"a b c\td"
