"""What a run has loaded when its first request leaves."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.support.cli import Place
from tests.support.fakeapi import fake_api

_PROBE = """
import json, runpy, sys
def leaves(event, arguments):
    global leaves
    if event == "socket.connect" and leaves is not None:
        leaves = None
        sys.stderr.write(json.dumps(sorted(sys.modules)) + "\\n")
sys.addaudithook(leaves)
sys.argv = ["coder", *sys.argv[1:]]
runpy.run_module("coder", run_name="__main__")
"""


def loaded(place: Place, *flags: str) -> set[str]:
    """By `coder -p hello`."""
    with fake_api([{"text": "Hello."}]) as api:
        done = subprocess.run(
            [sys.executable, "-c", _PROBE, "-p", "hello", *flags],
            cwd=place.project,
            env=place.env(api.url),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=True,
            timeout=60,
        )
    return set(json.loads(done.stderr.split("\n")[0]))
