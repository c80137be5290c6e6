"""Sends a run a signal, or has it fail, at the N-th thing it does: whatever the interpreter is asked to import, open,
start or connect to is one. The wire is in the environment of the process; the same N is the same place each time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tests.support.cli import Place

# Counted from the first line on that is run with the flags known; other interpreters that are started never get there.
_WIRE = """
import os, sys
at, signals = int(os.environ["TRIP_AT"]), [int(each) for each in os.environ["TRIP_WITH"].split()]
count, begun = 0, False
def wire(event, arguments):
    global count, begun
    if not begun:
        begun = event == "import" and arguments[0] == "coder.cli.main"
        return
    count += 1
    if count == at:
        for each in signals:
            os.kill(os.getpid(), each)
def tell():
    with open(os.environ["TRIP_TOLD"], "w", encoding="ascii") as file:
        file.write(str(count))
sys.addaudithook(wire)
if "TRIP_TOLD" in os.environ:
    import atexit
    atexit.register(lambda: begun and tell())
"""


def wired(place: Place, at: int, *signals: int, told: Path | None = None) -> Mapping[str, str]:
    """The environment of a run that is sent these at its `at`-th step. `told`: where to say how many there were."""
    folder = place.home / "wire"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(_WIRE, encoding="utf-8")
    path = os.pathsep.join((str(folder), place.env(None)["PYTHONPATH"]))
    env = {"PYTHONPATH": path, "TRIP_AT": str(at), "TRIP_WITH": " ".join(str(int(each)) for each in signals)}
    return env if told is None else {**env, "TRIP_TOLD": str(told)}
