"""What the output formats of `coder -p` cost, and a long result through a slow pipe."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from pathlib import Path

from bench.cases import CODER, place
from bench.measure import interleaved, median
from bench.report import Report
from tests.support.fakeapi import rule, tool, turn

TURNS = 100
WORDS = "".join(f"word{number} " for number in range(250))  # in pieces of eight characters
LONG = "0123456789" * 500_000
PIECE = 4096
FORMS = ("text", "json", "stream-json")


def headless_formats(report: Report, folder: Path, runs: int) -> None:
    """Text says nothing on the way, stream-json every message. What a turn costs is measured without the start; a run
    of one turn is start and end almost alone."""
    notes = folder / "formats-project" / "notes.txt"
    reads = [tool("Read", file_path=str(notes), offset=line) for line in range(1, TURNS + 1)]
    replies = [rule({"last_user_contains": "just one"}, "Done.")]
    replies += [rule({"turn": at}, WORDS, read, delta=8) for at, read in enumerate(reads, 1)]
    commands = {
        f"{form}, {what}": [*CODER, "-p", what, "--output-format", form]
        for form in FORMS
        for what in ("just one", "many")
    }
    with place(folder, "formats", {"rules": [*replies, rule({}, "Done.")]}, continuity=False) as (env, project):
        notes.write_text("a line of notes\n" * (TURNS + 10), encoding="utf-8")
        found = interleaved(commands, max(runs, 5), env, project)
    report.title(f"Output formats: {TURNS} turns with a Read in each, {len(WORDS) * TURNS // 8} pieces of text")
    for name, each in found.items():
        report.figure(name, f"CPU {median(each, 'cpu') * 1000:.0f} ms, wall {median(each, 'wall') * 1000:.0f} ms")
    # What neighbours on the machine add to so short a run is more than what is looked for: the least is compared.
    told_once, text_once = (min(run.cpu for run in found[f"{form}, just one"]) for form in ("stream-json", "text"))
    report.bar("stream-json: CPU of a whole short run against text", told_once / text_once, 1.05, "x")
    told, untold = (
        [many.cpu - one.cpu for many, one in zip(found[f"{form}, many"], found[f"{form}, just one"], strict=True)]
        for form in ("stream-json", "text")
    )
    report.bar("stream-json: CPU a turn against text", statistics.median(told) / statistics.median(untold), 1.05, "x")


def long_result(report: Report, folder: Path, runs: int) -> None:
    with place(folder, "long-result", [turn(LONG, delta=100_000)]) as (env, project):
        started = time.perf_counter()
        process = subprocess.Popen(
            [*CODER, "-p", "go", "--output-format", "json"],
            env=env, cwd=project, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert process.stdout is not None
        pieces = []
        while piece := os.read(process.stdout.fileno(), PIECE):
            pieces.append(piece)
        code = process.wait()
    whole = len(json.loads(b"".join(pieces))["result"]) == len(LONG) and code == 0
    report.title(f"A result of {len(LONG) // 1_000_000} MB, read {PIECE} bytes at a time")
    report.figure("wall", f"{time.perf_counter() - started:.1f} s")
    report.bar("bytes that did not arrive", 0 if whole else 1, 0)
