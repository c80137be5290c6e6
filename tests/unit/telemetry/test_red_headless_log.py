"""A log that cannot be written says so to nobody."""

from __future__ import annotations

import logging
import resource
from pathlib import Path

import pytest

from coder.telemetry.logs import DebugLog


@pytest.mark.behaviour("B-2517")
def test_a_full_disk_makes_no_noise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    log = DebugLog.start(tmp_path / "log")
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        logging.getLogger("x").warning("one %s", "word")
        log.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert capsys.readouterr() == ("", "") and (tmp_path / "log").read_text() == ""
