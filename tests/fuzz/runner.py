"""The process that runs commands for the fuzz, one order a line, inside the sandbox. Standard library only.

It ends after a command that overran its time: the sandbox, and whatever is left in it, ends with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from typing import Any

_MOST_OUTPUT = 1 << 18
_LARGEST_FILE = 1 << 24


def main() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        answer = run(json.loads(line))
        print(json.dumps(answer), flush=True)
        if answer["overran"]:
            return


def run(order: dict[str, Any]) -> dict[str, Any]:
    """Runs one command until the last process it has started is gone, background ones included."""
    output, out = os.pipe()
    alive, held = os.pipe()  # held open by every descendant
    try:
        child = subprocess.Popen(
            [os.fsencode(word) for word in order["argv"]],
            cwd=order["cwd"],
            env=order["env"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            pass_fds=(held,),
        )
    finally:
        os.close(out)
        os.close(held)
    text, overran = _listen(output, alive, time.monotonic() + order["seconds"])
    if overran:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    code = child.wait()
    os.close(output)
    os.close(alive)
    return {"code": code, "output": text.decode("latin-1"), "overran": overran}


def _listen(output: int, alive: int, deadline: float) -> tuple[bytes, bool]:
    text, watched = b"", [output, alive]
    while watched:
        ready, _, _ = select.select(watched, [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return text, True
        for pipe in ready:
            piece = os.read(pipe, 1 << 16)
            if not piece:
                watched.remove(pipe)
            elif len(text) > _MOST_OUTPUT:
                return text, True
            elif pipe == output:
                text += piece
    return text, False


if __name__ == "__main__":
    main()
