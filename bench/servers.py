"""MCP servers against none: two that are well, one that never speaks, one that breaks, one at an address that hangs."""

from __future__ import annotations

import json
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from bench.cases import CODER, FOREVER, PYTHON, place
from bench.measure import Run, run
from bench.report import Report
from bench.terminal import Screen

_ODD = str(Path(__file__).resolve().parents[1] / "tests" / "support" / "mcp_servers" / "odd.py")
_KINDS = ("none", "five", "known")  # no server; five; five whose tools are known from a session before
_PAINTED = "Ask for a change"
_TYPING = (1.2, 6.0)  # seconds after the session stands there: the servers begin, connect and fail within
_KEY = 0.03  # seconds between two keys
_SHORT = "Hello."
_SLOW = {"delta": 10, "delay": 0.02}
_LOADING = "word " * 75  # three quarters of a second
_LONG = "word " * 300  # three seconds
_RATIO, _SLACK = 1.05, 0.020


@dataclass(slots=True)
class Setting:
    """One kind of home with the API it speaks to. `asked` is when each model request came."""

    env: dict[str, str]
    project: Path
    asked: list[float] = field(default_factory=list)


def servers(report: Report, folder: Path, runs: int) -> None:
    with _silent_address() as url, _settings(folder, url, {"text": _SHORT}) as found:
        _warm(found)
        _headless(report, found, runs)
        _in_front(report, found, runs)
    for words, told in ((_LOADING, "a run that ends as servers are loaded"), (_LONG, "a run of three seconds")):
        with _silent_address() as url, _settings(folder, url, {"text": words, **_SLOW}) as found:
            _warm(found)
            _leaving(report, found, max(2, runs // 2), told)
    with _silent_address() as url, _settings(folder, url, {"text": _LONG, **_SLOW}) as found:
        _warm(found)
        _streaming(report, found, max(2, runs // 2))


def _headless(report: Report, found: dict[str, Setting], runs: int) -> None:
    first, whole = _times(), _times()
    peaks = _times()
    for kind, setting in _rounds(found, 2 * runs):
        began = time.monotonic()
        ran = _hello(setting)
        first[kind].append(setting.asked[-1] - began)
        whole[kind].append(ran.wall)
        peaks[kind].append(ran.peak)
    report.title(f"Five MCP servers, one silent, one breaking, one address that hangs (the quickest of {runs} rounds)")
    for name, times in (("-p: first request", first), ("-p: whole run", whole)):
        _beside(report, name, times)
    for kind in _KINDS[1:]:
        ratio = statistics.median(peaks[kind]) / statistics.median(peaks["none"])
        report.bar(f"-p: peak memory, {kind} against none", ratio, 1.1, "x")


def _in_front(report: Report, found: dict[str, Setting], runs: int) -> None:
    paint, first, later = _times(), _times(), _times()
    keys: dict[str, list[float]] = _times()
    peaks = _times()
    for kind, setting in _rounds(found, runs):
        began = time.monotonic()
        screen = Screen(CODER, setting.env, setting.project)
        screen.until(_PAINTED)
        paint[kind].append(time.monotonic() - began)
        screen.send("go\r")
        _answered(screen, setting, 1)
        first[kind].append(setting.asked[-1] - began)
        _end(screen)
    for kind, setting in _rounds(found, max(2, runs // 2)):
        screen = Screen(CODER, setting.env, setting.project)
        screen.until("shortcut")
        keys[kind] += _echoes(screen, time.monotonic() + _TYPING[0], time.monotonic() + _TYPING[1])
        screen.send("\x15")
        began = time.monotonic()
        screen.send("go\r")
        _answered(screen, setting, 1)
        later[kind].append(setting.asked[-1] - began)
        peaks[kind].append(_peak(screen))
        _end(screen)
    _beside(report, "terminal: first paint", paint)
    _beside(report, "terminal: first request, typed at once", first)
    _beside(report, "terminal: a request once they run", later, slack=0.05)
    for kind in _KINDS:
        each = sorted(keys[kind])
        told = ", ".join(f"{each[len(each) * of // 100] * 1000:.1f}" for of in (50, 95, 99))
        report.figure(
            f"a key while they start, {kind}", f"{told}, at most {each[-1] * 1000:.0f} ms (50, 95, 99 of 100)"
        )
    for kind in _KINDS[1:]:
        ratio = statistics.median(keys[kind]) / statistics.median(keys["none"])
        report.bar(f"a key while they start, median, {kind} against none", ratio, 2, "x")
        slow = sorted(keys[kind])[len(keys[kind]) * 99 // 100]
        report.bar(f"a key while they start, 99 of 100, {kind}", slow * 1000, 100, " ms")
        more = statistics.median(peaks[kind]) - statistics.median(peaks["none"])
        report.bar(f"terminal: memory above none, {kind}", more, 60, " MB")


def _leaving(report: Report, found: dict[str, Setting], runs: int, told: str) -> None:
    """The answer takes long enough for the servers to begin, and not for the silent ones to be given up."""
    left = _times()
    for kind, setting in _rounds(found, runs):
        ran = _hello(setting)
        left[kind].append(ran.wall)
    _beside(report, f"-p: {told}", left, slack=0.2)


def _streaming(report: Report, found: dict[str, Setting], runs: int) -> None:
    gaps = _times()
    for kind, setting in _rounds(found, runs):
        screen = Screen([*CODER, "go"], setting.env, setting.project)
        _answered(screen, setting, 1)
        screen.until("word")
        last, seen = time.monotonic(), len(screen.written)
        while b"Done \xc2\xb7" not in screen.written[-4000:]:
            screen.read(0.5)
            if len(screen.written) > seen:
                now, seen = time.monotonic(), len(screen.written)
                gaps[kind].append(now - last)
                last = now
        _end(screen)
    for kind in _KINDS:
        report.figure(f"longest pause in a streamed answer, {kind}", f"{max(gaps[kind]) * 1000:.0f} ms")
    for kind in _KINDS[1:]:
        report.bar(f"longest pause above none, {kind}", (max(gaps[kind]) - max(gaps["none"])) * 1000, 150, " ms")


def _echoes(screen: Screen, begins: float, ends: float) -> list[float]:
    """How long each letter takes to be drawn."""
    while time.monotonic() < begins:
        screen.read(0.05)
    found = []
    number = 0
    while time.monotonic() < ends:
        letter = "abcdefghijklmnopqrstuvwxyz"[number % 26]
        number += 1
        began = time.monotonic()
        screen.send(letter)
        screen.until(letter)
        took = time.monotonic() - began
        found.append(took)
        if number % 52 == 0:
            screen.send("\x15")
        while time.monotonic() < began + _KEY:
            screen.read(_KEY)
    return found


def _answered(screen: Screen, setting: Setting, more: int) -> None:
    setting.asked.clear()

    def came() -> bool:
        return len(setting.asked) >= more

    screen.until(came)


def _peak(screen: Screen) -> float:
    """The most memory it ever had, in MB. Linux; 0 elsewhere."""
    try:
        status = Path(f"/proc/{screen.process.pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def _end(screen: Screen) -> None:
    while screen.process.poll() is None:
        screen.send("\x03\x04")
        if not screen.read(0.2):
            break
    screen.process.wait()


def _hello(setting: Setting) -> Run:
    setting.asked.clear()
    ran = run([*CODER, "-p", "hello"], setting.env, setting.project)
    if ran.code != 0 or not setting.asked:
        raise SystemExit(f"bench: -p with servers ended with {ran.code}: {ran.output[-500:]}")
    return ran


def _warm(found: dict[str, Setting]) -> None:
    """A session before, whose servers were awaited: what they offer is known from then on."""
    setting = found["known"]
    for name in ("good", "better"):
        done = run([*CODER, "-p", "hello", "--require-mcp", name], setting.env, setting.project)
        if done.code != 0:
            raise SystemExit(f"bench: a server that is well was not there: {done.output[-500:]}")


def _beside(report: Report, name: str, times: dict[str, list[float]], slack: float = _SLACK) -> None:
    """The quickest of each: what other programs on the machine cost is not ours."""
    none = min(times["none"])
    report.figure(f"{name}, none", f"{none * 1000:.0f} ms")
    for kind in _KINDS[1:]:
        found = min(times[kind])
        allowed = max(none * _RATIO, none + slack)
        report.bar(f"{name}, {kind}", found * 1000, round(allowed * 1000), " ms")


def _times() -> dict[str, list[float]]:
    return {kind: [] for kind in _KINDS}


def _rounds(found: dict[str, Setting], runs: int) -> Iterator[tuple[str, Setting]]:
    for number in range(runs):
        # Another order each time: what runs second finds more in the machine's caches.
        for kind in _KINDS[number % 3 :] + _KINDS[: number % 3]:
            yield kind, found[kind]


@contextmanager
def _settings(folder: Path, url: str, turn: Any) -> Iterator[dict[str, Setting]]:
    """A home and an API for each kind."""
    with ExitStack() as stack:
        found = {}
        for kind in _KINDS:
            home = Path(mkdtemp(prefix=f"servers-{kind}-", dir=folder))
            asked: list[float] = []

            def clock(asked: list[float] = asked) -> float:
                asked.append(time.monotonic())
                return time.time()

            env, project = stack.enter_context(place(home, kind, [{**turn, "repeat": FOREVER}], clock=clock))
            if kind != "none":
                _configure(Path(env["HOME"]), url)
            found[kind] = Setting(env, project, asked)
        yield found


def _configure(home: Path, url: str) -> None:
    def program(*arguments: str) -> dict[str, Any]:
        return {"command": PYTHON, "args": [_ODD, *arguments]}

    every = {
        "good": program(),
        "better": program("ping"),
        "silent": program("silent"),
        "breaks": program("exit"),
        "hangs": {"type": "http", "url": url},
    }
    (home / ".coder").mkdir()
    (home / ".coder" / ".claude.json").write_text(json.dumps({"mcpServers": every}), encoding="utf-8")


@contextmanager
def _silent_address() -> Iterator[str]:
    """Connects, and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
