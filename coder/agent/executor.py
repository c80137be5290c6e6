"""Runs the tool calls of one reply: eight steps a call, neighbours that only read side by side, the rest in order.

The only place where a tool's bug is caught. Knows tools by their protocol alone; never a model or a front end.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from coder.agent.gate import Allowed, Denied, Gate
from coder.agent.outcome import Outcome, denied, failed, held_back
from coder.agent.ports import NOTHING_SAID, Before, Ports
from coder.agent.spill import LIMIT, bound
from coder.core import prompts
from coder.core.errors import ToolError
from coder.core.events import AnyEvent, ToolFinished, ToolProgress, ToolStarted
from coder.core.lazy import LazyModule
from coder.core.messages import Json, Text, ToolResult, ToolUse
from coder.core.requests import Effect
from coder.core.tools import Foresees, Runs, SessionControl, Tool, ToolContext, ToolOutput
from coder.core.workspace import Workspace

if TYPE_CHECKING:
    from coder.agent import ready, visits
    from coder.agent.ready import Prepared
else:  # for calls
    ready, visits = LazyModule("coder.agent.ready"), LazyModule("coder.agent.visits")

_log = logging.getLogger(__name__)
_CHANGES_FOLDER = re.compile(r"\b(cd|pushd|popd)\b")


class Outcomes(Protocol):
    """Takes the outcome of each call under its id."""

    def __setitem__(self, tool_use_id: str, outcome: Outcome, /) -> None: ...


class Toolbox(Protocol):
    """The tools of a session: found by name, their params checked."""

    def find(self, name: str) -> Tool | None: ...

    def names(self) -> tuple[str, ...]: ...

    def parse(self, tool: Tool, raw: Json) -> Any:
        """Raises ToolError that lists every problem."""
        ...

    def unwrapped(self, call: ToolUse) -> ToolUse:
        """The call that is meant by one that stands for another; any other as it is."""
        ...


class Executor:
    """`limit` is how many calls may run at the same time."""

    def __init__(
        self,
        toolbox: Toolbox,
        gate: Gate,
        workspace: Workspace,
        control: SessionControl,
        emit: Callable[[AnyEvent], None],
        spill_dir: Path,
        ports: Ports | None = None,
        limit: int = 10,
    ) -> None:
        self._toolbox = toolbox
        self._gate = gate
        self._workspace = workspace
        self._control = control
        self._emit = emit
        self._spill_dir = spill_dir
        self._slots = asyncio.Semaphore(limit)
        self._ports = ports or Ports()

    async def run(
        self, calls: Sequence[ToolUse], outcomes: Outcomes, halted: Callable[[], bool] = lambda: False
    ) -> None:
        """Runs the calls and writes each outcome under its id as soon as it is known. May be cancelled at any time.
        While `halted` says so, none is begun: it is answered as held back.

        Stops early, leaving the rest as they are, when the person's answer to a question ends the run.
        """
        batch: list[Prepared] = []
        for call in self.unwrapped(calls):
            prepared = self._prepare(call)
            if not isinstance(prepared, Outcome) and prepared.concurrent:
                batch.append(prepared)
                continue
            await self._run_batch(batch, outcomes, halted)
            batch = []
            if halted():
                outcomes[call.id] = held_back(call)
                continue
            # Judged again: what ran before may have changed the folder, the mode or the files.
            prepared = self._prepare(call)
            outcome = prepared if isinstance(prepared, Outcome) else await self._execute(prepared)
            outcomes[call.id] = outcome
            if outcome.interrupt or outcome.stop:
                return
        await self._run_batch(batch, outcomes, halted)

    def only_reads(self, call: ToolUse) -> bool:
        """Whether it may run beside others now. Pure but for the file facts it reads."""
        prepared = self._prepare(call)
        return not isinstance(prepared, Outcome) and prepared.concurrent

    def unwrapped(self, calls: Sequence[ToolUse]) -> tuple[ToolUse, ...]:
        """The calls as everybody but the transcript sees them."""
        return tuple(self._toolbox.unwrapped(call) for call in calls)

    async def _run_batch(self, batch: Sequence[Prepared], outcomes: Outcomes, halted: Callable[[], bool]) -> None:
        async def one(prepared: Prepared) -> None:
            async with self._slots:
                held = held_back(prepared.call) if halted() else None
                outcomes[prepared.call.id] = held or await self._execute(prepared)

        async with asyncio.TaskGroup() as group:
            for prepared in batch:
                group.create_task(one(prepared))

    def _prepare(self, call: ToolUse) -> Prepared | Outcome:
        """Find, parse, judge. A call that fails here is answered with what is wrong and never reaches the gate."""
        if call.error:
            return failed(call, f"The input of this {call.name} call is not valid JSON: {call.error}")
        tool = self._toolbox.find(call.name)
        if tool is None:
            return failed(call, f"There is no tool {call.name!r}. The tools are: {', '.join(self._toolbox.names())}.")
        try:
            params = self._toolbox.parse(tool, call.input)
        except ToolError as error:
            return failed(call, str(error))
        access = tool.access(params, self._workspace)
        decision = self._gate.judge(call, access)
        concurrent = decision.verdict == "allow" and decision.read_only
        if isinstance(access, Runs) and _CHANGES_FOLDER.search(access.command):
            concurrent = False
        return ready.Prepared(call, tool, params, access, ready.summary_of(call, tool, params), decision, concurrent)

    async def _execute(self, prepared: Prepared) -> Outcome:
        said = await self._ports.hooks.before_call(prepared.call)
        if said != NOTHING_SAID:
            rewritten = self._told(prepared, said)
            if isinstance(rewritten, Outcome):
                return rewritten
            prepared = rewritten
        foreseen = await self._foreseen(prepared)
        if isinstance(foreseen, Outcome):
            return foreseen
        prepared = replace(prepared, stated=foreseen)
        if prepared.decision.drop is not None and prepared.decision.verdict != "deny":
            prepared = replace(prepared, note=await self._ports.checkpoints.before_asking(prepared.decision.drop))
        verdict = await self._gate.check(
            prepared.call, prepared.access, prepared.summary, prepared.decision, prepared.said, prepared.stated
        )
        match verdict:
            case Denied():
                return denied(prepared.call, verdict)
            case Allowed(decision=decision, input=edited, asked=asked):
                # What was allowed is what is opened: the files may have changed since the call was prepared.
                prepared = replace(prepared, decision=decision, stated=prepared.stated if asked else ())
                if edited is None:
                    return await self._run(prepared)
                return await self._run_edited(prepared, ready.grounded(prepared, edited, self._workspace))

    async def _foreseen(self, prepared: Prepared) -> tuple[Effect, ...] | Outcome:
        """What the tool itself says the call would do, when somebody may be asked about it."""
        asks = "ask" in (prepared.decision.verdict, prepared.said.verdict)
        if not (asks and prepared.decision.verdict != "deny" and isinstance(prepared.tool, Foresees)):
            return ()
        try:
            return await prepared.tool.foresee(prepared.params, self._workspace)
        except ToolError as error:
            return failed(prepared.call, str(error))
        except Exception:  # noqa: BLE001  # a tool's bug must not end the session: then it is asked as it is judged
            _log.exception("the tool %s foresees nothing", prepared.call.name)
            return ()

    def _told(self, prepared: Prepared, said: Before) -> Prepared | Outcome:
        """The call as hooks want it: parsed and judged again where they rewrote it, so that a rule beats every hook."""
        if said.stop:
            return replace(failed(prepared.call, said.stop), stop=said.stop, is_denied=True)
        note = "\n".join(filter(None, (prepared.note, *said.notes)))
        if said.input is None or said.input == prepared.call.input:
            return replace(prepared, said=said, note=note)
        edited = ready.grounded(prepared, said.input, self._workspace)
        call = replace(prepared.call, input=edited)
        rewritten = self._prepare(call)
        if isinstance(rewritten, Outcome):
            return rewritten
        note = "\n".join(filter(None, (note, _changed(prepared.call, edited, "A hook of the person's"))))
        return replace(rewritten, said=said, note=note)

    async def _run_edited(self, prepared: Prepared, edited: Json) -> Outcome:
        """Whoever answered changed the call. It is parsed and judged again: a deny rule beats every edit."""
        call, tool = replace(prepared.call, input=edited), prepared.tool
        try:
            params = self._toolbox.parse(tool, edited)
        except ToolError as error:
            return failed(call, str(error))
        access, summary = tool.access(params, self._workspace), ready.summary_of(call, tool, params)
        decision = self._gate.check_edited(call, access, summary, prepared.decision)
        if isinstance(decision, Denied):
            return denied(call, decision)
        note = prepared.note
        if decision.drop is not None and not note:
            note = await self._ports.checkpoints.before_asking(decision.drop)
        note = "\n".join(filter(None, (note, _changed(prepared.call, edited, "The person"))))
        return await self._run(ready.Prepared(call, tool, params, access, summary, decision, prepared.concurrent, note))

    async def _run(self, prepared: Prepared) -> Outcome:
        call = prepared.call
        self._ports.log.started(call)
        if not prepared.decision.read_only:
            await self._ports.log.settle()
        self._emit(ToolStarted(call=call, summary=prepared.summary))
        started = time.monotonic()
        output, told = await self._output(prepared)
        seconds = time.monotonic() - started
        after = await self._ports.hooks.after_call(call, output, seconds)
        if after.content is not None:
            output = replace(output, content=after.content)
        output = _with_note(output, "\n".join(filter(None, (told, prepared.note, *after.notes))))
        content = bound(output.content, self._spill_dir, call.id, output.limit or LIMIT)
        result = ToolResult(call.id, content, output.is_error)
        self._emit(
            ToolFinished(
                call=call,
                result=result,
                data=output.data,
                summary=output.summary,
                seconds=seconds,
            )
        )
        return Outcome(result, output.data, stop=after.stop)

    def _around(self, prepared: Prepared) -> AbstractAsyncContextManager[None]:
        watched = prepared.watched
        return self._ports.checkpoints.around(watched) if watched is not None else nullcontext()

    async def _output(self, prepared: Prepared) -> tuple[ToolOutput, str]:
        """What the tool says, and what is to be told of others at work in the same place."""
        call, told = prepared.call, ""
        context = ToolContext(
            tool_use_id=call.id,
            workspace=self._workspace,
            control=self._control,
            ask=self._gate.ask,
            progress=lambda text: self._emit(ToolProgress(tool_use_id=call.id, text=text)),
            spill_dir=self._spill_dir,
            real=prepared.real,
            stated=prepared.stated,
        )
        visit = visits.visit_of(call.name, prepared.access, prepared.decision)
        try:
            async with (
                self._around(prepared),  # first: it may wait for another agent, whose changes the others are not to see
                self._ports.watch(prepared.effects),
                self._ports.others.around(visit) as told,
            ):
                return await prepared.tool.run(prepared.params, context), told
        except ToolError as error:
            return ToolOutput(str(error), error.data, summary="failed", is_error=True), told
        except Exception as error:  # noqa: BLE001  # a tool's bug must answer its call, not end the session
            _log.exception("the tool %s failed", call.name)
            text = f"{call.name} failed inside coder: {type(error).__name__}: {error}"
            return ToolOutput(text, summary="failed", is_error=True), told


def _changed(call: ToolUse, edited: Json, who: str) -> str:
    """What the model has to know of a call that is no longer the one it made."""
    changed = {key: value for key, value in edited.items() if call.input.get(key) != value}
    changed |= {key: None for key in call.input if key not in edited}
    if not changed:
        return ""
    return prompts.load("reminders/edited", who=who, changed=json.dumps(changed, ensure_ascii=False))


def _with_note(output: ToolOutput, note: str) -> ToolOutput:
    if not note:
        return output
    if isinstance(output.content, str):
        return replace(output, content=f"{output.content}\n{note}" if output.content else note)
    return replace(output, content=(*output.content, Text(note)))
