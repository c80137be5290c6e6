"""A process that has the modules of coder in memory and forks for each run that it is asked for. Must not know who asks
(warm.py), nor what is run.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import socket
import sys
import threading
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import coder

# Loaded in advance is what most runs load, and what asks nothing of its surroundings when it is loaded.
_LOADED = (
    *("coder.app.build", "coder.app.error_names", "coder.app.other_words", "coder.app.policy", "coder.app.presenting"),
    *("coder.app.reload", "coder.app.styling", "coder.cli.fitting", "coder.cli.stdin", "coder.frontends.evidence"),
    *("coder.frontends.going_on", "coder.frontends.headless", "coder.frontends.slash.registry", "coder.frontends.text"),
    *("coder.frontends.stream_json.out", "coder.frontends.unattended", "coder.tools.bash_report", "coder.tools.ipynb"),
    *("coder.models.accumulate", "coder.models.connection", "coder.models.endpoint", "coder.models.failures"),
    *("coder.models.wire", "concurrent.futures.thread"),
    *("anyio._backends._asyncio", "h11", "httpcore2", "httpx2", "pathspec", "tree_sitter", "tree_sitter_bash"),
    *("wcwidth", "pydantic.json_schema", "pydantic.main", "pydantic.type_adapter", "typer", "yaml"),
)
# Packages of coder, each module of them.
_WHOLE = ("agent", "app/commanding", "checkpoints", "commands", "evidence", "frontends/policy", "frontmatter", "git")
_AND = ("hooks", "permissions", "sessions", "tools/git")


def _receive(control: socket.socket) -> tuple[dict[str, object], list[int]] | None:
    size, fds, _, _ = socket.recv_fds(control, 4, 3)
    if len(size) < 4:
        return None
    wanted, order = int.from_bytes(size, "big"), bytearray()
    while len(order) < wanted:
        order += control.recv(wanted - len(order))
    return json.loads(order), fds


def _load() -> None:
    for name in _LOADED:
        import_module(name)
    for name in import_module("coder.cli.main").SUBCOMMANDS.values():
        import_module(name)
    for package in (*_WHOLE, *_AND):
        for file in (Path(coder.__file__).parent / package).glob("[a-z]*.py"):
            import_module(f"coder.{package.replace('/', '.')}.{file.stem}")


def _serve(control: socket.socket) -> dict[str, object] | None:
    """Returns in each new process what it is to do, and at the end in the nursery."""
    while received := _receive(control):
        order, fds = received
        process = os.fork()
        if not process:
            control.close()
            for number, fd in enumerate(fds):
                os.dup2(fd, number)
                os.close(fd)
            return order
        for fd in fds:
            os.close(fd)
        control.sendall(f"{process}\n".encode())
        _, status = os.waitpid(process, 0)
        control.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    return None


def _become(order: dict[str, object]) -> None:
    """What `python -m coder` has before its first line."""
    args, cwd, env, mask = order["args"], order["cwd"], order["env"], order["mask"]
    assert isinstance(args, list) and isinstance(cwd, str) and isinstance(env, dict) and isinstance(mask, int)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.umask(mask)
    os.chdir(cwd)
    sys.path[0] = cwd
    sys.argv = ["coder", *args]
    sys.orig_argv = [sys.executable, "-m", "coder", *args]
    gc.enable()
    code: object = 0
    try:
        runpy.run_module("coder", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001  # what the interpreter would print
        traceback.print_exc()
        code = 1
    _end(code)


def _end(code: object) -> NoReturn:
    """As the interpreter ends, but that it does not take apart what all runs share."""
    if isinstance(code, str):
        print(code, file=sys.stderr)
    threading._shutdown()  # type: ignore[attr-defined]  # multiprocessing ends its children so
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        traceback.print_exc()
        os._exit(120)
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as ours:
        _load()
        assert threading.active_count() == 1
        gc.disable()
        gc.freeze()
        given = _serve(ours)
    if given is not None:
        _become(given)
