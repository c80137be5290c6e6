"""`kill -9` at any moment of a workflow with every pattern in it: going on does only what is missing.

The ordinary run takes a sample of moments; `make soak` takes them all.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coder.core.messages import Json
from tests.support.cli import DEADLINE, Place
from tests.support.fakeapi import RunningApi, fake_api, rule, tool
from tests.support.processes import linux_only

pytestmark = linux_only

FLOW = """---
description: a bit of everything
---
## plan
Step plan.
```step
model: haiku
out: {kind: big|small, parts: [str]}
route: {big: work, small: end}
```
## work
Step work on {{part}}.
```step
model: sonnet
each: plan.parts as part
parallel: 3
gate: {run: "echo gate >> gates"}
```
## judge
Step judge.
```step
model: opus
vote: {n: 3, on: verdict}
out: {verdict: pass|fail, findings: [str]}
until: {when: "judge.verdict == pass", goto: work, max: 2}
```
## tell
Step tell.
```step
use: inner
```
"""
INNER = "## last\nStep last.\n```step\nmodel: fable\n```\n"
AGENTS = 1 + 3 + 3 + 1
RECORDS = 2 + 2 * AGENTS + 1  # lines of the journal: the run, its end, two for each agent, a gate
FLAGS = ("--permission-mode", "bypassPermissions", "--output-format", "json")


def script() -> Json:
    """An agent that goes on after a crash is known by its model alone."""
    slow: dict[str, Any] = {"delay": 0.03}  # so that a kill finds agents at work
    return {
        "rules": [
            rule({"model": "haiku"}, tool("Submit", kind="big", parts=["a", "b", "c"]), **slow),
            rule({"model": "sonnet"}, "worked", **slow),
            rule({"model": "opus"}, tool("Submit", verdict="pass", findings=[]), **slow),
            rule({"model": "fable"}, "the end", **slow),
        ]
    }


def sweep(place: Place, records: int) -> None:
    folder = place.home / ".coder" / "workflows"
    folder.mkdir(parents=True)
    (folder / "all.md").write_text(FLOW, encoding="utf-8")
    (folder / "inner.md").write_text(INNER, encoding="utf-8")
    session = str(uuid.uuid4())
    with fake_api(script()) as api:
        life = place.start("workflow", "run", "all", "--session-id", session, *FLAGS, url=api.url)
        journal = _until(place, session, records, lambda: life.poll() is not None)
        life.kill()
        life.communicate()
        known = [record for record in _records(journal) if record["type"] == "result" and "text" in record]
        if any(record["type"] == "end" for record in _records(journal)):
            return  # it was done already: the same line begins another
        done_before, gates_before = Counter(_prompts(api)), _gates(place)
        gate_known = any("gate" in record for record in _records(journal))
        done = place.coder("workflow", "run", "all", "--resume", session, *FLAGS, url=api.url)
        assert (done.code, done.result["result"]) == (0, "the end"), done
        about = done.result["workflow"]
        assert about["kept"] >= len(known) and about["agents"] == AGENTS, about
        again = Counter(_prompts(api)) - done_before
        assert sum(again.values()) <= AGENTS - len(known), (again, known)
        assert _gates(place) - gates_before == (0 if gate_known else 1)
        api.check()


def _until(place: Place, session: str, records: int, has_ended: Callable[[], bool]) -> Path:
    """The journal, when so much is in it or the run has ended."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        found = list((place.home / ".coder" / "projects").glob(f"*/{session}/workflows/all-1.jsonl"))
        assert found or not has_ended(), "it ended and kept nothing"
        if found and (found[0].read_bytes().count(b"\n") >= records or has_ended()):
            return found[0]
        time.sleep(0.001)
    raise AssertionError("the journal never came so far")


def _records(journal: Path) -> list[Json]:
    found = []
    for line in journal.read_bytes().split(b"\n"):
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def _prompts(api: RunningApi) -> list[str]:
    return [str(re.findall(r"Step \w+(?: on \w)?", json.dumps(request["messages"]))[-1]) for request in api.requests]


def _gates(place: Place) -> int:
    path = place.project / "gates"
    return path.read_text(encoding="utf-8").count("gate") if path.exists() else 0


@pytest.mark.behaviour("B-2050")
@pytest.mark.parametrize("records", [5, 12])
def test_killed_at_a_moment_only_what_is_missing_is_done(place: Place, records: int) -> None:
    sweep(place, records)


@pytest.mark.soak
@pytest.mark.parametrize("records", range(1, RECORDS + 1))
def test_killed_at_every_moment(place: Place, records: int) -> None:
    sweep(place, records)
