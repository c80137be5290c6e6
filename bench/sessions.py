"""Transcripts: going on with long ones, and finding one among thousands."""

from __future__ import annotations

import json
import random
import statistics
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from bench.cases import CODER, FOREVER, PYTHON, place
from bench.measure import interleaved, median, run
from bench.report import Report
from coder.core.messages import Message, Meta, Text, ToolResult, ToolUse, Usage
from coder.sessions.entries import Envelope, entries_of
from coder.sessions.lines import encode_line
from coder.sessions.locate import transcript_path
from coder.sessions.neighbours import Neighbours
from coder.sessions.presence import Here, Presence

_LOAD = """
import gc, json, resource, sys, time
from pathlib import Path
from coder.sessions.load import load
from coder.sessions.repair import repair
gc.disable()
started = time.process_time()
found = load(Path(sys.argv[1]))
messages = repair(found.messages, found.calls)
print(json.dumps({"cpu": time.process_time() - started, "messages": len(messages),
                  "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
"""
_WORDS = [f"word{number}" for number in range(5000)]


def resuming(report: Report, folder: Path, runs: int) -> None:
    """CPU of a run that goes on with 5 MB, against one that begins; both send what they have and get one line back."""
    with place(folder, "resuming", [{"text": "Hello.", "repeat": FOREVER}]) as (env, project):
        state = Path(env["HOME"]) / ".coder"
        path = _transcript(state, project, _working(random.Random(1), 5_000_000))
        hello = [*CODER, "-p", "hello", "--no-session-persistence"]
        long = [*hello, "-r", path.stem]
        found = interleaved({"new": hello, "5 MB": long}, runs, env, project)
        huge = _transcript(state, project, _working(random.Random(2), 100_000_000))
        loaded = json.loads(run([PYTHON, "-c", _LOAD, str(huge)], env, project).output)
    report.title("Going on with a session")
    more = median(found["5 MB"], "cpu") - median(found["new"], "cpu")
    report.bar("5 MB: CPU beyond that of a new session", more, 0.5, " s")
    report.bar("100 MB: CPU to load", loaded["cpu"], 5, " s")
    report.figure("100 MB: messages", str(loaded["messages"]))


def searching(report: Report, folder: Path, runs: int) -> None:
    """The search command among 3,000 sessions of twenty messages, without an index, to begin with, and with one."""
    with place(folder, "searching", [{"text": "Not asked."}]) as (env, project):
        state, chance = Path(env["HOME"]) / ".coder", random.Random(3)
        for _ in range(3000):
            _transcript(state, project, _talking(chance))
        command = [*CODER, "sessions", "search", "word17", "word99"]
        started = time.perf_counter()
        run(command, env, project)
        first = time.perf_counter() - started
        found = interleaved({"search": command, "list": [*CODER, "sessions"]}, min(runs, 5), env, project)
        size = sum(each.stat().st_size for each in (state / "index").iterdir()) / 1e6
    report.title("3,000 sessions")
    report.figure("first search, which makes the index", f"{first:.1f} s; the index has {size:.0f} MB")
    report.bar("search: wall", median(found["search"], "wall"), 2, " s")
    report.bar("list: wall", median(found["list"], "wall"), 2, " s")


def beside(report: Report, folder: Path, runs: int) -> None:
    """What a call on a file costs beside 50 sessions that have changed 1,000 files each: nothing new, one new change,
    and a command that reaches a whole folder."""
    marks = [Presence(folder / "presence", Here(f"s{n}", 1, "", "/srv", "/srv", "default", 1.0)) for n in range(50)]
    for number, mark in enumerate(marks):
        mark.announce()
        mark.note([f"/srv/part{number}/file{each}.py" for each in range(1000)], time.time())
    others = Neighbours(folder / "presence")
    others.look()
    spent: dict[str, list[float]] = {"nothing new": [], "one new change": [], "a whole folder": []}
    for _ in range(max(runs, 20)):
        for name, seconds in spent.items():
            if name == "one new change":
                marks[0].note(["/srv/part0/file0.py"], time.time())
            started = time.perf_counter()
            others.look()
            (others.changed_below if name == "a whole folder" else others.changed)("/srv/part7", 0.0)
            seconds.append(time.perf_counter() - started)
    for mark in marks:
        mark.close()
    report.title("50 other sessions with 1,000 changes each")
    for name, seconds in spent.items():
        report.bar(f"{name}: a call", statistics.median(seconds) * 1000, 1, " ms")


def _transcript(state: Path, cwd: Path, messages: Iterator[Message]) -> Path:
    """Written without syncing: only its contents matter here."""
    path = transcript_path(state, cwd, str(uuid.uuid4()))
    path.parent.mkdir(parents=True, exist_ok=True)
    envelope, parent = Envelope(path.stem, str(cwd), "0"), None
    with path.open("wb") as file:
        for message in messages:
            for entry in entries_of(message, parent, envelope):
                parent = entry["uuid"]
                file.write(encode_line(entry))
    return path


def _working(chance: random.Random, size: int) -> Iterator[Message]:
    """Tool calls with results of 4 KB."""
    yield _user(Text("start"))
    for number in range(size // 5700):
        call = ToolUse(f"toolu_{number}", "Bash", {"command": f"make part{number}"})
        yield _reply(Text("I look at it. " * 20), call)
        output = " ".join(str(chance.random()) for _ in range(200))
        yield _user(ToolResult(call.id, (Text(output),)))
    yield _reply(Text("Done."))


def _talking(chance: random.Random) -> Iterator[Message]:
    for _ in range(10):
        yield _user(Text(" ".join(chance.choices(_WORDS, k=40))))
        yield _reply(Text(" ".join(chance.choices(_WORDS, k=120))))


def _user(block: Text | ToolResult) -> Message:
    return Message("user", (block,), Meta(str(uuid.uuid4()), "prompt" if isinstance(block, Text) else "results"))


def _reply(*blocks: Text | ToolUse) -> Message:
    meta = Meta(str(uuid.uuid4()), "reply", api_id=f"msg_{uuid.uuid4().hex}", model="claude-test", usage=Usage(9, 9))
    return Message("assistant", blocks, meta)


ALL = (resuming, searching, beside)
