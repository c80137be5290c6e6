"""Who and what the model is told of in a list, for a host: agents and skills, each with its share of the tokens that
the list takes. Must not know how a list is made.
"""

from __future__ import annotations

from collections.abc import Mapping

from coder.app.session import Session
from coder.commands.agents import Agent
from coder.commands.definition import Definition, Origin
from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.telemetry.context_report import ContextReport

_SOURCES: Mapping[Origin, str] = {
    "managed": "policySettings",
    "given": "flagSettings",
    "project": "projectSettings",
    "added": "projectSettings",
    "yours": "userSettings",
}
_ASKS = "Agent"


@dataclass(frozen=True, slots=True)
class Told:
    """`own` are the tokens of agents that are not coder's own; `listed` of `skills` stand in the list."""

    agents: list[Json]
    own: int
    skills: list[Json]
    listed: int


def told(session: Session, report: ContextReport) -> Told:
    """Blocks while it looks at files."""
    agents, lines = session.inquiries.agents()
    tool = next((share for share in report.shares if share.item.name == _ASKS), None)
    shares = _shares(lines, tool.tokens if tool is not None else 0, tool.item.weight if tool is not None else 0)
    rows = [{"agentType": each.name, **_about(each, shares)} for each in agents]
    skills, listed = session.inquiries.skills()
    weights = _shares(listed, report.tokens_of("skills"), len(listed.encode()))
    heads = [{"name": each.name, **_about(each, weights)} for each in skills]
    own = sum(row["tokens"] for row in rows if row["source"] != "built-in")
    return Told(rows, own, heads, sum(visible_line(each.name) in weights for each in skills))


def _shares(lines: str, tokens: int, weight: int) -> dict[str, int]:
    """Of a text of that weight which has a line for each: the tokens of each line, by the name in it."""
    found = ((line[2:].partition(": ")[0], len(line.encode()) + 1) for line in lines.split("\n") if line[:2] == "- ")
    return {name: tokens * size // weight for name, size in found} if weight else {}


def _about(each: Agent | Definition, shares: Mapping[str, int]) -> Json:
    path = {"path": str(each.file)} if each.file.is_absolute() and each.origin != "built-in" else {}
    source = _SOURCES.get(each.origin, each.origin)
    return {"source": source, **path, "tokens": shares.get(visible_line(each.name), 0)}
