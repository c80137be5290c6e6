"""The interactive session on a terminal: how soon it is there, what a stream and a paste cost, what idling costs."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cases import FOREVER, place
from bench.report import Report

_CODER = [sys.executable, "-m", "coder"]
_PAINT = """
import os, runpy, sys
from prompt_toolkit.output.vt100 import Vt100_Output
drawn = Vt100_Output.flush
def flush(self):
    text = "".join(self._buffer)
    drawn(self)
    if "Ask for a change" in text:
        os._exit(0)
Vt100_Output.flush = flush
sys.argv = ["coder"]
runpy.run_module("coder", run_name="__main__")
"""
_DEADLINE = 120.0


@dataclass(frozen=True, slots=True)
class Ran:
    """Seconds of CPU time and bytes written of one process on a terminal."""

    cpu: float
    written: bytes


class Screen:
    """A process on a pty of 80x24."""

    def __init__(self, argv: list[str], env: Mapping[str, str], cwd: Path) -> None:
        self._fd, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            argv, stdin=other, stdout=other, stderr=other, env={**env, "TERM": "xterm-256color"}, cwd=cwd,
            start_new_session=True,
        )  # fmt: skip
        os.close(other)
        self.written = bytearray()

    def send(self, text: str) -> None:
        data = text.encode()
        while data:
            self.read(0)
            data = data[os.write(self._fd, data[:1024]) :]

    def read(self, seconds: float) -> bool:
        """False at the end."""
        if not select.select([self._fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._fd, 65_536)
        except OSError:
            return False
        self.written += data
        return bool(data)

    def until(self, holds: str | Callable[[], bool]) -> None:
        end = time.monotonic() + _DEADLINE
        start = len(self.written)
        check = (lambda: holds.encode() in self.written[start:]) if isinstance(holds, str) else holds
        while not check():
            if not self.read(0.1) or time.monotonic() > end:
                raise SystemExit(f"bench: never saw {holds!r}: {bytes(self.written[-1000:])!r}")

    def cpu(self) -> float:
        """Seconds of CPU time so far. Linux; 0 elsewhere."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> Ran:
        while self.read(0.1):
            pass
        _, _, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = 0
        os.close(self._fd)
        return Ran(usage.ru_utime + usage.ru_stime, bytes(self.written))


def first_paint(report: Report, folder: Path, runs: int) -> None:
    paints, bases = [], []
    with place(folder, "paint", [{"text": "Hello.", "repeat": FOREVER}]) as (env, project):
        for number in range(runs + 1):
            paint = Screen([sys.executable, "-c", _PAINT], env, project).end().cpu
            base = Screen([sys.executable, "-c", "import prompt_toolkit"], env, project).end().cpu
            if number:
                paints.append(paint)
                bases.append(base)
    report.title(f"The first paint (medians of {runs} interleaved runs)")
    paint, base = statistics.median(paints), statistics.median(bases)
    report.figure("import prompt_toolkit", f"CPU {base * 1000:.0f} ms")
    report.figure("coder, until the prompt is drawn", f"CPU {paint * 1000:.0f} ms")
    report.bar("first paint: CPU against prompt_toolkit", paint / base, 1.4, "x")


def terminal_stream(report: Report, folder: Path, runs: int) -> None:
    words = "The cart total is computed in `src/cart.py`, and rounded twice on its way to the page. "
    lines = "\n".join(
        f"{number}. Line number {number} of the answer, long enough to be a sentence." for number in range(500)
    )
    long = "\n\n".join(words * 6 for _ in range(150))  # about 20,000 tokens
    hello = _talk(folder, "stream-hello", "Hello.")
    report.title("A streamed answer on a terminal")
    listed = _talk(folder, "stream-lines", lines)
    report.bar("500 lines: bytes written against text", len(listed.written) / len(lines), 6, "x")
    for code in (b"\x1b[2J", b"\x1b[3J", b"\x1b[?1049h"):
        report.bar(f"500 lines: times {code!r} was written", listed.written.count(code), 0)
    streamed = _talk(folder, "stream-long", long)
    report.bar(f"{len(long) // 4:,} tokens: CPU above a hello", streamed.cpu - hello.cpu, 2.0, " s")


def terminal_paste(report: Report, folder: Path, runs: int) -> None:
    paste = "\n".join(f"line {number} of what was pasted" for number in range(2_000))
    with place(folder, "paste", [{"text": "Hello.", "repeat": FOREVER}]) as (env, project):
        screen = Screen(_CODER, env, project)
        _ready(screen)
        before = screen.cpu()
        screen.send(f"\x1b[200~{paste}\x1b[201~")
        screen.until("[Pasted 2,000 lines]")
        report.title("A paste, and idling")
        report.bar("2,000 lines pasted: CPU", screen.cpu() - before, 0.3, " s")
        _rest(screen)
        before, written = screen.cpu(), len(screen.written)
        end = time.monotonic() + 5
        while time.monotonic() < end:
            screen.read(0.5)
        report.bar("5 s idle: CPU", screen.cpu() - before, 0.0, " s")
        report.bar("5 s idle: bytes written", len(screen.written) - written, 0)
        screen.send("\x03\x04")
        screen.end()


def _talk(folder: Path, name: str, answer: str) -> Ran:
    script: Any = [{"text": answer, "delta": 16, "repeat": FOREVER}]
    with place(folder, name, script) as (env, project):
        screen = Screen([*_CODER, "--model", "claude-test", "say it"], env, project)
        screen.until("Done · ")
        screen.send("\x04")
        return screen.end()


def _ready(screen: Screen) -> None:
    screen.until("shortcut")
    _rest(screen)


def _rest(screen: Screen) -> None:
    """Until nothing was written for a second: what is loaded behind the paint has been loaded."""
    seen = -1
    while seen != len(screen.written):
        seen = len(screen.written)
        screen.read(1.0)


ALL = (first_paint, terminal_stream, terminal_paste)
