"""Workflow files for tests: written as text, read and checked as coder does."""

from __future__ import annotations

from pathlib import Path

from coder.workflows.checking.check import Checked, check
from coder.workflows.known import Known
from coder.workflows.reading import workflow_of
from coder.workflows.workflow import Problem, Workflow

HEAD = "---\nargs: {issue: {required: true}}\nbudget: {usd: 3, agents: 100}\n---\n"

FIX_ISSUE = """\
---
name: fix-issue
args: {issue: {required: true}}
budget: {usd: 3, agents: 60, minutes: 40}
---
Finds out what an issue is and settles it.

## triage
Classify this issue: {{issue}}
```step
agent: Explore             # read-only, cheap model
out: {kind: bug|feature|question, files: [path]}
route: {question: answer, bug: repro, else: plan}     # routing
```
## answer
Answer {{issue}}.
```step
next: end
```
## repro
Write a failing test for {{issue}}.
```step
gate: {run: "pytest -q -x", expect: fail}              # chaining with a gate
on_fail: {retry: 2, then: stop}
next: fix
```
## plan
Plan {{issue}}.
```step
out: {tasks: [{title: str, prompt: str, files: [path]}]}
```
## work
{{task.prompt}}
```step
each: plan.tasks as task    # orchestrator-workers
parallel: 4
isolate: worktree
merge: sequential
next: fix
```
## fix
Make the tests pass; address {{review.findings}}.
## review
Find faults in the diff against {{issue}}.
```step
agent: reviewer
vote: {n: 3, rule: majority}                            # voting
out: {verdict: pass|fail, findings: [str]}
until: {when: "review.verdict == pass", goto: fix, max: 4}
```
"""


def read(text: str | bytes, name: str = "") -> tuple[Workflow | None, tuple[Problem, ...]]:
    data = text if isinstance(text, bytes) else text.encode()
    return workflow_of(data, Path("/p/.coder/workflows/w.md"), "project", name)


def workflow(text: str, name: str = "") -> Workflow:
    found, problems = read(text, name)
    assert found is not None, problems
    return found


def checked(text: str, known: Known | None = None) -> Checked:
    found, problems = read(text)
    assert found is not None, problems
    return check(found, problems, known)


def step(text: str) -> str:
    """A file of one step with this block, and what it needs to be right otherwise."""
    return f"{HEAD}## one\nDo {{{{issue}}}}.\n```step\n{text}\n```\n"
