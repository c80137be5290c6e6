"""Locks between processes, by open files of their own: a lock belongs to what was opened, not to the process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from coder.core.locks import is_locked, lock

CLOSED = 1_000_000  # no such thing is open: as where there are no locks


@contextmanager
def opened(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield fd
    finally:
        os.close(fd)


def test_one_has_it_until_what_was_opened_is_closed(tmp_path: Path) -> None:
    with opened(tmp_path / "file") as second:
        with opened(tmp_path / "file") as first:
            assert lock(first) and is_locked(second, alone=False)
            with pytest.raises(BlockingIOError):
                lock(second)
            with pytest.raises(BlockingIOError):
                lock(second, 0.01)
        assert lock(second, 30.0)


@pytest.mark.parametrize("alone", [True, False])
def test_a_shared_one_is_in_the_way_of_who_wants_it_alone(tmp_path: Path, alone: bool) -> None:
    with opened(tmp_path / "file") as first, opened(tmp_path / "file") as second:
        fcntl.flock(first, fcntl.LOCK_SH)
        assert is_locked(second, alone=alone) is alone


def test_where_there_are_no_locks_nobody_is_kept_out() -> None:
    assert not lock(CLOSED) and not is_locked(CLOSED, alone=True)
