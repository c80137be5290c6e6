"""A workflow's run as programs are told it, beside the result of the run. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder.core.messages import Json

if TYPE_CHECKING:
    from coder.app.session import Session


def with_workflow(result: Json, session: Session) -> Json:
    """The result with what its workflow did, where the run was one."""
    outcome = session.workflows.latest if session.workflows is not None else None
    if outcome is None:
        return result
    about: Json = {
        "name": outcome.workflow,
        "run": outcome.run,
        "state": outcome.state,
        "value": outcome.value,
        "steps": [step.as_json for step in outcome.steps],
        "agents": outcome.agents,
        "kept": outcome.kept,
        "usd": outcome.usd,
        "seconds": round(outcome.seconds, 3),
        "where": outcome.where,
        "why": outcome.why,
        "unmerged": list(outcome.unmerged),
        "resume": session.workflows.go_on if session.workflows is not None else "",
    }
    return {**result, "workflow": about}
