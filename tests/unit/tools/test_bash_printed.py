from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.workspace import Captured
from coder.tools.printed import clean, printed, whole_characters


def captured(raw: bytes, head: int = 150_000, tail: int = 450_000) -> Captured:
    """As a capture with these bounds would hold it."""
    return Captured(raw[:head], raw[head:][-tail:], len(raw), Path("/spill"), raw.count(b"\n"))


@pytest.mark.behaviour("B-263")
@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\x1b[1;31mred\x1b[0m", "red"),
        (b"\x1b]0;title\x07text", "text"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1b[2J\x1b[H\x1b(Btop", "top"),
        (b"\x1bPdevice\x1b\\after", "after"),
        (b"\x1b[", ""),
        (b"a\x1b", "a\u241b"),
        (b"a\0b", "a\u2400b"),
        (b"del\x7f bell\x07", "del\u2421 bell"),
        (b"caf\xe9 \xff", "caf\ufffd \ufffd"),
        ("naïve 漢字 🐍".encode(), "naïve 漢字 🐍"),
        (b"N\bNA\bAM\bME\bE _\bx", "NAME x"),
        (b"|\b/\b-\bdone", "done"),
        (b"dos\r\nlines\r\n", "dos\nlines\n"),
        (b"tab\tstays\n", "tab\tstays\n"),
    ],
)
def test_terminal_tricks_become_text(raw: bytes, text: str) -> None:
    assert clean(raw)[0] == text


def test_of_a_progress_line_the_last_state_is_shown_and_the_others_are_counted() -> None:
    assert clean(b"start\n10%\r20%\r100%\nend\r\n") == ("start\n100%\nend\n", 2)
    assert clean(b"10%\r20%\r") == ("20%", 1)


def test_output_within_the_limit_is_shown_whole() -> None:
    shown = printed(captured(b"\n\none\ntwo\n\n"), 100)
    assert (shown.text(None), shown.is_cut) == ("one\ntwo", False)


@pytest.mark.behaviour("B-258")
def test_the_cut_is_in_the_middle_and_stated_exactly() -> None:
    raw = b"".join(b"line %d\n" % number for number in range(1, 1001))
    shown = printed(captured(raw), 400)
    head, _, rest = shown.text(Path("/spill")).partition("\n\n[")
    marker, _, tail = rest.partition("]\n\n")
    assert head.startswith("line 1\nline 2\n")
    assert tail.endswith("line 999\nline 1000")
    lines = len(head.split("\n")) + len(tail.split("\n"))
    missing = len(raw) - len(head) - 1 - len(tail) - 1
    assert marker == f"{1000 - lines} lines ({missing:,} bytes) left out here. The whole output is in /spill"
    assert 80 <= len(head) <= 100
    assert 250 <= len(tail) <= 300


@pytest.mark.behaviour("B-258")
def test_a_line_without_end_is_cut_and_the_statement_says_so() -> None:
    raw = b"x" * 50_000_000
    shown = printed(captured(raw), 30_000)
    text = shown.text(Path("/spill"), 49_000_000)
    assert (
        "[49,970,000 bytes of one line left out here. The first 49,000,000 bytes of the output are in /spill]" in text
    )
    assert text.count("x") == 30_000


def test_a_lost_file_is_not_promised() -> None:
    shown = printed(captured(b"x\n" * 500_000), 30_000)
    assert "left out here. They could not be kept.]" in shown.text(None)


def test_binary_output_is_kept_short() -> None:
    shown = printed(captured(Path("/bin/sh").resolve().read_bytes()), 30_000)
    assert shown.is_binary
    assert len(shown.text(Path("/spill"))) < 2_200


@pytest.mark.parametrize(
    "text", ["漢字かな" * 10_000, "a\0bcdefghijklmnopqrst" * 1_000, "\x1b[32mok\x1b[0m passed\n" * 5_000]
)
def test_text_in_any_script_with_colours_or_separators_is_not_taken_for_binary(text: str) -> None:
    assert not printed(captured(text.encode()), 30_000).is_binary


@pytest.mark.parametrize("limit", range(500, 520))
def test_no_character_is_torn_by_the_cut(limit: int) -> None:
    shown = printed(captured("漢字かな🐍é".encode() * 30_000, 1_000 + limit, 2_000 + limit), limit)
    assert shown.is_cut
    assert "\ufffd" not in shown.head + shown.tail


def test_long_progress_output_that_ends_short_is_shown_whole() -> None:
    raw = b"".join(b"%d%%\r" % (number % 100) for number in range(100_000)) + b"100%\nall good\n"
    shown = printed(captured(raw), 10_000)
    assert (shown.head, shown.overwritten) == ("100%\nall good", 100_000)


PIECES = st.sampled_from(
    [b"line\n", b"\xe6\xbc\xa2", b"\x1b[31m", b"\r", b"\n", b"\0", b"\xff", b"word ", b"\b", b"\x1b]"]
)


@given(st.lists(PIECES, max_size=400).map(b"".join), st.integers(40, 300), st.integers(10, 200))
def test_any_bytes_give_bounded_clean_text_with_exact_counts(raw: bytes, limit: int, bound: int) -> None:
    shown = printed(captured(raw, bound, 3 * bound), limit)
    assert len(shown.head) + len(shown.tail) <= limit
    assert 0 <= shown.omitted_bytes <= len(raw)
    assert 0 <= shown.omitted_newlines <= raw.count(b"\n")
    text = shown.text(None)
    assert not [char for char in text if char < " " and char not in "\t\n"]
    text.encode("utf-8")


@given(st.text(), st.integers(0, 20))
def test_half_a_character_at_the_end_is_held_back(text: str, cut: int) -> None:
    raw = text.encode("utf-8", "replace")
    part = raw[: max(0, len(raw) - cut)]
    assert whole_characters(part) == part.decode("utf-8", "ignore").encode()
