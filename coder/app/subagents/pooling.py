"""The pool of a session's agents, put together from the parts of the session. Must not know front ends."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.attribution import commit_trailer
from coder.app.subagents.footing import Footing
from coder.app.subagents.merging import Merging
from coder.app.subagents.origin import Origin
from coder.app.subagents.pen import Pen
from coder.app.subagents.pool import Pool
from coder.core.messages import ToolUse
from coder.core.requests import Allow
from coder.core.tools import Reads

if TYPE_CHECKING:
    from coder.app.assembly import Assembly


def pool_of(made: Assembly) -> Pool:
    outset = made.outset
    pen = Pen(made.autocommit or made.checkpoints)
    origin = origin_of(made)
    footing = Footing(
        outset=outset,
        casting=made.casting,
        pen=pen,
        gate=made.gate,
        ask=made.ask,
        remember=made.remember,
        points=made.points,
        others=made.others,
        watch=made.ports.watch,
        tools=made.tooling.of_agent,
        find=lambda name: made.reach.find(name) if made.reach is not None else None,
        connect=made.connect,
        origin=lambda: origin,
        merging=Merging(origin, made.checkpoints, pen, lambda: outset.journal.path),
        interrupt=lambda: made.agents.interrupt(),
        due=made.memory.due_beside,
    )
    return Pool(footing, outset.journal.cut)


def origin_of(made: Assembly) -> Origin:
    """The session, for whom agents get worktrees."""
    outset = made.outset
    config, workspace = outset.config, outset.ground.workspace

    def is_denied(path: Path) -> bool:
        judged = outset.judge(ToolUse("", "Read", {"file_path": str(path)}), Reads((path,)), Allow())
        return judged.verdict == "deny" and any(reason.kind == "rule" for reason in judged.reasons)

    return Origin(
        config=config,
        env={**os.environ, **config.env},
        cwd=workspace.roots[0],
        session_id=outset.journal.session_id,
        trailer=lambda: commit_trailer(config, outset.model),
        is_denied=is_denied,
    )
