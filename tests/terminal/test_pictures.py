"""The terminal of these tests shows what a person sees: a picture that is half written is not looked at."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.screens import Terminal

_DRAWS = r"""
import sys, time
def write(text):
    sys.stdout.write(text); sys.stdout.flush()
write("\x1b[?2026hfirst half\r\n")
time.sleep(0.4)
write("second half\x1b[?2026l\r\n")
time.sleep(0.2)
write("\x1b[?2026hnever ended\r\n")
time.sleep(60)
"""


def test_a_picture_is_looked_at_when_it_is_whole_and_one_that_never_ends_is_still_looked_at(tmp_path: Path) -> None:
    terminal = Terminal([sys.executable, "-c", _DRAWS], env={}, cwd=tmp_path)
    try:
        terminal.wait("first half")
        assert "second half" in terminal.screen
        terminal.wait("never ended")
    finally:
        terminal.process.close(force=True)
