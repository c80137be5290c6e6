"""Whether what a step came to holds: a command, or a check of ours. Must not know what follows from it."""

from __future__ import annotations

from typing import Any

from coder.core.dataclass import dataclass
from coder.core.visible import visible_line
from coder.workflows.commands import command_of
from coder.workflows.filling import text_of
from coder.workflows.running.means import Means, digest
from coder.workflows.scope import Scope
from coder.workflows.workflow import Gate, WorkflowError

_SHOWN = 4_000
_NOT_RUN = range(126, 256)  # not found, not to be run, or ended by a signal: that is no answer


@dataclass(frozen=True, slots=True)
class Held:
    """`wrong` is what did not hold, "" when all did. `is_final`: another try would not change that."""

    wrong: str = ""
    is_final: bool = False
    is_kept: bool = False


async def gate_holds(
    means: Means, gate: Gate, scope: Scope, result: Any, place: str, mark: str, *, is_fresh: bool
) -> Held:
    """`is_fresh`: something was done in this process that an earlier answer knows nothing of."""
    try:
        command = command_of(gate.run, scope) if gate.run else ""
    except WorkflowError as error:
        return Held(str(error), is_final=True)
    key = f"{place}/gate/{digest(mark, command, gate.expect, gate.check, result)}"
    kept = None if is_fresh else means.journal.kept(key)
    if kept is not None:
        return Held(str(kept.get("wrong", "")), is_kept=True)
    held = await _command_holds(means, gate, command) if command else Held()
    if not held.wrong and gate.check:
        held = await _check_holds(means, gate.check, text_of(result))
    if not held.is_final:
        await means.journal.keep(key, {"step": place, "gate": command or gate.check, "wrong": held.wrong})
    return held


async def _check_holds(means: Means, name: str, text: str) -> Held:
    try:
        return Held(await means.hands.check(name, text))
    except WorkflowError as error:
        return Held(str(error), is_final=True)


async def _command_holds(means: Means, gate: Gate, command: str) -> Held:
    ran = await means.hands.shell(command, gate.minutes)
    shown = visible_line(command)
    if ran.refused:
        return Held(f"the check `{shown}` was not run: {ran.refused}", is_final=True)
    if gate.expect == "fail" and ran.code in _NOT_RUN:
        return Held(f"`{shown}` was to fail, but it could not be run (exit {ran.code}):\n{ran.output[-_SHOWN:]}")
    if (ran.code == 0) == (gate.expect == "pass"):
        return Held()
    said = "was to pass" if gate.expect == "pass" else "was to fail"
    return Held(f"`{shown}` {said}, and ended with exit {ran.code}:\n{ran.output[-_SHOWN:]}")
