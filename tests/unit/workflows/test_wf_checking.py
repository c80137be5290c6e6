"""What a check says of steps together, each with its line."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from coder.workflows.checking.check import check
from coder.workflows.checking.nesting import circle, height
from coder.workflows.known import Known
from coder.workflows.workflow import Workflow
from tests.unit.workflows.written import FIX_ISSUE, HEAD, checked, read, step, workflow

AGENTS = {"general-purpose": False, "Explore": True, "reviewer": True, "mine": False}


def file(*steps: str, head: str = HEAD) -> str:
    """`name: block` for each step; every one uses the argument."""
    parts = []
    for each in steps:
        name, _, block = each.partition(":")
        prompt, _, block = block.partition("|") if "|" in block and block.startswith("p=") else ("", "", block)
        parts.append(f"## {name}\nDo {{{{issue}}}} {prompt.removeprefix('p=')}\n```step\n{block.strip()}\n```\n")
    return head + "".join(parts)


@pytest.mark.behaviour("B-2017")
def test_a_right_file_has_nothing_wrong() -> None:
    found, problems = read(FIX_ISSUE, "fix-issue")
    assert found is not None
    done = check(found, problems, Known(AGENTS, {}))
    assert not done.problems and done.worst is not None


@pytest.mark.behaviour("B-2017")
@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        # ways
        (file("a:next: b", "b:next: a"), 13, "a → b → a goes round without a bound"),
        (file("a:next: b", "b:on_fail: {then: a}"), 13, "a → b → a goes round without a bound"),
        (file("a:out: {k: x|y}\nroute: {x: a, y: end}"), 9, "a → a goes round"),
        (file("a:next: a"), 8, "next leads from a to itself"),
        (file("a:next: c", "b:", "c:"), 10, "no step leads to b"),
        (file("a:next: bb", "b:"), 8, "next: there is no step 'bb': did you mean b?"),
        (file("a:on_fail: {then: fix}"), 8, "on_fail: there is no step 'fix'"),
        (file("a:until: {when: a, goto: end, max: 2}"), 8, "until: there is no step 'end'"),
        (file("a:until: {when: a, goto: b, max: 2}\nnext: b", "b:"), 8, "nothing leads back to a"),
        (file("a:out: {k: x|y}\nroute: {x: end, z: end}"), 9, "route: k is never 'z'"),
        (file("a:out: {k: xxx|y}\nroute: {xx: end, else: end}"), 9, "did you mean xxx?"),
        (file("a:out: {k: x|y}\nroute: {x: end}"), 9, "route says nothing of y"),
        (file("a:out: {k: x|y}\nroute: {x: end, y: end, else: end}"), 9, "else never counts"),
        (file("a:out: {k: bool}\nroute: {yes: end, else: end}"), 9, "k is never 'yes'"),
        (file("a:route: {x: end}"), 8, "route needs a field of out with a finite choice"),
        (file("a:out: {k: x|y, m: bool}\nroute: {x: end, else: end}"), 9, "out has several choices (k, m)"),
        (file("a:out: {k: x|y, s: str}\nroute: {x: end, else: end}\nroute_on: s"), 9, "s is no field of out with a"),
        (file("a:route_on: k"), 8, "route_on without route"),
        (file("a:each: {items: [1], as: i}\nout: {k: x|y}\nroute: {x: end, y: end}"), 10, "leads nowhere"),
        (file("a:out: {k: x|y}\nroute: {x: b, y: c}", "b:", "c:"), 11, "b goes on with c, another way of a's route"),
        # controls
        (step("agent: Explroe"), 8, "there is no agent 'Explroe': did you mean Explore?"),
        (step("gate: {check: citation}"), 8, "no check 'citation': did you mean citations?"),
        (step("vote: {n: 3}"), 8, "vote needs a field of out with a finite choice"),
        (step("vote: {n: 3, on: k}\nout: {k: str, m: bool}"), 8, "vote: k is no field of out with a finite choice"),
        (step("agent: Explore\nvote: {n: 3, tie: z}\nout: {k: x|y}"), 9, "vote.tie: k is never 'z'"),
        (step("agent: Explore\nvote: {n: 2}\nout: {k: x|y}"), 9, "2 votes may tie"),
        (step("vote: {n: 3}\nout: {k: x|y}"), 8, "several general-purpose agents at once may change"),
        (step("each: {items: [1], as: i}\nparallel: 2\nagent: mine"), 9, "several mine agents at once may change"),
        (step("parallel: 2"), 8, "parallel is for a step with each"),
        (step("merge: sequential"), 8, "there is nothing to merge"),
        (f"{HEAD}## a\n## b\n{{{{issue}}}}\n", 5, "a has no prompt"),
        # values
        (file("a:p={{isue}}|"), 6, "{{isue}}: nothing is called isue: did you mean issue?"),
        (file("a:p={{args.x}}|"), 6, "there is no argument x"),
        (file("a:p={{issue.x}}|"), 6, "issue is a text, which has no x"),
        (file("a:p={{b}}|", "b:"), 6, "b never ran before a begins"),
        (file("a:p={{a}}|"), 6, "a has no result yet"),
        (file("a:", "b:p={{a.x}}|"), 11, "a is a text, which has no x: a step with out has fields"),
        (file("a:out: {files: [str]}", "b:p={{a.file}}|"), 11, "a has no file: did you mean files?"),
        (file("a:out: {f: [{x: int}]}", "b:p={{a.f.y}}|"), 11, "a.f has no y"),
        (file("a:p={{a b}}|"), 6, "{{a b}} is sent as it is"),
        (file("a:", "b:each: a as x"), 13, "each: a is no list"),
        (file("a:", "b:each: c.x as x"), 13, "each: nothing is called c"),
        (file("a:each: {items: [{t: 1}], as: i}", "b:"), 0, ""),
        (file("a:out: {f: path}\ngate: {run: 'test -e {{a.f}}'}"), 0, ""),
        (file("a:out: {k: x|y}\nroute: {x: end, y: end}\non_fail: {then: next}", "b:"), 0, ""),
        (file("a:p={{i.u}}|each: {items: [{t: 1}], as: i}"), 6, "i has no u"),
        (file("a:each: {items: [1], as: i}\ngate: {run: 'x {{i}}'}"), 9, "i is an item, and here all of them are done"),
        (file("a:gate: {run: 'x \"{{a}}\"'}"), 8, "must stand outside of quotes"),
        (file("a:when: b == c"), 8, "when: nothing is called b"),
        (file("a:when: 'issue =='"), 8, "when: the condition ends too early"),
        (file("a:out: {k: x|y}\nuntil: {when: a.k == z, goto: a, max: 2}"), 9, "a.k is never 'z'"),
        (file("a:out: {k: x|y}\nuntil: {when: 'a.k in [x, q]', goto: a, max: 2}"), 9, "a.k is never 'q'"),
        (file("a:when: issue == issue"), 8, "issue is read as a word here: for the argument write args.issue"),
        (file("issue:"), 5, "issue is an argument too"),
        (file("a:each: {items: [1], as: issue}"), 8, "each: issue means something already"),
        ("---\nargs: {x: y}\nbudget: {usd: 1}\n---\n## a\nb\n", 2, "the argument x is used nowhere"),
        ("---\nreport: b\nbudget: {usd: 1}\n---\n## a\nx\n", 2, "report: there is no step 'b'"),
        ("---\nreport: '{{a.x}}'\nbudget: {usd: 1}\n---\n## a\nx\n", 2, "report: {{a.x}}: a is a text"),
        # the whole
        ("## a\nx\n", 1, "no budget: 50 agents at most, and no limit in dollars"),
        ("---\nbudget: {agents: 2}\n---\n## a\nx\n```step\non_fail: {retry: 2}\n```\n", 2, "may ask for 3 agents"),
        # nesting
        (step("with: {a: b}"), 8, "with is for a step that uses another workflow"),
        (step("use: othr"), 8, "there is no workflow 'othr': did you mean other?"),
        (step("use: other"), 8, "other needs issue"),
        (step("use: other\nwith: {issue: x, y: z}"), 9, "other has no argument 'y'"),
        (step("use: other\nwith: {issue: '{{nope}}'}"), 9, "nothing is called nope"),
        (step("use: other\nagent: x\nwith: {issue: x}"), 9, "agent is for a step of its own"),
        (step("use: other\nwith: {issue: x}"), 5, "the text of one goes to nobody"),
        (step("use: w\nwith: {issue: x}"), 8, "w → w goes round"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_steps_together_is_told_with_its_line(text: str, line: int, told: str) -> None:
    other = workflow(f"{HEAD}## a\n{{{{issue}}}}\n", "other")
    problems = checked(text, Known(AGENTS, {"other": other})).problems
    found = [problem.text for problem in problems if problem.line == line and told in problem.text]
    assert found if line else not problems, problems


def test_the_example_of_the_docs_has_nothing_wrong() -> None:
    page = (Path(__file__).parents[3] / "docs/workflow_files.md").read_text(encoding="utf-8")
    example = page.partition("````markdown\n")[2].partition("````\n")[0]
    assert not checked(example, Known(AGENTS, {})).problems


def chain(*names: str) -> dict[str, Workflow]:
    """Each uses the next one."""
    return {
        name: workflow(f"---\nbudget: {{usd: 1}}\n---\n## a\n```step\nuse: {then}\n```\n", name)
        for name, then in pairwise(names)
    }


@pytest.mark.behaviour("B-2017")
def test_workflows_that_use_one_another_in_a_circle_or_too_deep_are_refused() -> None:
    every = chain("a", "b", "c", "b")
    assert circle(every, "b", "a") == ("a", "b", "c", "b")
    assert "a → b → c → b goes round" in check(every["a"], (), Known(None, every)).errors[0].text
    deep = chain(*"abcdefgh")
    assert circle(deep, "b", "a") == () and height(deep, "f") == 2
    assert "more than 4 deep" in check(deep["a"], (), Known(None, deep)).errors[0].text


def test_many_workflows_that_use_many_are_each_looked_at_once() -> None:
    names = [f"w{level}-{n}" for level in range(4) for n in range(20)]
    every = {
        name: workflow(
            "---\nbudget: {usd: 1}\n---\n"
            + "".join(f"## s{n}\n```step\nuse: w{int(name[1]) + 1}-{n}\n```\n" for n in range(20)),
            name,
        )
        for name in names
    }
    leaf = {f"w4-{n}": workflow("---\nbudget: {usd: 1}\n---\n## a\nx\n", f"w4-{n}") for n in range(20)}
    done = check(every["w0-0"], (), Known(None, {**every, **leaf}))
    assert done.worst is not None and done.worst.asked == 20**4 and not done.errors
