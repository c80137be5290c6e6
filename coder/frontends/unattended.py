"""What is answered where nobody can be asked. Must not know how anything is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder.core.requests import Allow, Deny, PermissionRequest, Reply, Request
from coder.frontends.plan_question import TOOL as PLAN

if TYPE_CHECKING:
    from coder.app.session import Session


def reply(request: Request, session: Session | None) -> Reply:
    """No to everything, but for the plan of a model that may do everything: it was let loose on purpose, and would not
    get out of planning again."""
    is_loose = session is not None and session.facts.mode == "bypassPermissions"
    if is_loose and isinstance(request, PermissionRequest) and request.call.name == PLAN and request.agent == "main":
        return Allow()
    return Deny("nobody is there to ask", nobody=True)
