"""The `step` block of a step: what controls it. Each key by itself; what keys mean together is for the check.

Must not know files or YAML.
"""

from __future__ import annotations

import re
from typing import Any, get_args

from coder.core.choices import Effort
from coder.workflows.keys import Keys
from coder.workflows.naming import NAME, PATH, step_name
from coder.workflows.sections import Section
from coder.workflows.types import options
from coder.workflows.workflow import STOP, Each, Gate, OnFail, Step, Until, Vote
from coder.workflows.written import shape_of

KEYS = (
    *("agent", "model", "effort", "turns", "out", "route", "route_on", "next", "gate", "on_fail", "each", "parallel"),
    *("isolate", "merge", "vote", "until", "when", "approve", "use", "with"),
)
_MEANT = {
    "only_if": "write when",
    "if": "write when",
    "human": "write approve",
    "budget": "it stands in the head: all agents of a run share one budget",
    "max": "a bound stands in `each`, `until` or `on_fail` (retry)",
    "retry": "write on_fail: {retry: 2, then: stop}",
    "schema": "write out",
    "output": "write out",
    "run": "write gate: {run: …}: a command checks what the step did",
    "goto": "write next, or until: {when: …, goto: …, max: 3}",
    "tools": "they are the agent's: write agent",
    "prompt": "the prompt is the text of the step",
    "args": "write with: {argument: value}",
    "timeout": "write gate: {minutes: …}, or budget: {minutes: …} in the head",
}
LONGEST = 4_000  # characters of a command
MOST_ITEMS = 200
MOST_VOTES = 15
MOST_ROUNDS = 50
MOST_RETRIES = 10
_EACH = re.compile(rf"(?P<of>\S+)\s+as\s+(?P<name>{NAME})\s*\Z")
_HUMAN = ("human", "true", "yes")


def step_of(section: Section, name: str, keys: Keys) -> Step:
    """`keys` are those of its block, empty for a step without one."""
    keys.unknown(KEYS, _MEANT)
    effort = keys.word("effort", get_args(Effort))
    out = keys.values.get("out")
    shape = None if out is None else shape_of(out, lambda text: keys.wrong("out", text))
    given, on = _pairs(keys, "with"), keys.text("route_on")
    route = {word: _target(to) for word, to in _pairs(keys, "route").items()}
    choices = shape.choices if shape is not None else ()
    return Step(
        name=name,
        prompt=section.text,
        line=section.line,
        control_line=keys.line,
        lines=keys.lines,
        text_lines=section.text_lines,
        agent=keys.text("agent"),
        model=keys.text("model"),
        effort=effort or None,  # type: ignore[arg-type]  # it is one of them, or ""
        turns=keys.whole("turns", 0, 1, 1_000) or None,
        out=shape,
        route=route,
        route_on=on or (choices[0] if route and len(choices) == 1 else ""),
        next=_target(keys.text("next")),
        gate=_gate(keys),
        on_fail=_on_fail(keys),
        each=_each(keys),
        parallel=keys.whole("parallel", 1, 1, 50),
        isolated=keys.word("isolate", ("worktree",)) == "worktree",
        branches_merge=keys.word("merge", ("sequential",)) == "sequential",
        vote=_vote(keys, choices[0] if len(choices) == 1 else "", shape),
        until=_until(keys),
        only_if=keys.text("when"),
        ask=_ask(keys, name),
        use=keys.text("use").removeprefix("/"),
        given=given,
    )


def _target(text: str) -> str:
    return step_name(text) or text


def _pairs(keys: Keys, key: str) -> dict[str, str]:
    """Words to texts. What is put in for an argument may be a number; where a route leads is always a text."""
    inner = keys.inner(key, "{bug: repro, else: plan}" if key == "route" else "{issue: '{{issue}}'}")
    if inner is None:
        return {}
    inner = Keys(inner.values, inner.notes, inner.line, inner.lines, key)
    if not inner.values:
        keys.wrong(key, f"{key} is empty")
    found = {}
    for word, held in inner.values.items():
        if key == "with" and isinstance(held, bool):
            found[word] = str(held).lower()
        elif held is None:
            inner.wrong(word, f"{inner.called(word)} says nothing")
        else:
            found[word] = inner.text(word)
    return {word: text for word, text in found.items() if text or key == "with"}


def _gate(keys: Keys) -> Gate | None:
    held = keys.values.get("gate")
    if isinstance(held, str):
        inner: Keys | None = Keys({"run": held}, keys.notes, keys.lines.get("gate", keys.line), {}, "gate")
    else:
        inner = keys.inner("gate", '{run: "pytest -q", expect: pass}')
    if inner is None:
        return None
    inner.unknown(("run", "expect", "check", "minutes"))
    run, check = inner.text("run"), inner.text("check")
    if bool(run) == bool(check):
        inner.wrong("run", "gate needs either run (a command) or check (such as citations)")
        return None
    if len(run) > LONGEST:
        inner.wrong("run", f"gate.run is longer than {LONGEST:,} characters: put it into a script")
        return None
    expect = inner.word("expect", ("pass", "fail"), "pass")
    if check and "expect" in inner.values:
        inner.wrong("expect", "gate.expect is for run: a check always has to hold")
    minutes = inner.number("minutes", 10, 24 * 60) or 10
    return Gate(run, "fail" if expect == "fail" else "pass", check, minutes)


def _on_fail(keys: Keys) -> OnFail:
    inner = keys.inner("on_fail", "{retry: 2, then: stop}")
    if inner is None:
        return OnFail()
    inner.unknown(("retry", "then"))
    return OnFail(inner.whole("retry", 0, 0, MOST_RETRIES), _target(inner.text("then")) or STOP)


def _each(keys: Keys) -> Each | None:
    held = keys.values.get("each")
    if isinstance(held, str):
        found = _EACH.match(held.strip())
        if found is None or not PATH.match(found["of"]):
            keys.wrong("each", f'each must be "step.list as name", not {held[:60]!r}')
            return None
        return Each(found["name"], found["of"])
    inner = keys.inner("each", '{items: [a, b], as: area, max: 5}, or "plan.tasks as task"')
    if inner is None:
        return None
    inner.unknown(("of", "items", "as", "max"))
    name, of, items = inner.text("as"), inner.text("of"), inner.values.get("items")
    if not re.fullmatch(NAME, name):
        inner.wrong("as", "each needs `as`: what an item is called in the prompt")
        return None
    if bool(of) == (items is not None) or (of and not PATH.match(of)):
        inner.wrong("of", "each needs either `of` (a list of an earlier step) or `items` (a list of its own)")
        return None
    if items is not None and (not isinstance(items, list) or not 0 < len(items) <= MOST_ITEMS or None in items):
        inner.wrong("items", f"each.items must be a list of 1 to {MOST_ITEMS} items, none of them empty")
        return None
    most = inner.whole("max", len(items) if items else 20, 1, MOST_ITEMS)
    return Each(name, of, tuple(items or ()), most)


def _vote(keys: Keys, only: str, shape: Any) -> Vote | None:
    inner = keys.inner("vote", "{n: 3, rule: majority}")
    if inner is None:
        return None
    inner.unknown(("n", "rule", "on", "tie"))
    if "n" not in inner.values:
        inner.wrong("n", "vote needs n: how many agents answer the same")
        return None
    rule: Any = inner.word("rule", ("majority", "all", "any", "plurality"), "majority")
    on, tie = inner.text("on") or only, inner.values.get("tie")
    field = shape.field(on) if shape is not None else None
    if isinstance(tie, bool) and field is not None and str(tie).lower() in options(field.of):
        tie = str(tie).lower()
    return Vote(inner.whole("n", 3, 2, MOST_VOTES), rule, on, tie)


def _until(keys: Keys) -> Until | None:
    inner = keys.inner("until", "{when: review.verdict == pass, goto: fix, max: 3}")
    if inner is None:
        return None
    inner.unknown(("when", "goto", "max", "then"))
    missing = [key for key in ("when", "goto", "max") if inner.values.get(key) is None]
    if missing:
        why = ": every loop is bounded" if "max" in missing else ""
        inner.wrong("max", f"until needs {' and '.join(missing)}{why}")
        return None
    most = inner.whole("max", 1, 1, MOST_ROUNDS)
    return Until(inner.text("when"), _target(inner.text("goto")), most, _target(inner.text("then")) or STOP)


def _ask(keys: Keys, name: str) -> str:
    held = keys.values.get("approve")
    if held is None or held is False:
        return ""
    text = "human" if held is True else keys.text("approve")
    return f"Go on with {name}?" if text.lower() in _HUMAN else text
