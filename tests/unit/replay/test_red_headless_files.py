"""Scripts and cassettes that are no files, or files without an end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from coder.core.errors import ConfigError
from coder.replay.load import load_player
from coder.replay.record import _create


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(300 << 20)


@pytest.mark.behaviour("B-2518")
@pytest.mark.parametrize(
    ("make", "why"),
    [
        (os.mkfifo, "not an ordinary file"),
        (lambda path: path.symlink_to("/dev/zero"), "not an ordinary file"),
        (_sparse, "longer than 256 MiB"),
        (lambda path: path.write_text('{"a":' * 100_000), "nested too deeply"),
        (lambda path: path.write_bytes(b"\xff"), "not UTF-8"),
    ],
)
def test_what_is_no_script_is_said_in_a_line(make: Callable[[Path], object], why: str, tmp_path: Path) -> None:
    make(tmp_path / "script.json")
    with pytest.raises(ConfigError, match=why):
        load_player(tmp_path / "script.json")


@pytest.mark.behaviour("B-2518")
def test_nothing_is_recorded_into_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/zero")
    with pytest.raises(ConfigError, match="is no ordinary file"):
        _create(tmp_path / "link")
