"""Stands in for `coder -p` in tests of the batch. Its prompt is JSON that says what it does, in this order:

`mark` a file to append a line to, `write` files, `spawn` a file for the id of a process it leaves behind, `run` a
command, `until` a file to wait for, `times` (a file and how often it fails), `signal` kills itself; then it prints a
result (`result` over the usual one), unless it is `silent`, and ends with `code`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from coder.cli.batch_child import watch


def main() -> None:
    threading.Thread(target=watch, args=(int(sys.argv[1]),), daemon=True).start()
    told = json.loads(sys.stdin.read())
    session = next(arg.partition("=")[2] for arg in sys.argv if arg.startswith("--session-id="))
    if "mark" in told:
        _mark(Path(told["mark"]), f"{session}\n")
    for name, text in told.get("write", {}).items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    print(
        json.dumps({"type": "assistant", "message": {"id": "m", "content": [{"type": "text", "text": "."}]}}),
        flush=True,
    )
    if "spawn" in told:
        left = subprocess.Popen(["sleep", "600"], start_new_session=True)
        Path(told["spawn"]).write_text(f"{left.pid}\n")
    if "run" in told:
        subprocess.run(["/bin/sh", "-c", told["run"]], check=True)
    if "until" in told:
        while not Path(told["until"]).exists():
            time.sleep(0.01)
    result = {"result": "Done.", "total_cost_usd": 0.25, "num_turns": 1, "is_error": False, "arguments": sys.argv[2:]}
    code = told.get("code", 0)
    if "times" in told:
        file, count = told["times"]
        if _mark(Path(file), "x\n") <= count:
            result |= {"is_error": True, "api_error_status": 500, "result": "API Error: 500"}
            code = 4
    if "signal" in told:
        os.kill(os.getpid(), told["signal"])
    if not told.get("silent"):
        usage = {"input_tokens": 3, "output_tokens": 4}
        made = {"type": "result", "usage": usage, "session_id": session, **result, **told.get("result", {})}
        print(json.dumps(made), flush=True)
    print("coder: the last word", file=sys.stderr)
    sys.exit(code)


def _mark(file: Path, line: str) -> int:
    """How many lines there are then."""
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(fd, line.encode())
    os.close(fd)
    return file.read_text().count("\n")


if __name__ == "__main__":
    main()
