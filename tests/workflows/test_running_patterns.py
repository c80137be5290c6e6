"""The five patterns and what holds of each, with agents that answer as they are told."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from coder.core.agents import Brief, Merged
from coder.core.errors import ToolError
from coder.workflows.hands import Ran
from coder.workflows.running.together import together
from tests.support.running import Bench, workflow
from tests.support.scripted_agents import Said, failed

PASS, FAIL = Ran(0, "all well"), Ran(1, "2 failed: test_cart")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


CHAIN = """---
name: chain
args: {what: {required: true}}
---
## write
Write {{what}}.
```step
gate: {run: "pytest -q"}
on_fail: {retry: 2}
```
## sum-up
Sum up: {{write}}
"""


@pytest.mark.behaviour("B-2040")
def test_a_chain_hands_each_result_on_and_says_what_did_not_hold(bench: Bench) -> None:
    hands = bench.fresh(lambda brief: "in short" if "Sum up" in brief.prompt else "a draft")
    hands.commands = {"pytest -q": [FAIL, PASS]}
    ended = bench.run(workflow(CHAIN), {"what": "a parser"})
    first, second, third = bench.agents.prompts
    assert (ended.state, ended.text, ended.agents) == ("done", "in short", 3)
    assert first == "Write a parser." and second.startswith(first)
    assert "2 failed: test_cart" in second and "a draft" in second
    assert third.startswith("Sum up: <data>a draft</data>")
    assert [change for change in hands.changes if change[1] != "started"] == [
        ("write", "done", ""),
        ("sum-up", "done", ""),
    ]


@pytest.mark.behaviour("B-2041")
def test_a_gate_that_never_holds_ends_the_run_with_what_there_is(bench: Bench) -> None:
    bench.fresh(lambda brief: "a draft").commands = {"pytest -q": [FAIL]}
    ended = bench.run(workflow(CHAIN), {"what": "a parser"})
    assert (ended.state, ended.where, ended.text, len(bench.agents.asked)) == ("failed", "write", "a draft", 3)
    assert "`pytest -q` was to pass, and ended with exit 1" in ended.why and "2 failed" in ended.why


@pytest.mark.parametrize(
    ("ran", "state", "asked"),
    [
        (Ran(1, "red"), "done", 1),
        (Ran(0, "green"), "failed", 1),
        (Ran(127, "no such thing"), "failed", 1),  # that is no test that fails
        (Ran(0, "", refused="a rule denies it"), "failed", 1),
    ],
)
def test_a_gate_that_expects_a_failure_takes_only_a_failure(bench: Bench, ran: Ran, state: str, asked: int) -> None:
    bench.fresh(lambda brief: "x").commands = {"pytest": [ran]}
    ended = bench.run(workflow("## test\nWrite one.\n```step\ngate: {run: pytest, expect: fail}\n```\n"))
    assert (ended.state, len(bench.agents.asked)) == (state, asked), ended.why


ROUTES = """
## triage
Classify.
```step
out: {kind: bug|feature|question|spam}
route: {bug: repro, question: end, spam: stop, else: plan}
```
## repro
Reproduce.
```step
next: end
```
## plan
Plan.
"""


@pytest.mark.parametrize(
    ("kind", "state", "steps"),
    [
        ("bug", "done", ["triage", "repro"]),
        ("question", "done", ["triage"]),
        ("feature", "done", ["triage", "plan"]),
        ("spam", "failed", ["triage"]),
    ],
)
def test_a_route_leads_where_the_value_says(bench: Bench, kind: str, state: str, steps: list[str]) -> None:
    bench.fresh(lambda brief: {"kind": kind} if brief.out else "ok")
    ended = bench.run(workflow(ROUTES))
    assert (ended.state, [step.name for step in ended.steps]) == (state, steps)
    assert ended.why == ("kind is 'spam': that ends the workflow" if kind == "spam" else "")


EACH = """
## plan
Plan.
```step
out: {tasks: [{title: str}]}
```
## work
Do {{task.title}}.
```step
each: plan.tasks as task
parallel: 2
on_fail: {then: next}
```
## sum-up
{{work}}
"""
TASKS = {"tasks": [{"title": name} for name in ("one", "two", "three")]}


def works(brief: Brief) -> Said:
    if brief.out:
        return TASKS
    return failed("it died") if brief.prompt == "Do two." else f"did: {brief.prompt}"


@pytest.mark.behaviour("B-2042")
def test_workers_go_side_by_side_and_one_that_dies_leaves_the_others(bench: Bench) -> None:
    hands = bench.fresh(works)
    bench.agents.together = 2
    ended = bench.run(workflow(EACH))
    assert ended.state == "done" and bench.agents.peak == 2
    assert bench.agents.prompts[-1] == "- did: Do one.\n- FAILED two: it died\n- did: Do three."
    assert ended.steps[1].state == "failed" and ended.steps[1].why == "1 of 3 failed: it died"
    assert ("work", "failed", "two") in hands.changes and ("work", "done", "three") in hands.changes


async def test_so_many_go_side_by_side_as_may_in_order() -> None:
    begun: list[int] = []
    go_on = asyncio.Event()

    async def job(number: int) -> int:
        begun.append(number)
        await go_on.wait()
        return number

    working = asyncio.ensure_future(together([partial(job, number) for number in range(5)], 2))
    for _ in range(10):
        await asyncio.sleep(0)
    assert begun == [0, 1]
    go_on.set()
    assert await working == begun == [0, 1, 2, 3, 4]


def test_a_worker_that_died_is_tried_again_alone(bench: Bench) -> None:
    tries: list[str] = []

    def script(brief: Brief) -> Said:
        if brief.prompt.startswith("Do two."):
            tries.append(brief.prompt)
            return failed("it died") if len(tries) == 1 else "at last"
        return works(brief)

    bench.fresh(script)
    ended = bench.run(workflow(EACH.replace("{then: next}", "{retry: 1, then: stop}")))
    assert ended.state == "done" and len(tries) == 2 and "it died" in tries[1]
    assert len(bench.agents.asked) == 1 + 3 + 1 + 1


def test_more_items_than_are_allowed_are_left_out_and_told(bench: Bench) -> None:
    hands = bench.fresh(lambda brief: TASKS if brief.out else "did")
    text = EACH.replace("each: plan.tasks as task", "each: {of: plan.tasks, as: task, max: 2}")
    assert bench.run(workflow(text)).state == "done"
    assert hands.notices == ["work: 1 of 3 items are left out: at most 2 are taken."]


VOTE = """
## review
Look.
```step
vote: {n: 3, rule: majority, on: verdict}
out: {verdict: pass|fail, findings: [str]}
on_fail: {then: next}
```
## end-of-it
{{review.verdict}} {{review.findings}}
"""


def votes(*said: Said) -> Any:
    left = list(said)
    return lambda brief: left.pop(0) if brief.out else "ok"


def vote(verdict: str, *findings: str) -> dict[str, Any]:
    return {"verdict": verdict, "findings": list(findings)}


@pytest.mark.behaviour("B-2043")
def test_a_vote_is_decided_by_those_who_cast_one_and_keeps_what_all_found(bench: Bench) -> None:
    bench.fresh(votes(vote("fail", "a"), failed("it died"), vote("fail", "b", "a")))
    ended = bench.run(workflow(VOTE))
    review = ended.steps[0]
    assert (ended.state, review.result["verdict"], review.result["findings"]) == ("done", "fail", ["a", "b"])
    assert review.result["votes"] == {"fail": 2, "abstained": 1}


@pytest.mark.behaviour("B-2043")
@pytest.mark.parametrize(
    ("said", "words"),
    [
        ((vote("fail"), failed("it died"), vote("pass")), "1 fail, 1 pass, 1 abstained (it died)"),
        ((failed("it died"), failed("it died"), failed("it died")), "3 abstained (it died)"),
    ],
)
def test_a_tie_fails_the_step_with_the_counts_or_is_what_the_file_says(
    bench: Bench, tmp_path: Path, said: tuple[Said, ...], words: str
) -> None:
    bench.fresh(votes(*said))
    ended = bench.run(workflow(VOTE))
    assert ended.steps[0].why == f"the vote has no winner: {words}"
    other = Bench(tmp_path / "other")
    other.fresh(votes(*said))
    ended = other.run(workflow(VOTE.replace("on: verdict", "on: verdict, tie: fail")))
    assert ended.steps[0].state == "done" and ended.steps[0].result["verdict"] == "fail"


LOOP = """
## fix
Fix; address {{review.findings}}.
## review
Review.
```step
out: {verdict: pass|fail, findings: [str]}
until: {when: "review.verdict == pass", goto: fix, max: 2}
```
## publish
Publish.
"""


@pytest.mark.behaviour("B-2044")
def test_a_loop_goes_on_until_it_holds_and_hands_back_what_was_found(bench: Bench) -> None:
    bench.fresh(votes(vote("fail", "no test"), vote("pass")))
    ended = bench.run(workflow(LOOP))
    assert [(step.name, step.number) for step in ended.steps] == [
        *(("fix", 1), ("review", 1), ("fix", 2), ("review", 2), ("publish", 1)),
    ]
    assert "no test" in bench.agents.prompts[2] and ended.state == "done"


@pytest.mark.parametrize(("then", "state", "last"), [("stop", "failed", "review"), ("next", "done", "publish")])
def test_a_loop_that_is_used_up_ends_as_the_file_says(bench: Bench, then: str, state: str, last: str) -> None:
    bench.fresh(lambda brief: vote("fail") if brief.out else "ok")
    ended = bench.run(workflow(LOOP.replace("max: 2", f"max: 2, then: {then}")))
    assert (ended.state, ended.steps[-1].name) == (state, last)
    assert [step.name for step in ended.steps].count("review") == 3
    assert state == "done" or "after 2 more tries" in ended.why


OUTER = """
## parts
Name the parts.
```step
out: {names: [str]}
```
## each-part
```step
each: parts.names as part
parallel: 2
use: inner
with: {subject: "the {{part}}"}
```
## all
{{each-part}}
"""
INNER = """---
name: inner
args: {subject: {required: true}}
report: second
---
## first
Look at {{subject}}.
## second
Tell of {{first}}.
## third
Tidy up.
"""


@pytest.mark.behaviour("B-2045")
def test_a_workflow_within_another_has_names_of_its_own_and_shares_its_limits(bench: Bench) -> None:
    hands = bench.fresh(lambda brief: {"names": ["hull", "mast"]} if brief.out else f"[{brief.prompt[:20]}]")
    ended = bench.run(workflow(OUTER), {}, workflow(INNER, "inner"))
    assert ended.state == "done" and ended.agents == 1 + 2 * 3 + 1 and len(bench.agents.groups) == 1
    assert "Look at the hull." in bench.agents.prompts and "Look at the mast." in bench.agents.prompts
    assert bench.agents.prompts[-1].count("Tell of") == 2
    assert ("each-part/second", "done", "") in hands.changes


def test_a_workflow_that_another_uses_and_that_fails_fails_its_step(bench: Bench) -> None:
    bench.fresh(lambda brief: failed("it died") if "Tell" in brief.prompt else "x")
    text = "## use-it\n```step\nuse: inner\nwith: {subject: ship}\n```\n"
    ended = bench.run(workflow(text), {}, workflow(INNER, "inner"))
    assert (ended.state, ended.where, ended.why) == ("failed", "use-it", "use-it/second: it died")


MERGE = EACH.replace("parallel: 2", "parallel: 2\nisolate: worktree\nmerge: sequential")


@pytest.mark.behaviour("B-2046")
def test_branches_are_merged_in_order_and_a_conflict_is_that_worker_s_failure(bench: Bench) -> None:
    bench.fresh(lambda brief: TASKS if brief.out else "did")
    bench.agents.conflicts = {"coder/agent-a3": Merged(ok=False, text="it conflicts", conflicts=("cart.py",))}
    ended = bench.run(workflow(MERGE))
    titled = {brief.prompt.removeprefix("Do ").rstrip("."): at for at, brief in enumerate(bench.agents.asked[1:4], 2)}
    # Two begin at once, so their numbers may be either way round; merged they are in the order of the items.
    assert bench.agents.merged == [f"coder/agent-a{titled[name]}" for name in ("one", "two", "three")]
    assert ended.unmerged == ("coder/agent-a3",)
    assert "was not merged: it conflicts (cart.py); its work is on the branch coder/agent-a3" in ended.steps[1].why
    assert all(brief.isolation == "worktree" for brief in bench.agents.asked[1:4])


def test_the_first_of_several_alike_primes_the_cache_for_the_others(bench: Bench) -> None:
    """The second is asked only when the first has its first byte."""
    order: list[str] = []

    async def script(brief: Brief) -> Said:
        order.append(f"begun {brief.prompt}")
        for _ in range(5):
            await asyncio.sleep(0)
        order.append(f"ended {brief.prompt}")
        return "x"

    bench.fresh(lambda brief: TASKS if brief.out else script(brief))
    bench.run(workflow(EACH.replace("parallel: 2", "parallel: 3")))
    assert order[:2] == ["begun Do one.", "ended Do one."] and "begun Do three." in order


def test_siblings_wait_for_the_first_no_longer_than_their_patience(bench: Bench) -> None:
    begun: list[str] = []

    async def script(brief: Brief) -> Said:
        begun.append(brief.prompt)
        while len(begun) < 3:  # the first ends only when all others are there
            await asyncio.sleep(0)
        return "x"

    bench.fresh(lambda brief: TASKS if brief.out else script(brief))
    assert bench.run(workflow(EACH.replace("parallel: 2", "parallel: 3")), patience=0.01).state == "done"


def test_a_step_is_skipped_without_its_condition_and_its_name_says_so(bench: Bench) -> None:
    hands = bench.fresh(lambda brief: "x")
    text = "## dig\nDig.\n```step\nwhen: args.deep == yes\n```\n## end-it\nSaw: {{dig}}\n"
    ended = bench.run(workflow(text), {"deep": "no"})
    assert bench.agents.prompts == ["Saw: (no dig step ran)"]
    assert ("dig", "skipped", "") in hands.changes and ended.state == "done"


def test_an_agent_that_is_refused_fails_its_step(bench: Bench) -> None:
    bench.fresh(lambda brief: ToolError("There is no agent 'ghost'."))
    ended = bench.run(workflow("## look\nLook.\n```step\nagent: ghost\n```\n"))
    assert (ended.state, ended.why) == ("failed", "There is no agent 'ghost'.")
