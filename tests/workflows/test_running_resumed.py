"""A run that was cut off anywhere goes on in another process: what is kept is not done again, all else is."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest

from coder.core.agents import Brief
from coder.core.errors import SessionError
from coder.workflows.hands import Ran
from coder.workflows.journal import Journal
from coder.workflows.running import past
from coder.workflows.workflow import Workflow
from tests.support.running import Bench, workflow
from tests.support.scripted_agents import Said, ScriptedHands, failed

ALL = """---
name: flow
args: {what: {required: true}}
---
## plan
Plan {{what}}.
```step
out: {kind: big|small, parts: [str]}
route: {small: end, else: work}
```
## work
Do {{part}}.
```step
each: plan.parts as part
parallel: 2
isolate: worktree
merge: sequential
gate: {run: "make {{what}}"}
on_fail: {retry: 1}
```
## judge
Judge {{work}}.
```step
approve: "Judge {{what}}?"
vote: {n: 3, rule: majority, on: verdict}
out: {verdict: pass|fail, findings: [str]}
until: {when: "judge.verdict == pass", goto: work, max: 2}
```
## tell
```step
use: inner
with: {subject: "{{what}}"}
```
"""
INNER = "---\nname: inner\nargs: {subject: {required: true}}\n---\n## one\nOne {{subject}}.\n## two\nTwo {{one}}.\n"


class World:
    """What agents say depends on what they are asked alone, as far as a prompt tells; the first votes are against."""

    def __init__(self, folder: Path) -> None:
        self.bench = Bench(folder)
        self.flow = workflow(ALL)
        self.inner = workflow(INNER, "inner")

    def hands(self) -> ScriptedHands:
        hands = self.bench.fresh(self.says)
        self.bench.agents.prefix = uuid4().hex[:8]  # ids are never those of another process
        hands.approval = True
        hands.commands = {"make sail": [Ran(0, "made")]}
        return hands

    def says(self, brief: Brief) -> Said:
        if "Plan" in brief.prompt:
            return {"kind": "big", "parts": ["hull", "mast", "dead", "hull"]}
        if "dead" in brief.prompt and "tried before" not in brief.prompt and "Judge" not in brief.prompt:
            return failed("it died")
        if brief.out:
            round_ = re.search(r"judge#(\d)", brief.key)
            assert round_ is not None
            verdict = "pass" if round_[1] == "2" else "fail"
            return {"verdict": verdict, "findings": [f"found in {round_[1]}"]}
        return f"did {brief.prompt.split('.')[0]}"

    def run(self, flow: Workflow | None = None, what: str = "sail") -> tuple[str, str, int]:
        ended = self.bench.run(flow or self.flow, {"what": what}, self.inner)
        return ended.state, ended.text, len(self.bench.agents.asked)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


WHOLE = 1 + 2 * (4 + 1) + 2 * 3 + 2


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Of a run that nothing cut off."""
    world = World(tmp_path_factory.mktemp("whole"))
    hands = world.hands()
    assert world.run() == ("done", "did Two <data>did One sail</data>", WHOLE)
    assert hands.ran == ["make sail"] * 2 and len(hands.questions) == 2
    assert len(world.bench.agents.merged) == 8
    return world.bench.path.read_bytes()


def check_goes_on(world: World, kept: bytes) -> None:
    """From a journal of which so much is there: the same end, nothing twice that is known, all else once."""
    world.bench.path.parent.mkdir(parents=True, exist_ok=True)
    world.bench.path.write_bytes(kept)
    there = [record for record in _records(kept) if record["type"] == "result"]
    hands = world.hands()
    state, text, asked = world.run()
    assert (state, text) == ("done", "did Two <data>did One sail</data>")
    known = Counter(_what(record) for record in there)
    assert asked == WHOLE - known["agent"]
    assert len(world.bench.agents.merged) == 8 - known["merge"]
    assert len(hands.questions) == 2 - known["ask"]
    assert len(hands.ran) == 2 - known["gate"]
    assert not world.bench.warnings


def _what(record: dict[str, str]) -> str:
    if record["key"].startswith("merge/"):
        return "merge"
    return next((what for what in ("ask", "gate") if f"/{what}/" in record["key"]), "agent")


def _records(data: bytes) -> list[dict[str, str]]:
    found = []
    for line in data.split(b"\n"):
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


SAMPLE = random.Random(9).sample(range(60), 6)


@pytest.mark.behaviour("B-2050")
@pytest.mark.parametrize("lines", SAMPLE)
def test_cut_off_after_any_line_only_what_is_missing_is_done(world: World, journal: bytes, lines: int) -> None:
    whole = journal.splitlines(keepends=True)
    check_goes_on(world, b"".join(whole[: 1 + lines % len(whole)]))


@pytest.mark.soak
def test_cut_off_after_every_line_and_within_each(tmp_path: Path, journal: bytes) -> None:
    whole = journal.splitlines(keepends=True)
    for index in range(1, len(whole) + 1):
        before = b"".join(whole[:index])
        for torn in (before, before[:-1], before[: -1 - len(whole[index - 1]) // 2]):
            if _records(torn):
                check_goes_on(World(tmp_path / f"{index}-{len(torn)}"), torn)


@pytest.mark.behaviour("B-2050")
def test_a_torn_line_is_done_again_and_what_follows_is_readable(world: World, journal: bytes) -> None:
    torn = journal[: len(journal) // 2].rstrip(b"\n")[:-1]
    check_goes_on(world, torn)
    ours = _records(world.bench.path.read_bytes())
    assert [record["type"] for record in ours].count("run") == 2 and ours[-1]["state"] == "done"


@pytest.mark.behaviour("B-2050")
def test_results_count_in_any_order(world: World, journal: bytes) -> None:
    """Those of the second part of a fan-out may be there without the first's."""
    first, *rest = journal.splitlines(keepends=True)
    rest = [line for line in rest if b'"item":"hull"' not in line and b'"type":"end"' not in line]
    random.Random(3).shuffle(rest)
    gone = journal.count(b'"item":"hull"')
    world.bench.path.parent.mkdir()
    world.bench.path.write_bytes(first + b"".join(rest))
    world.hands()
    assert gone == 4 and world.run()[2] == 4


@pytest.mark.behaviour("B-2051")
def test_a_changed_file_does_again_only_what_it_changed(world: World, journal: bytes) -> None:
    world.bench.path.parent.mkdir()
    world.bench.path.write_bytes(journal)
    world.hands()
    assert world.run(workflow(ALL.replace("Judge {{work}}.", "Judge with care: {{work}}.")))[2] == 6
    asked = [brief.prompt.split(" ")[0] for brief in world.bench.agents.asked]
    assert asked == ["Judge"] * 6
    world.hands()
    assert world.run(workflow(ALL.replace("Plan {{what}}.", "Plan well {{what}}.")))[2] == 1, "the parts are the same"


def test_a_gate_is_asked_again_when_something_before_it_was(world: World, journal: bytes) -> None:
    """Its command sees what is on disk, which an answer of before knows nothing of."""
    lines = journal.splitlines(keepends=True)
    lost = next(index for index, line in enumerate(lines) if b'"item":"mast"' in line and b'"result"' in line)
    world.bench.path.parent.mkdir()
    world.bench.path.write_bytes(b"".join(lines[:lost] + lines[lost + 1 :]))
    hands = world.hands()
    assert world.run()[2] == 1 and hands.ran == ["make sail"] * 2


VOTES = "## a\nA.\n## vote\nVote.\n```step\nvote: {n: 2, on: v}\nout: {v: x|y}\n```\n"


@pytest.mark.behaviour("B-2052")
def test_a_run_that_failed_goes_on_by_doing_the_step_anew(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    said = [{"v": "x"}, {"v": "y"}]
    bench.fresh(lambda brief: said.pop(0) if brief.out else "a")
    assert bench.run(workflow(VOTES)).state == "failed"
    bench.fresh(lambda brief: {"v": "x"})
    assert bench.run(workflow(VOTES)).state == "done" and len(bench.agents.asked) == 2
    inner = workflow(VOTES, "inner")
    other = Bench(tmp_path / "other")
    said = [{"v": "x"}, {"v": "y"}]
    other.fresh(lambda brief: said.pop(0) if brief.out else "a")
    outer = workflow("## o\n```step\nuse: inner\n```\n")
    assert other.run(outer, {}, inner).state == "failed"
    other.fresh(lambda brief: {"v": "x"})
    assert other.run(outer, {}, inner).state == "done" and len(other.agents.asked) == 2


@pytest.mark.behaviour("B-2053")
def test_a_journal_is_open_in_one_process_alone(tmp_path: Path) -> None:
    path = tmp_path / "workflows" / "flow-1.jsonl"
    first = Journal.open(path)
    with pytest.raises(SessionError, match=r"flow-1 is under way in another process\. Wait"):
        Journal.open(path)
    first.close()
    Journal.open(path).close()
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.behaviour("B-2053")
def test_a_full_disk_is_told_once_and_the_run_goes_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))\n"
    code = limit + (
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from pathlib import Path; from tests.support.running import Bench, workflow\n"
        f"bench = Bench(Path({str(tmp_path)!r}))\n"
        "ended = bench.run(workflow('## a\\nA.\\n## b\\nB.\\n## c\\nC.\\n'))\n"
        "print(ended.state, len(bench.agents.asked), len(bench.warnings), bench.warnings[0])\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=60, check=True)
    assert (
        done.stdout.startswith("done 3 1 The workflow's results cannot be stored in ")
        and "File too large" in done.stdout
    )
    bench.fresh(lambda brief: "again")
    assert bench.run(workflow("## a\nA.\n## b\nB.\n## c\nC.\n")).state == "done"


@pytest.mark.parametrize("text", ["", "\0\0\n", "[" * 100_000, '{"type":"run"}\n', '{"type":5}\n[]\nnull\n'])
def test_a_journal_that_says_nothing_is_a_new_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "flow-1.jsonl"
    path.write_text(text)
    assert past.read(path) is None


def test_the_latest_run_with_these_arguments_is_gone_on_with_unless_it_is_done(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    flow = workflow("---\nargs: {n: {}}\n---\n## a\n{{n}}\n")
    assert past.new_path(tmp_path, "flow") == bench.path and past.unfinished(tmp_path, "flow", {"n": "1"}) is None
    bench.fresh(lambda brief: failed("no"))
    bench.run(flow, {"n": "1"})
    assert past.unfinished(tmp_path, "flow", {"n": "1"}) == bench.path
    assert (
        past.unfinished(tmp_path, "flow", {"n": "2"}) is None and past.unfinished(tmp_path, "flo", {"n": "1"}) is None
    )
    assert past.new_path(tmp_path, "flow").name == "flow-2.jsonl"
    assert past.new_path(tmp_path, "../../etc/x").name == "_.._etc_x-1.jsonl"
    bench.fresh(lambda brief: "yes")
    bench.run(flow, {"n": "1"})
    assert past.unfinished(tmp_path, "flow", {"n": "1"}) is None
