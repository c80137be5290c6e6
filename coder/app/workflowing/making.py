"""The workflows of a session, put together from the parts of the session. Must not know front ends, or how they run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.workflowing.checks import Citations
from coder.app.workflowing.hands import SessionHands
from coder.app.workflowing.met import met, transcripts_in
from coder.app.workflowing.session import Parts, SessionWorkflows
from coder.core.messages import ToolUse
from coder.core.requests import Allow
from coder.core.tools import Reads

if TYPE_CHECKING:
    from coder.app.assembly import Assembly
    from coder.app.workflowing.shelf import Shelf


def workflows_of(made: Assembly, shelf: Shelf) -> SessionWorkflows:
    outset = made.outset

    def may_read(path: Path) -> bool:
        return outset.judge(ToolUse("", "Read", {"file_path": str(path)}), Reads((path,)), Allow()).verdict == "allow"

    def addresses() -> tuple[str, ...]:
        return met(transcripts_in(outset.journal.folder, outset.journal.path))

    citations = Citations(
        lambda: outset.ground.workspace.roots,
        may_read,
        outset.tools.web.texts,
        addresses if outset.journal.path is not None else None,
    )

    def hands(approved: Sequence[str]) -> SessionHands:
        return SessionHands(
            agents=made.agents,
            spent_on=made.agents.spent,
            executor=lambda: made.executor,
            ask=made.ask,
            emit=outset.emit,
            checks={"citations": citations},
            approved=approved,
            has_shell=lambda: made.tools.find("Bash") is not None,
        )

    return SessionWorkflows(
        Parts(
            config=outset.config,
            library=shelf.library,
            hands=hands,
            ask=made.ask,
            emit=outset.emit,
            tell=lambda message: made.agent.tell(message),
            messages=lambda: made.agent.history.messages,
            folder=outset.journal.folder,
            session_id=outset.journal.session_id if outset.journal.path is not None else "",
        )
    )
