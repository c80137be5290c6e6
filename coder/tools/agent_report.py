"""What the model and SDKs are told of an agent that was asked: how it ended, with what. Pure; must not know who
asked."""

from __future__ import annotations

import json

from coder.core import prompts
from coder.core.agents import Report
from coder.core.messages import Json
from coder.core.tools import ToolOutput
from coder.core.usage_form import usage
from coder.tools.agent import Launched

_MOST_VALUE = 8_000  # characters of what an agent handed in


def launched(told: Launched, prompt: str) -> ToolOutput:
    data: Json = {
        "status": "async_launched",
        "agentId": told.id,
        "description": told.title,
        "prompt": prompt,
        "outputFile": str(told.output or ""),
        "resolvedModel": told.model,
    }
    return ToolOutput(prompts.load("reminders/agent_launched", id=told.id), data, f"{told.id} in the background")


def reported(report: Report, prompt: str) -> ToolOutput:
    """The report as the result of the call that asked for it."""
    text = text_of(report)
    done = report.state == "completed"
    calls = "1 call" if report.tool_uses == 1 else f"{report.tool_uses} calls"
    summary = f"{calls}, {report.seconds:.0f}s" if done else report.state
    return ToolOutput(text, data_of(report, prompt), summary, is_error=not done)


def text_of(report: Report) -> str:
    """What the model reads. The last line tells how to go on with the agent."""
    parts = []
    if report.state == "failed":
        parts.append(f"The agent failed: {report.error or 'it gives no reason'}")
    elif report.state == "stopped":
        parts.append(f"The agent was stopped before it was done{': ' + report.error if report.error else '.'}")
    if report.text:
        parts.append(report.text if report.state == "completed" else f"The last it said:\n{report.text}")
    if report.value is not None:
        value = json.dumps(report.value, ensure_ascii=False)
        parts.append(value if len(value) <= _MOST_VALUE else f"{value[:_MOST_VALUE]}…")
    elif report.state == "completed" and not report.text:
        parts.append("The agent ended without a word.")
    if report.branch:
        parts.append(prompts.load("reminders/agent_branch", branch=report.branch))
    if report.in_front:
        parts.append(prompts.load(f"reminders/agent_in_front_{report.in_front}"))
    parts.append(prompts.load("reminders/agent_again", id=report.id))
    return "\n\n".join(parts)


def data_of(report: Report, prompt: str) -> Json:
    """The structured result, contracts §14.3."""
    more: Json = {"worktreeBranch": report.branch} if report.branch else {}
    if report.error:
        more["error"] = report.error
    return {
        "status": report.state,
        "agentId": report.id,
        "agentType": report.kind,
        "content": [{"type": "text", "text": report.text}],
        "resolvedModel": report.model,
        "totalToolUseCount": report.tool_uses,
        "totalDurationMs": round(report.seconds * 1000),
        "totalTokens": report.usage.prompt_tokens + report.usage.output_tokens,
        "usage": usage(report.usage),
        "prompt": prompt,
        **more,
    }
