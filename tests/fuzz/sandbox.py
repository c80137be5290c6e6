"""Where the fuzz runs commands: bubblewrap with one writable folder when it works here, else a plain process.

Must not know what the commands are for.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

_RUNNER = Path(__file__).with_name("runner.py")
_ISOLATED = (
    "--unshare-all --die-with-parent --new-session --cap-drop ALL --ro-bind / / --dev /dev --proc /proc "
    "--tmpfs /tmp --tmpfs /run"
)
_NEEDED = dict.fromkeys((sys.base_prefix, sys.prefix, str(_RUNNER.parent)))
SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """`died`: the command took the whole sandbox down with it, or ran out of time or output."""

    code: int
    output: str
    overran: bool = False
    died: bool = False


def isolated() -> list[str]:
    """The options of bwrap: everything can be read and nothing written. A checkout below /tmp is not hidden with it."""
    hidden = [path for path in _NEEDED if path.startswith(("/tmp/", "/run/"))]
    return [*_ISOLATED.split(), *(word for path in hidden for word in ("--ro-bind", path, path))]


@lru_cache(maxsize=1)
def bubblewrap() -> str | None:
    """The bwrap program, when it can make a sandbox here."""
    program = shutil.which("bwrap")
    if program is None:
        return None
    tried = subprocess.run([program, *isolated(), sys.executable, "-c", ""], capture_output=True, check=False)
    return program if tried.returncode == 0 else None


class Sandbox:
    """A runner that lives over many commands; what they may write is `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runner: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    def run(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Outcome:
        runner = self._running()
        assert runner.stdin
        assert runner.stdout
        order = {"argv": list(argv), "cwd": str(cwd), "env": dict(env), "seconds": SECONDS}
        runner.stdin.write(json.dumps(order) + "\n")
        runner.stdin.flush()
        line = runner.stdout.readline()
        if not line:
            self._stop()
            return Outcome(-1, "", died=True)
        answer = json.loads(line)
        if answer["overran"]:
            self._stop()
        return Outcome(answer["code"], answer["output"], overran=answer["overran"])

    def _running(self) -> subprocess.Popen[str]:
        if self._runner is None or self._runner.poll() is not None:
            program = bubblewrap()
            folder = str(self._folder)
            wrapped = [program, *isolated(), "--bind", folder, folder] if program else []
            # A thing of its own environment, so that nothing of ours is left in /proc for a command to find.
            self._runner = subprocess.Popen(
                [*wrapped, sys.executable, "-I", "-S", str(_RUNNER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd="/",
                env={"PATH": "/usr/bin:/bin"},
            )
        return self._runner

    def _stop(self) -> None:
        runner, self._runner = self._runner, None
        if runner is None:
            return
        runner.kill()
        for pipe in (runner.stdin, runner.stdout):
            if pipe:
                pipe.close()
        runner.wait()
