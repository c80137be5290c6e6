"""What the workflows that come with coder do, step by step, with agents that answer as they are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coder.core.agents import Brief, Merged, Report
from coder.workflows.hands import Ran
from coder.workflows.running.given import given
from coder.workflows.running.outcome import Outcome
from coder.workflows.shelved import SHIPPED
from coder.workflows.workflow import Workflow
from tests.support.running import Bench, workflow
from tests.support.scripted_agents import Said, Script, failed

RED, GREEN = Ran(1, "1 failed: test_total"), Ran(0, "8 passed")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def shipped(name: str) -> Workflow:
    return workflow((SHIPPED / f"{name}.md").read_text(encoding="utf-8"), name)


def run(bench: Bench, name: str, **arguments: str) -> Outcome:
    flow = shipped(name)
    return bench.run(flow, given(flow, arguments))


def by_step(**said: Said | list[Said]) -> Script:
    """What agents of a step say, by how their prompt begins; of a list one after the other."""
    begins: dict[str, str | tuple[str, ...]] = {
        "plan": "Plan how",
        "explore": "You are one of several",
        "write": "Write the report",
        "triage": "Find out what this issue is",
        "reproduce": "Write the smallest test",
        "fix": "Settle an issue",
        "review": "Review what is not committed",
        "answer": "Answer the person",
        "scope": "Find out what is to be reviewed",
        "look": "Review what changed",
        "verify": ("Try to refute", "Is a change made"),
        "find": "Find the files",
        "change": "Make a change",
        "report": ("Write the review", "Run the check"),
    }

    def answer(brief: Brief) -> Said:
        step = next(name for name, begin in begins.items() if brief.prompt.startswith(begin))
        found = said[step]
        return (found.pop(0) if len(found) > 1 else found[0]) if isinstance(found, list) else found

    return answer


def steps(bench: Bench) -> list[str]:
    """Those that were begun, in order."""
    return [name for name, state, item in bench.hands.changes if state == "started" and not item]


ANGLES: dict[str, Any] = {"angles": [{"title": f"angle {n}", "find": "x", "where": "src"} for n in range(3)]}


@pytest.mark.behaviour("B-2073")
def test_a_report_whose_source_is_not_there_is_written_again(bench: Bench) -> None:
    reports: list[Said] = ["src/nowhere.py:9 says so", "src/cart.py:3"]
    script = by_step(plan=ANGLES, explore='src/cart.py:3 "total = 0"', write=reports)
    hands = bench.fresh(script)
    bench.agents.together = 3
    hands.checks = {"citations": lambda text: "src/nowhere.py is not there" if "nowhere" in text else ""}
    ended = run(bench, "research", question="Why is the total wrong?")
    assert (ended.state, ended.text, ended.agents) == ("done", "src/cart.py:3", 6)
    assert bench.agents.peak == 3
    again = bench.agents.prompts[-1]
    assert "src/nowhere.py is not there" in again and "src/nowhere.py:9 says so" in again
    assert all("Why is the total wrong?" in prompt for prompt in bench.agents.prompts)


@pytest.mark.behaviour("B-2074")
def test_a_report_whose_sources_never_hold_is_a_failure_that_says_so(bench: Bench) -> None:
    hands = bench.fresh(by_step(plan=ANGLES, explore="facts", write="src/nowhere.py:9"))
    hands.checks = {"citations": lambda text: "src/nowhere.py is not there"}
    ended = run(bench, "research", question="Why?")
    assert (ended.state, ended.where, ended.text) == ("failed", "write", "src/nowhere.py:9")
    assert "src/nowhere.py is not there" in ended.why
    assert sum(prompt.startswith("Write the report") for prompt in bench.agents.prompts) == 3


@pytest.mark.behaviour("B-2081")
def test_all_of_a_long_report_is_checked_and_is_the_result(bench: Bench, tmp_path: Path) -> None:
    seen: list[str] = []

    def check(text: str) -> str:
        seen.append(text)
        return "src/nowhere.py is not there" if "nowhere" in text else ""

    def long(name: str, words: str) -> Report:
        (tmp_path / name).write_text(f"the beginning\n{words}\n", encoding="utf-8")
        about: dict[str, Any] = {"id": name, "kind": "", "title": "", "model": "scripted", "state": "completed"}
        return Report(**about, text="the beginning\n[cut]", artifact=tmp_path / name)

    reports: list[Said] = [long("one", "src/nowhere.py:9"), long("two", "src/cart.py:3")]
    bench.fresh(by_step(plan=ANGLES, explore="facts", write=reports)).checks = {"citations": check}
    ended = run(bench, "research", question="Why?")
    assert (ended.state, ended.text) == ("done", "the beginning\nsrc/cart.py:3")
    assert seen == ["the beginning\nsrc/nowhere.py:9", "the beginning\nsrc/cart.py:3"]
    (tmp_path / "two").unlink()
    assert run(bench, "research", question="Why?").text == "the beginning\n[cut]", "what there is when the file is gone"


def test_a_search_that_died_leaves_the_others_and_is_told(bench: Bench) -> None:
    hands = bench.fresh(by_step(plan=ANGLES, explore=[failed("overloaded"), "facts"], write="the report"))
    hands.checks = {"citations": lambda text: ""}
    assert run(bench, "research", question="Why?").state == "done"
    assert "overloaded" in bench.agents.prompts[-1]


BUG: dict[str, Any] = {"kind": "bug", "why": "src/cart.py:3 adds once", "files": ["src/cart.py"], "test": "pytest -q"}
TEST: dict[str, Any] = {"file": "tests/test_total.py", "command": "pytest -q tests/test_total.py"}
PASS, FAIL = {"verdict": "pass", "findings": []}, {"verdict": "fail", "findings": ["the cause stands"]}


@pytest.mark.behaviour("B-2075")
def test_an_issue_is_reproduced_fixed_and_reviewed_until_it_holds(bench: Bench) -> None:
    fixes: list[Said] = ["a patch", "the cause", "the cause"]
    script = by_step(triage=BUG, reproduce=TEST, fix=fixes, review=[FAIL, PASS], answer="done so")
    hands = bench.fresh(script)
    hands.commands = {"pytest -q tests/test_total.py": [GREEN, RED], "pytest -q": [RED, GREEN]}
    ended = run(bench, "fix-issue", issue="The total is wrong")
    assert (ended.state, ended.text) == ("done", "done so")
    assert steps(bench) == ["triage", "reproduce", "fix", "review", "fix", "review", "answer"]
    assert hands.ran == ["pytest -q tests/test_total.py"] * 2 + ["pytest -q"] * 3
    assert "was to fail, and ended with exit 0" in bench.agents.prompts[2]
    assert "the cause stands" in bench.agents.prompts[6]


@pytest.mark.parametrize(
    ("kind", "begun"), [("question", ["triage", "answer"]), ("unclear", ["triage", "answer"]), ("feature", None)]
)
def test_each_kind_of_issue_has_its_way(bench: Bench, kind: str, begun: list[str] | None) -> None:
    hands = bench.fresh(by_step(triage={**BUG, "kind": kind}, reproduce=TEST, fix="x", review=PASS, answer="an answer"))
    hands.commands = {TEST["command"]: [RED], "pytest -q": [GREEN]}
    assert run(bench, "fix-issue", issue="Why?").text == "an answer"
    assert steps(bench) == (begun or ["triage", "reproduce", "fix", "review", "answer"])


@pytest.mark.behaviour("B-2076")
@pytest.mark.parametrize(
    ("commands", "review", "where"),
    [
        ({TEST["command"]: [GREEN]}, PASS, "reproduce"),
        ({TEST["command"]: [Ran(127, "no such command")]}, PASS, "reproduce"),
        ({TEST["command"]: [RED], "pytest -q": [RED]}, PASS, "fix"),
        ({TEST["command"]: [RED], "pytest -q": [Ran(1, "", refused="no rule allows it")]}, PASS, "fix"),
        ({TEST["command"]: [RED], "pytest -q": [GREEN]}, FAIL, "review"),
    ],
)
def test_an_issue_that_is_not_settled_is_a_failure(
    bench: Bench, commands: dict[str, list[Ran]], review: dict[str, Any], where: str
) -> None:
    hands = bench.fresh(by_step(triage=BUG, reproduce=TEST, fix="x", review=review))
    hands.commands = commands
    ended = run(bench, "fix-issue", issue="The total is wrong", test="pytest -q")
    assert (ended.state, ended.where) == ("failed", where)


def finding(place: str, severity: str = "high") -> dict[str, Any]:
    return {"severity": severity, "place": place, "quote": "total = 0", "what": "wrong for an empty cart"}


SCOPE: dict[str, Any] = {"base": "main", "what": "carts are summed", "files": ["src/cart.py"], "left_out": ["uv.lock"]}


@pytest.mark.behaviour("B-2077")
def test_what_reviewers_find_is_put_to_two_others_each(bench: Bench) -> None:
    others = by_step(scope=SCOPE, report="the review")
    verdicts = ["real", "wrong"]

    def script(brief: Brief) -> Any:
        prompt = brief.prompt
        if prompt.startswith("Try to refute"):
            word = verdicts.pop() if "src/tax.py:9" in prompt else "real"
            return {"place": "src/cart.py:3", "verdict": word, "why": word}
        if "one thing alone: correctness" in prompt:
            return {"findings": [finding("src/cart.py:3")], "unread": ["docs/"]}
        if "one thing alone: security" in prompt:
            return failed("overloaded")
        if "one thing alone: tests" in prompt:
            return {"findings": [finding("src/tax.py:9", "low")], "unread": []}
        return others(brief)

    hands = bench.fresh(script)
    hands.checks = {"citations": lambda text: ""}
    ended = run(bench, "review-deep")
    assert (ended.state, ended.text, ended.agents) == ("done", "the review", 1 + 3 + 4 + 1)
    verified = next(each for each in ended.steps if each.name == "verify").result
    assert [each["verdict"] for each in verified] == ["real", "unsure"], "one against one is a doubt"
    last = bench.agents.prompts[-1]
    assert "overloaded" in last and "uv.lock" in last and "docs/" in last
    assert {brief.kind for brief in bench.agents.asked} == {"Explore", "reviewer"}


def test_a_review_without_findings_asks_nobody_to_verify(bench: Bench) -> None:
    hands = bench.fresh(by_step(scope=SCOPE, look={"findings": [], "unread": []}, report="nothing found"))
    hands.checks = {"citations": lambda text: ""}
    ended = run(bench, "review-deep", base="main")
    assert (ended.state, ended.text, ended.agents) == ("done", "nothing found", 5)


FOUND: dict[str, Any] = {"files": ["a.py", "b.py", "c.py"], "check": "make test", "left_out": ["d.py: generated"]}


@pytest.mark.behaviour("B-2078")
def test_a_file_that_cannot_be_merged_is_reported_and_the_others_are_done(bench: Bench) -> None:
    def answer(brief: Brief) -> Said:
        prompt = brief.prompt
        file = next(
            (file for file in FOUND["files"] if f"change in {file} " in prompt or f"made in {file}," in prompt), ""
        )
        if brief.prompt.startswith("Make a change"):
            return {"file": file, "state": "done", "why": "replaced"}
        if brief.prompt.startswith("Is a change made"):
            return {"file": file, "holds": file != "b.py", "why": "looked"}
        return FOUND if brief.prompt.startswith("Find the files") else "two of three are done"

    hands = bench.fresh(answer)
    conflict = Merged(ok=False, text="it does not apply", conflicts=("b.py",))
    bench.agents.conflicts = {"coder/agent-a3": conflict}
    hands.commands = {"make test": [RED, GREEN]}
    ended = run(bench, "migrate", what="rename total to sum", where="src")
    assert (ended.state, ended.text) == ("done", "two of three are done")
    assert sorted(bench.agents.merged) == ["coder/agent-a2", "coder/agent-a3", "coder/agent-a4"]
    assert ended.unmerged == ("coder/agent-a3",)
    changes = [brief for brief in bench.agents.asked if brief.prompt.startswith("Make a change")]
    assert [brief.isolation for brief in changes] == ["worktree"] * 3
    last = bench.agents.prompts[-1]
    assert "it does not apply" in last and "d.py: generated" in last and "1 failed: test_total" in last


@pytest.mark.behaviour("B-2079")
def test_a_whole_that_does_not_pass_is_a_failure_with_the_report_there_is(bench: Bench) -> None:
    hands = bench.fresh(
        by_step(
            find={**FOUND, "files": ["a.py"]},
            change={"file": "a.py", "state": "done", "why": ""},
            verify={"file": "a.py", "holds": True, "why": ""},
            report="it does not pass",
        )
    )
    hands.commands = {"make test": [RED]}
    ended = run(bench, "migrate", what="rename")
    assert (ended.state, ended.where, ended.text) == ("failed", "report", "it does not pass")
    assert hands.ran == ["make test"] * 3
