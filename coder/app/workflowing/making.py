"""The workflows of a session, put together from the parts of the session. Must not know front ends, or how they run."""

from __future__ import annotations

import os
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.commanding.rows import places_here
from coder.app.workflowing import places
from coder.app.workflowing.checks import Citations
from coder.app.workflowing.hands import SessionHands
from coder.app.workflowing.met import met, transcripts_in
from coder.app.workflowing.session import Parts, SessionWorkflows
from coder.core.messages import ToolUse
from coder.core.requests import Allow
from coder.core.tools import Reads
from coder.workflows.library import Library

if TYPE_CHECKING:
    from coder.app.assembly import Assembly

_MOST_FOLDERS = 500  # below one place


def workflows_of(made: Assembly, reserved: Collection[str]) -> SessionWorkflows:
    outset, config = made.outset, made.outset.config

    def library() -> Library:
        return places.library_here(config, reserved, outset.book.rules)

    def stamp() -> Hashable:
        """Which files there are, how long, and when they were written; also of commands, which may come first."""
        roots = [folder.path for folder in places.workflow_folders(config)]
        roots += [place.folder for place in places_here(config) if place.kind in {"commands", "skills"}]
        return tuple(_stamps(roots))

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
            config=config,
            library=library,
            stamp=stamp,
            hands=hands,
            ask=made.ask,
            emit=outset.emit,
            tell=lambda message: made.agent.tell(message),
            messages=lambda: made.agent.history.messages,
            folder=outset.journal.folder,
            session_id=outset.journal.session_id if outset.journal.path is not None else "",
        )
    )


def _stamps(roots: Iterable[Path]) -> Iterator[tuple[str, int, int]]:
    for root in roots:
        left = [str(root)]
        for _ in range(_MOST_FOLDERS):
            if not left:
                break
            with suppress(OSError), os.scandir(left.pop()) as entries:
                for entry in entries:
                    if entry.is_dir():
                        left.append(entry.path)
                    elif entry.name.endswith(".md"):
                        found = entry.stat()
                        yield entry.path, found.st_size, found.st_mtime_ns
