"""One run of a batch: coder itself, which ends when the process that began it is gone. Run as a file, with the number
of a descriptor that ends then, and coder's arguments. Must not know the batch.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
from pathlib import Path

_GRACE = 10.0  # seconds that a run has to end in order


def main() -> None:
    """Begun with `-P`, so that no module of the folder it works in is ever taken for one of ours."""
    held = int(sys.argv[1])
    os.set_inheritable(held, False)
    threading.Thread(target=watch, args=(held,), name="batch", daemon=True).start()
    sys.argv[1:2] = []
    root = str(Path(__file__).resolve().parents[2])
    if root not in sys.path:
        sys.path.append(root)
    runpy.run_module("coder", run_name="__main__")


def watch(held: int) -> None:
    """Ends this process and its group, in order if they can, once the descriptor has come to its end."""
    try:
        while os.read(held, 1):
            pass
    except OSError:
        return
    os.killpg(0, signal.SIGTERM)
    threading.Event().wait(_GRACE)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
