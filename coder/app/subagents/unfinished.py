"""What a conversation that was cut off is told of the agents that it waited for: the report of one that had ended, what
is kept of another. Must not know how agents are run.
"""

from __future__ import annotations

from pathlib import Path

from coder.app.subagents import sidecar
from coder.core import prompts
from coder.core.messages import Json, Text, ToolResult, ToolUse
from coder.sessions.load import counted
from coder.tools import agent_report

_MOST_BYTES = 64 << 20


def answer(folder: Path, call: ToolUse) -> tuple[ToolResult, Json | None] | None:
    """The result of a call that has none; None where nothing is known of an agent that it asked. Blocks while it
    reads."""
    kept = next((each for each in reversed(sidecar.read_all(folder)) if each.brief.call == call.id), None)
    if kept is None:
        return None
    if kept.report is not None and not kept.background:
        output = agent_report.reported(kept.report, kept.brief.prompt)
        return ToolResult(call.id, (Text(str(output.content)),), output.is_error), output.data
    if kept.background:
        text = prompts.load("reminders/agent_launched", id=kept.id)
        return ToolResult(call.id, (Text(text),)), None
    text = prompts.load("reminders/agent_cut_off", id=kept.id, kept=_kept(kept.path))
    return ToolResult(call.id, (Text(text),), is_error=True), None


def _kept(path: Path) -> str:
    """How far it had come, in words."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES)
    except OSError:
        return "what it was asked"
    results = data.count(b'"type":"tool_result"')
    return f"its conversation with {counted(results, 'result')} of calls" if results else "what it was asked"
