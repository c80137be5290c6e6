"""A workflow as a Mermaid flowchart. Pure. Names and texts of a file are escaped: none of them can draw or link."""

from __future__ import annotations

from collections.abc import Iterator

from coder.core.visible import visible_line
from coder.workflows.flow import Edge, edges_of
from coder.workflows.workflow import END, STOP, Step, Workflow
from coder.workflows.worst import items_of

_LONGEST = 60
_SAFE = frozenset(" -_.,:/=?!+*'×→…")


def mermaid(workflow: Workflow) -> str:
    """Each step a box with what controls it, each way an arrow; loops dotted, with how often."""
    ids = {step.name: f"s{number}" for number, step in enumerate(workflow.steps, 1)}
    ids |= {END: "done", STOP: "stop"}
    lines = ["flowchart TD", f'  begin(["{escaped(workflow.name)}"])']
    lines += [f"  {ids[step.name]}{_box(workflow, step)}" for step in workflow.steps]
    edges = [
        edge
        for step in workflow.steps
        for edge in edges_of(workflow, step)
        if edge.target in ids and not (edge.kind == "fail" and edge.target == STOP and step.gate is None)
    ]
    lines += [f'  {ids[end]}(["{end}"])' for end in (END, STOP) if any(edge.target == end for edge in edges)]
    if workflow.steps:
        lines.append(f"  begin --> {ids[workflow.steps[0].name]}")
    lines += [_arrow(workflow, edge, ids) for edge in _joined(edges)]
    return "\n".join(lines)


def escaped(text: str) -> str:
    """For the inside of a quoted label. Whatever is no letter, digit or plain sign is its number."""
    line = visible_line(text)
    line = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    return "".join(sign if sign.isalnum() or sign in _SAFE else f"#{ord(sign)};" for sign in line)


def _box(workflow: Workflow, step: Step) -> str:
    label = "<br/>".join(map(escaped, _facts(workflow, step)))
    opening, closing = ("[[", "]]") if step.use else ("{{", "}}") if step.ask else ("[", "]")
    return f'{opening}"{label}"{closing}'


def _facts(workflow: Workflow, step: Step) -> Iterator[str]:
    yield step.name
    if step.use:
        yield f"workflow {step.use}"
    elif step.agent:
        yield step.agent
    if step.only_if:
        yield f"only if {step.only_if}"
    if step.ask:
        yield f"asks: {step.ask}"
    if step.each is not None:
        at_once = f", {step.parallel} at once" if step.parallel > 1 else ""
        yield f"each {step.each.name} ×{items_of(workflow, step)}{at_once}"
    if step.isolated:
        yield "own worktrees" + (", merged in turn" if step.branches_merge else "")
    if step.vote is not None:
        yield f"vote ×{step.vote.n}: {step.vote.rule}"
    if step.gate is not None:
        yield f"gate: {step.gate.run or step.gate.check}" + (" fails" if step.gate.expect == "fail" else "")
    if step.on_fail.retry:
        yield f"tries again ×{step.on_fail.retry}"


def _joined(edges: list[Edge]) -> Iterator[Edge]:
    """Routes by several words to one step are one arrow."""
    words: dict[tuple[str, str], list[str]] = {}
    for edge in edges:
        if edge.kind == "route":
            words.setdefault((edge.source, edge.target), []).append(edge.label)
    told: set[tuple[str, str]] = set()
    for edge in edges:
        if edge.kind != "route":
            yield edge
        elif (pair := (edge.source, edge.target)) not in told:
            told.add(pair)
            yield edge._replace(label=", ".join(words[pair]))


def _arrow(workflow: Workflow, edge: Edge, ids: dict[str, str]) -> str:
    source, target = ids[edge.source], ids[edge.target]
    step = workflow.step(edge.source)
    until = step.until if step is not None else None
    match edge.kind:
        case "loop":
            return f'  {source} -. "until {escaped(until.when)}, ×{until.most}" .-> {target}' if until else ""
        case "fail":
            return f'  {source} -- "fails" --> {target}'
        case "exhausted":
            return f'  {source} -- "never so" --> {target}'
        case "skip":
            return f'  {source} -- "skipped" --> {target}'
        case "route":
            return f'  {source} -- "{escaped(edge.label)}" --> {target}'
    return f"  {source} --> {target}"
