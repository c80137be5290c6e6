"""Processes that fork while they are ended: none of them is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support import marked
from tests.support.processes import linux_only

# Each begins the next and waits for it, so that there is always one that nobody has seen yet.
CHAIN = 'f() { [ "$1" -eq 20 ] && echo; [ "$1" -gt 40 ] && exec sleep 60; f $(($1 + 1)) & wait; }; f 0'
ENDS = f"""
import subprocess
from coder.workspace.descendants import end_descendants
subprocess.Popen(["bash", "-c", {CHAIN!r}], stdout=subprocess.PIPE).stdout.readline()
end_descendants()
"""


@linux_only
@pytest.mark.behaviour("B-2626")
def test_what_forks_while_it_is_ended_leaves_nothing(tmp_path: Path) -> None:
    env = {**os.environ, marked.NAME: str(tmp_path), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        subprocess.run([sys.executable, "-c", ENDS], env=env, stderr=subprocess.DEVNULL, timeout=60, check=True)
        marked.until_none(str(tmp_path))
    finally:
        end_marked(str(tmp_path))


def end_marked(mark: str) -> None:
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"{marked.NAME}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                os.kill(int(folder.name), signal.SIGKILL)
