"""The agents of a session before it was cut off: who goes on where it was, whose report is there already. Must not know
how an agent is run.
"""

from __future__ import annotations

from collections.abc import Sequence

from coder.app.subagents.record import Record
from coder.app.subagents.sidecar import Kept, key_of
from coder.core.agents import Brief, Report
from coder.core.messages import Json
from coder.tools import agent_report


class Past:
    """`all` is what was kept of them; `cut` are the calls of replies whose results were not all there at the end. Under
    a key that somebody chose an agent is found whenever it was; otherwise only what was asked by a call of `cut`, once:
    the same words may well mean something new."""

    def __init__(self, all: Sequence[Kept], cut: frozenset[str]) -> None:
        self.all = tuple(all)
        self._cut = cut
        self._used: set[str] = set()
        self._ended: dict[str, Report] = {}  # of this process, by chosen key
        self._stopped: dict[str, str] = {}  # the same: who was stopped before it was done

    def note(self, key: str, report: Report) -> None:
        """An agent of this process has ended."""
        self._stopped.pop(key, None)
        if report.state == "completed":
            self._ended[key] = report
        elif report.state == "stopped" and key:
            self._stopped[key] = report.id

    def report_for(self, brief: Brief) -> Report | None:
        """What was reported about this very work."""
        if brief.key and (known := self._ended.get(brief.key)) is not None:
            return known
        kept = self._match(brief, ("completed",))
        if kept is None or kept.report is None:
            return None
        if not brief.key:
            self._used.add(kept.id)
        return kept.report

    def cut_off(self, brief: Brief) -> str | None:
        """The agent that goes on with this work, by its id."""
        if brief.key and (stopped := self._stopped.pop(brief.key, None)) is not None:
            return stopped
        kept = self._match(brief, ("running", "stopped"))
        if kept is None:
            return None
        self._used.add(kept.id)
        return kept.id

    def _match(self, brief: Brief, states: tuple[str, ...]) -> Kept | None:
        key = key_of(brief)
        for kept in reversed(self.all):
            if kept.key != key or kept.state not in states or kept.id in self._used:
                continue
            if brief.key or (kept.brief.call in self._cut and kept.brief.parent == brief.parent):
                return kept
        return None

    def record_of(self, kept: Kept) -> Record:
        """As people see it before it goes on."""
        record = Record(kept.id, kept.brief, kept.key, kept.kind, kept.model, kept.depth, kept.background)
        record.transcript = kept.path
        record.state = "stopped" if kept.state == "running" else kept.state
        record.report = kept.report
        if kept.report is not None:
            record.usage, record.usd = kept.report.usage, kept.report.usd
            record.tool_uses, record.seconds = kept.report.tool_uses, kept.report.seconds
        return record

    def standing(self, record: Record) -> tuple[str, str, Json]:
        """How one stands, as the tool tells it that looks after what runs in the background."""
        report = record.report
        if report is None:
            row = record.row()
            text = (
                f"Agent {record.id} is {row.state}, for {row.seconds:,.0f}s now{': ' + row.doing if row.doing else ''}."
            )
            state, output = "running", ""
        else:
            record.told = True
            state, output = report.state, report.text
            text = agent_report.text_of(report)
        task: Json = {
            "task_id": record.id,
            "task_type": "local_agent",
            "status": state,
            "description": record.title,
            "output": output,
        }
        return state, text, {"retrieval_status": "success" if report is not None else "not_ready", "task": task}
