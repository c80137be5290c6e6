"""A scripted session that does a bit of everything, killed with -9, and what must hold after that."""

from __future__ import annotations

import json
import os
import re
import selectors
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from coder.core.messages import Json
from tests.support.cli import DEADLINE, Place
from tests.support.fakeapi import RunningApi, rule, tool

GO_ON = "go on after the crash"
STEPS = ("one", "two", "three", "four", "five")
OLD, NEW = "first\nsecond\n", "first\nSECOND\n"
SUMMARY = 7
ASKED = (1, 2, 3, 4, SUMMARY, 5, 6)
"""The requests in the order in which they are made; SUMMARY is the one that a compaction makes."""


def script(place: Place, faults: dict[int, Json] | None = None) -> Json:
    """The session: shell commands that leave a line each, files written, edited and read, a background command, calls
    side by side, a long output and (at a small window) a compaction. `faults` are by request: the replies count from
    1, that of the compaction is SUMMARY."""
    note = place.project / "note.txt"
    bad = faults or {}

    def step(number: int, when: Json, *blocks: Json | str) -> Json:
        options: dict[str, Any] = {"delta": 12}
        if number in bad:
            options["fault"] = bad[number]
        return rule(when, *blocks, **options)

    def ran(name: str, more: str = "") -> Json:
        return tool("Bash", command=f"echo {name} >> ran.log; {more}echo {name}-was-run")

    return {
        "rules": [
            rule({"last_user_contains": GO_ON}, "Going on.", tool("Bash", command="echo after-was-run")),
            rule({"last_tool_result_contains": "after-was-run"}, "All done."),
            step(SUMMARY, {"last_user_contains": "summary of this conversation"}, "Steps so far were run."),
            step(6, {"last_tool_result_contains": "five-was-run"}, "The work is done."),
            step(5, {"last_tool_result_contains": "four-was-run"}, "And the last.", ran("five", "sleep 0.05; ")),
            step(4, {"last_tool_result_contains": "three-was-run"}, ran("four", "seq 1 6000; ")),
            step(
                3,
                {"last_tool": "Bash", "last_tool_result_contains": "background"},
                "Edit, then two commands.",
                tool("Edit", file_path=str(note), old_string="second", new_string="SECOND"),
                ran("two"),
                ran("three", "sleep 0.15; "),
            ),
            step(
                2,
                {"last_tool_result_contains": "one-was-run"},
                "A file, two looks, and something that keeps running.",
                tool("Write", file_path=str(note), content=OLD),
                tool("Glob", pattern="*.txt"),
                tool("Read", file_path=str(note)),
                tool("Bash", command="sleep 900", run_in_background=True),
            ),
            step(1, {"turn": 1}, "I begin.", ran("one")),
        ]
    }


Kill: TypeAlias = "Callable[[Life], bool]"
"""Whether the moment has come; asked again and again while the session runs."""


@dataclass(slots=True)
class Life:
    """The first life of the session as seen from outside: its whole lines so far, what it stored, how long it runs."""

    process: subprocess.Popen[bytes]
    began: float
    place: Place
    out: bytes = b""
    ended: bool = False

    @property
    def lines(self) -> list[Json]:
        return [json.loads(line) for line in self.out.split(b"\n")[:-1]]

    @property
    def line_count(self) -> int:
        return self.out.count(b"\n")

    @property
    def stored(self) -> bytes:
        """The transcript so far."""
        return b"".join(path.read_bytes() for path in self.place.transcripts())

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


@dataclass(slots=True)
class Sweep:
    """One place to run, kill and resume in. `flags` are given to both lives."""

    place: Place
    api: RunningApi
    flags: tuple[str, ...] = ()
    session_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def live_and_die(self, kill: Kill) -> Life:
        """Runs the session and kills it when `kill` says so; a session that ends before that has ended."""
        args = ["-p", "work", "--session-id", self.session_id, *self._common()]
        started = self.place.start(*args, url=self.api.url)
        assert started.stdout is not None and started.stderr is not None
        fd = started.stdout.fileno()
        os.set_blocking(fd, False)
        life = Life(started, time.monotonic(), self.place)  # type: ignore[arg-type]  # only its pid and its end are used
        with selectors.DefaultSelector() as selector:
            selector.register(fd, selectors.EVENT_READ)
            while not life.ended:
                assert life.seconds < DEADLINE, "the session neither ended nor came to where it is killed"
                if selector.select(0.002):
                    life.out += _read(fd, life)
                if not life.ended and kill(life):
                    break
        started.kill()
        started.wait(DEADLINE)
        os.set_blocking(fd, True)
        life.out += started.stdout.buffer.read()  # type: ignore[attr-defined]  # text mode wraps a buffer
        started.stdout.close()
        started.stderr.close()
        return life

    def resume(self) -> subprocess.CompletedProcess[str]:
        args = ["-p", GO_ON, "--resume", self.session_id, *self._common()]
        done = self.place.coder(*args, url=self.api.url)
        return subprocess.CompletedProcess(args, done.code, done.stdout, done.stderr)

    def _common(self) -> list[str]:
        return ["--permission-mode", "bypassPermissions", "--output-format", "stream-json", *self.flags]

    def check(self, life: Life) -> None:
        """Resumes, and fails when anything that was said to have happened is lost, or anything happens twice.

        What the first life began may still be at it for a moment, so it is waited for: what it leaves is what counts.
        """
        self._check_no_orphan()
        ran = self._ran()
        acknowledged = [line for line in life.lines if line["type"] in ("assistant", "user")]
        done = self.resume()
        if done.returncode == 1 and "No conversation found" in done.stdout + done.stderr:
            assert not acknowledged, "the session is gone although messages of it were shown"
            return
        assert done.returncode == 0, (done.returncode, done.stdout[-2000:], done.stderr[-2000:])
        self.api.check()
        assert self._ran() == ran, f"resuming ran something again: {ran} became {self._ran()}"
        assert all(count == 1 for count in Counter(ran).values()), f"something ran twice: {ran}"
        request = next(r for r in reversed(self.api.requests) if GO_ON in json.dumps(r["messages"][-1]))
        self._check_known(acknowledged, request)
        self._check_finished(ran)
        note = self.place.project / "note.txt"
        assert not note.exists() or note.read_text(encoding="utf-8") in (OLD, NEW)
        self._check_no_orphan()

    def _check_known(self, acknowledged: list[Json], request: Json) -> None:
        """What was shown before the crash is in the transcript, and in the request unless it was summarised since."""
        stored = "\n".join(path.read_text(encoding="utf-8") for path in self.place.transcripts())
        sent = json.dumps(request, ensure_ascii=False)
        summarised = "compact_boundary" in stored
        for line in acknowledged:
            for block in line["message"]["content"]:
                for text in _texts(block):
                    needle = json.dumps(text, ensure_ascii=False)[1:-1]
                    assert needle in stored, f"lost from the transcript: {text[:200]!r}"
                    assert summarised or needle in sent, f"not in the resumed request: {text[:200]!r}"

    def _check_finished(self, ran: list[str]) -> None:
        """A command after which another one was begun had ended: its result is known, not only that it was begun."""
        stored = "\n".join(path.read_text(encoding="utf-8") for path in self.place.transcripts())
        for name in ran[:-1]:
            assert re.search(rf'("|\\n){name}-was-run', stored), f"lost: what {name} printed"

    def _ran(self) -> list[str]:
        log = self.place.project / "ran.log"
        return log.read_text(encoding="utf-8").split() if log.exists() else []

    def _check_no_orphan(self) -> None:
        end = time.monotonic() + DEADLINE
        while left := _running(self.place.project):
            assert time.monotonic() < end, f"processes were left behind: {left}"
            time.sleep(0.01)


def _read(fd: int, life: Life) -> bytes:
    try:
        data = os.read(fd, 1 << 16)
    except BlockingIOError:
        return b""
    life.ended = not data
    return data


def _texts(block: Json) -> list[str]:
    if block["type"] == "text":
        return [block["text"]]
    if block["type"] == "tool_result":
        return [part["text"] for part in block["content"] if part["type"] == "text"]
    return []


def _running(folder: Path) -> list[str]:
    """Command lines of living processes that work in the folder."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if (process / "cwd").readlink() == folder:
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
            except OSError:
                continue
    return found
