from __future__ import annotations

import resource
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.workspace.capture import Capture


def feed(capture: Capture, *chunks: bytes) -> None:
    for chunk in chunks:
        if unsaved := capture.add(chunk):
            capture.save(unsaved)


def test_output_within_the_bound_is_whole_and_makes_no_file(tmp_path: Path) -> None:
    capture = Capture(tmp_path / "out", head=4, tail=6)
    feed(capture, b"abc", b"defghij")
    held = capture.captured()
    assert held.head + held.tail == b"abcdefghij"
    assert held.omitted == 0
    assert held.spill is None
    assert not (tmp_path / "out").exists()


@pytest.mark.behaviour("B-257")
def test_one_byte_more_puts_everything_from_the_first_byte_on_into_a_private_file(tmp_path: Path) -> None:
    capture = Capture(tmp_path / "deep/er/out", head=4, tail=6)
    feed(capture, b"0123456789", b"X", b"YZ")
    capture.close()
    held = capture.captured()
    assert (held.head, held.tail, held.total, held.omitted) == (b"0123", b"789XYZ", 13, 3)
    assert held.spill is not None
    assert held.spill.read_bytes() == b"0123456789XYZ"
    assert stat.S_IMODE(held.spill.stat().st_mode) == 0o600


def test_the_file_stops_at_its_cap_and_counting_goes_on(tmp_path: Path) -> None:
    capture = Capture(tmp_path / "out", head=2, tail=2, cap=5)
    feed(capture, b"012", b"3456", b"789\n")
    capture.close()
    held = capture.captured()
    assert (tmp_path / "out").read_bytes() == b"01234"
    assert (held.total, held.newlines, held.tail) == (11, 1, b"9\n")


def test_a_live_capture_has_its_file_from_the_start(tmp_path: Path) -> None:
    capture = Capture(tmp_path / "out", live=True)
    assert (tmp_path / "out").read_bytes() == b""
    feed(capture, b"a")
    assert (tmp_path / "out").read_bytes() == b"a"
    capture.close()


def test_a_file_laid_out_by_somebody_else_is_not_written_to(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    (tmp_path / "out").symlink_to(victim)
    capture = Capture(tmp_path / "out", head=1, tail=1)
    feed(capture, b"longer than two")
    assert victim.read_bytes() == b"mine"
    assert capture.captured().spill is None


def test_a_file_that_cannot_be_finished_is_removed_and_the_rest_still_counts(tmp_path: Path) -> None:
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    capture = Capture(tmp_path / "out", head=10, tail=10)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, old[1]))
    try:
        feed(capture, b"x" * 900, b"y" * 900, b"z" * 900)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    held = capture.captured()
    assert (held.total, held.spill) == (2700, None)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_already_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"earlier")
    capture = Capture(tmp_path / "out", head=1, tail=1)
    feed(capture, b"longer than two")
    assert (tmp_path / "out").read_bytes() == b"earlier"


def test_what_was_never_polled_and_is_lost_does_not_come_with_a_gap() -> None:
    capture = Capture(Path("/nonexistent/out"), head=4, tail=4)
    capture.add(b"ab")
    assert capture.read_new() == b"ab"
    capture.add(b"cdefghijklmnop")
    assert capture.read_new() == b"mnop"


@given(chunks=st.lists(st.binary(max_size=40), max_size=12), polls=st.sets(st.integers(0, 11)))
def test_polling_gives_every_byte_once_or_the_newest(chunks: list[bytes], polls: set[int]) -> None:
    capture = Capture(Path("/nonexistent/out"), head=10, tail=20)
    whole, read = b"", 0
    for index, chunk in enumerate(chunks):
        capture.add(chunk)
        whole += chunk
        if index in polls:
            new = capture.read_new()
            assert whole[read:].endswith(new)
            assert len(new) == len(whole) - read or len(new) >= 20
            read = len(whole)
    held = capture.captured()
    assert held.head == whole[:10]
    assert held.tail == whole[10:][-20:]
    assert (held.total, held.newlines) == (len(whole), whole.count(b"\n"))
