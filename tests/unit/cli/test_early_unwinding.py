"""Signals before there is a session: what is to be undone is undone, and behind that nothing unwinds."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import os, signal
from coder.cli import early
early.begin(["-p"])
def sent(number):
    try:
        os.kill(os.getpid(), number)
        signal.sigtimedwait([], 5)
    except KeyboardInterrupt:
        print("unwound", flush=True)
with early.unwinding():
    sent(signal.SIGTERM)
sent(signal.SIGHUP)
print("went on", flush=True)
"""


@pytest.mark.behaviour("B-2715")
def test_only_what_is_to_be_undone_is_unwound() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (129, "unwound\n")
    assert done.stderr.startswith("coder: Interrupted before the session began")
