"""Has an agent do what the text of a command or skill says that asks for a context of its own. Must not know how such a
text is made, or how an agent runs.
"""

from __future__ import annotations

from coder.commands.definition import Definition
from coder.core.agents import Agents, Brief
from coder.core.errors import SessionError
from coder.core.visible import visible_line


async def forked(agents: Agents, definition: Definition, text: str) -> str:
    """What it reports. Raises ToolError when it is refused, SessionError when it did not get to an end."""
    brief = Brief(
        prompt=text,
        title=f"/{definition.name}",
        kind=definition.agent,
        model=definition.model,
        effort=definition.effort,
        background=False,
    )
    report = await agents.run(brief)
    if report.state != "completed":
        why = visible_line(report.error or report.state)[:300].rstrip(".")
        raise SessionError(f"the agent for /{visible_line(definition.name)} did not finish: {why}.")
    return report.text or "(it reported nothing)"
