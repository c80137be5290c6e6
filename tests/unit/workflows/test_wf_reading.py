"""A file becomes steps and problems, whatever stands in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.workflows.checking.check import check
from coder.workflows.reading import SIZE, STEPS, read_workflow
from coder.workflows.types import Choice, Many, Plain
from coder.workflows.workflow import Argument, Each, Gate, Limits, OnFail, Until, Vote
from tests.unit.workflows.written import FIX_ISSUE, HEAD, read, step, workflow


@pytest.mark.behaviour("B-2010")
def test_headings_are_steps_their_text_the_prompt_and_their_block_the_control() -> None:
    found = workflow(FIX_ISSUE, "fix-issue")
    assert [each.name for each in found.steps] == ["triage", "answer", "repro", "plan", "work", "fix", "review"]
    triage, _, repro, _, work, fix, review = found.steps
    assert (triage.prompt, triage.agent, triage.line, triage.lines["route"]) == (
        *("Classify this issue: {{issue}}", "Explore", 8),
        13,
    )
    assert triage.out is not None
    assert [(each.name, each.of) for each in triage.out.fields] == [
        ("kind", Choice(("bug", "feature", "question"))),
        ("files", Many(Plain("path"))),
    ]
    assert (triage.route, triage.route_on) == ({"question": "answer", "bug": "repro", "else": "plan"}, "kind")
    assert (repro.gate, repro.on_fail, repro.next) == (Gate("pytest -q -x", "fail"), OnFail(2, "stop"), "fix")
    assert (work.each, work.parallel, work.isolated, work.branches_merge) == (Each("task", "plan.tasks"), 4, True, True)
    assert fix.prompt == "Make the tests pass; address {{review.findings}}." and not fix.lines
    assert review.vote == Vote(3, "majority", "verdict")
    assert review.until == Until("review.verdict == pass", "fix", 4)
    assert found.arguments == (Argument("issue", required=True),) and found.limits == Limits(60, 3.0, 40.0)
    assert found.description == "Finds out what an issue is and settles it." and found.name == "fix-issue"


def test_what_is_fenced_is_no_heading_and_a_smaller_heading_belongs_to_the_prompt() -> None:
    found = workflow(f"{HEAD}## One Two ##\n### part\n~~~\n## no\n```step\nagent: x\n```\n~~~\n## three\nx\n")
    assert [each.name for each in found.steps] == ["one-two", "three"]
    assert found.steps[0].prompt == "### part\n~~~\n## no\n```step\nagent: x\n```\n~~~"
    assert not found.steps[0].agent


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_a_byte_order_mark_change_nothing(end: str, mark: bytes) -> None:
    found, problems = read(mark + FIX_ISSUE.replace("\n", end).encode(), "fix-issue")
    assert found is not None and not problems
    assert found.steps == found.steps and [each.prompt for each in found.steps] == [
        each.prompt for each in workflow(FIX_ISSUE, "fix-issue").steps
    ]


@pytest.mark.behaviour("B-2011")
@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (b"---\nname: w\n---\n## a\nx\n\xff\n", 6, "not UTF-8 from this line on"),
        (b"## a\nx\0y", 2, "bytes that are no text"),
        (b"x" * (SIZE + 1), 0, "larger than 256 KiB"),
        (b"just text", 0, "it has no step"),
        (b"", 0, "it has no step"),
        ("## a\nx\n" * (STEPS + 1), 3, "the step a stands twice: the first is at line 1"),
        ("".join(f"## a{n}\nx\n" for n in range(STEPS + 1)), 401, "at most 200 steps"),
        ("---\nbudget: [\n---\n## a\nx\n", 3, "plain text"),
        ("---\nnmae: x\n---\n## a\nx\n", 2, "nmae is no key here: did you mean name?"),
        ("---\nmodel: opus\n---\n## a\nx\n", 2, "write it in its step block"),
        ("---\nname: other\n---\n## a\nx\n", 2, "it is called w, after its file"),
        ("---\nargs: {a: {required: 3}}\n---\n## a\nx\n", 2, "args.a.required must be true or false"),
        ("---\nargs: {a-b c: x}\n---\n## a\nx\n", 2, "no name of an argument"),
        ("---\nargs: {a: {default: x, choices: [y, z]}}\n---\n## a\nx\n", 2, "none of its choices"),
        ("---\nbudget: {usd: -1}\n---\n## a\nx\n", 2, "budget.usd must be a number above 0"),
        ("---\nbudget: {agents: 10000}\n---\n## a\nx\n", 2, "budget.agents must be a whole number from 1 to 1,000"),
        ("```step\nagent: x\n```\n## a\nx\n", 2, "a step block stands below a heading"),
        ("## ???\nx\n## a\nx\n", 1, "gives no name of a step"),
        ("## end\nx\n## a\nx\n", 1, "a step cannot be called end"),
        (step("agent: [x]"), 8, "agent must be a text"),
        (step("agnt: x"), 8, "agnt is no key here: did you mean agent?"),
        (step("agent: x\nbudget: {usd: 1}"), 9, "all agents of a run share one budget"),
        (step("agent: {"), 9, "the step block cannot be read"),
        (step("- a"), 8, "the step block cannot be read"),
        (step(f"out: {'[' * 30}str{']' * 30}"), 8, "nested more than 20 deep"),
        (step("agent: a\nagent: b"), 9, "agent stands twice"),
        (step("```\n```step\nagent: x"), 10, "one step block: this one does not count"),
        (f"{HEAD}## a\nx\n```step\nagent: x\n", 7, "never closed"),
        (step("effort: hihg"), 8, "effort cannot be 'hihg': did you mean high?"),
        (step("turns: many"), 8, "turns must be a whole number from 1"),
        (step("parallel: 0"), 8, "parallel must be a whole number from 1"),
        (step("isolate: branch"), 8, "there is worktree"),
        (step("gate: {expect: fail}"), 8, "gate needs either run (a command) or check"),
        (step(f"gate: {{run: 'x {'{{issue}} ' * 10_000}'}}"), 8, "gate.run is longer than 4,000 characters"),
        (step("gate: {run: x, expect: maybe}"), 8, "gate.expect cannot be 'maybe'"),
        (step("gate: {check: citations, expect: fail}"), 8, "a check always has to hold"),
        (step("on_fail: {retries: 3}"), 8, "on_fail.retries is no key here: did you mean retry?"),
        (step("on_fail: {retry: 99}"), 8, "on_fail.retry must be a whole number from 0 to 10"),
        (step("each: plan.tasks"), 8, 'each must be "step.list as name"'),
        (step("each: {items: [], as: x}"), 8, "a list of 1 to 200 items"),
        (step("each: {items: [a]}"), 8, "each needs `as`"),
        (step("each: {items: [a], of: b.c, as: x}"), 8, "either `of`"),
        (step("vote: 3"), 8, "vote must be an object"),
        (step("vote: {rule: all}"), 8, "vote needs n"),
        (step("vote: {n: 3, rule: most}"), 8, "vote.rule cannot be 'most'"),
        (step("until: {when: x, goto: one}"), 8, "until needs max: every loop is bounded"),
        (step("until: {when: x, goto: one, max: 0}"), 8, "until.max must be a whole number from 1"),
        (step("route: {}"), 8, "route is empty"),
        (step("out: str"), 8, "out must be an object with named fields"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str | bytes, line: int, told: str) -> None:
    _, problems = read(text)
    assert [problem for problem in problems if problem.line == line and told in problem.text], problems


@pytest.mark.behaviour("B-2011")
def test_only_ordinary_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "folder.md").mkdir()
    for name in ("pipe.md", "folder.md", "none.md"):
        found, problems = read_workflow(tmp_path / name, "project")
        assert found is None and "cannot be read" in problems[0].text


_PIECES = st.sampled_from(
    [
        *("## a\n", "## b c\n", "```step\n", "```\n", "~~~\n", "---\n", "name: x\n", "args: {a: ", "out: {k: a|b}\n"),
        *("route: {a: b, else: end}\n", "until: {when: a.k == a, goto: a, max: 3}\n", "each: a.k as x\n", "{{a.k}} "),
        *("vote: {n: 2}\n", "next: a\n", "gate: {run: 'x {{a}}'}\n", "use: w\n", "\0", "\r\n", "\ufeff", "&a [*a]"),
        *("when: not (a.k in [b", "when: a.k\n", "parallel: 3\n", "report: '{{b}}'\n", "budget: {usd: 1}\n"),
        *("with: {q: 1}\n", "}\n", "  "),
    ]
)


@pytest.mark.behaviour("B-2011")
@given(st.lists(_PIECES | st.text(max_size=8), max_size=40).map("".join))
def test_no_text_is_too_odd_to_be_read_and_checked(text: str) -> None:
    found, problems = read(text.encode("utf-8", "surrogatepass"))
    assert found is not None or problems
    if found is not None:
        check(found, problems)
