"""Asks a search worker, a process that can be killed, and waits for its answer. Must not know how tools show it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.errors import ToolError
from coder.core.lazy import LazyModule
from coder.core.tools import ToolContext

if TYPE_CHECKING:
    from coder.tools import query as queries
    from coder.tools import ripgrep as program
    from coder.tools.query import Findings, Query
else:  # until something is searched for
    queries, program = LazyModule("coder.tools.query"), LazyModule("coder.tools.ripgrep")

_GRACE = 8.0  # seconds beyond the worker's own limits before it is killed
_PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from coder.tools.scan import main; main()"


class Search:
    """The searches of one session. `ripgrep` None is looked up at the first search; "" does without.

    `reserved` folders (our own state) are left out unless a search starts in them. What `denied` covers, pairs of a
    folder and a gitignore pattern below it, is never read or listed. `seconds` bound a search, `hidden_seconds` the
    count of what ignore files hide.
    """

    def __init__(
        self,
        *,
        ripgrep: Path | str | None = None,
        reserved: tuple[Path, ...] = (),
        denied: tuple[tuple[Path, str], ...] = (),
        seconds: float = 20.0,
        hidden_seconds: float = 0.4,
    ) -> None:
        self._ripgrep = ripgrep
        self._reserved = [str(path) for path in reserved]
        self._denied = [(str(folder), pattern) for folder, pattern in denied]
        self.seconds = seconds
        self._hidden_seconds = hidden_seconds

    @property
    def denied(self) -> tuple[tuple[Path, str], ...]:
        return tuple((Path(folder), pattern) for folder, pattern in self._denied)

    def denying(self, denied: tuple[tuple[Path, str], ...]) -> Search:
        """The same for somebody else, whom other rules bind."""
        made = copy(self)
        made._denied = [(str(folder), pattern) for folder, pattern in denied]
        return made

    async def run(self, query: Query, context: ToolContext) -> Findings:
        """The answer; partial when time ran out. Raises ToolError when the worker fails."""
        if self._ripgrep is None:
            self._ripgrep = await asyncio.to_thread(program.locate, os.environ, context.workspace.roots) or ""
        asked = replace(
            query,
            real=str(context.real(Path(query.root))),
            tops=[str(root) for root in context.workspace.roots],
            reserved=self._reserved,
            denied=self._denied,
            ripgrep=str(self._ripgrep),
            seconds=self.seconds,
            hidden_seconds=self._hidden_seconds,
        )
        return await self._ask(asked)

    async def _ask(self, query: Query) -> Findings:
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-X", "utf8", "-c", _PROGRAM, *filter(None, sys.path)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self.seconds + _GRACE):
                answer, complaint = await worker.communicate(queries.dump(query))
        except TimeoutError:
            return queries.Findings(is_partial=True)
        finally:
            await _end(worker)
        try:
            found: Findings = queries.load_findings(answer)
        except ValueError as error:
            lines = complaint.decode("utf-8", "replace").strip().splitlines()
            reason = lines[-1] if lines else f"its process ended with code {worker.returncode}"
            raise ToolError(f"The search could not be done: {reason}. Use Bash (grep, find) instead.") from error
        return found


async def _end(worker: Process) -> None:
    """Kills the worker and whatever it started."""
    if worker.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        await worker.wait()
