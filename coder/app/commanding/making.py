"""What the commands of a session need of it, gathered from its parts. Must not know front ends, or what commands do."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import TYPE_CHECKING

from coder.app.commanding.commanded import Parts
from coder.app.hooking.pointing import bring
from coder.core.lazy import LazyModule
from coder.models import catalog
from coder.tools.read import Read

if TYPE_CHECKING:
    from coder.app.assembly import Assembly
    from coder.app.commanding import granting
    from coder.app.subagents import forking
    from coder.commands.definition import Definition
else:  # for commands that are used
    granting, forking = LazyModule("coder.app.commanding.granting"), LazyModule("coder.app.subagents.forking")


def parts_of(made: Assembly, reserved: Collection[str]) -> Parts:
    """`made` has its hooks and its repository by now; all else is asked for late."""
    outset, config = made.outset, made.outset.config

    async def fork(definition: Definition, text: str) -> str:
        report: str = await forking.forked(made.agents, definition, text)
        return report

    return Parts(
        config=config,
        book=outset.book,
        judge=lambda call, access: made.gate.judge(call, access),
        executor=lambda: made.executor,
        has_shell=lambda: made.tooling.has("Bash"),
        read=Read(outset.tools.ledger, outset.tools.read_tokens),
        workspace=outset.ground.workspace,
        control=outset.control,
        spill_dir=outset.ground.spill_dir,
        emit=outset.emit,
        tell=lambda message: made.agent.tell(message),
        messages=lambda: made.agent.history.messages,
        is_trusted=lambda definition: granting.grants_count(config, definition),
        window=catalog.describe(outset.model).context_window,
        gathered=lambda: made.git.gathering(made.tooling.has).facts,
        facts={"SESSION_ID": outset.journal.session_id, **made.git.trailers},
        reserved=reserved,
        on_expansion=made.points.expanded,
        brings=partial(bring, made.points, config.hooks.heads),
        fork=fork,
    )
