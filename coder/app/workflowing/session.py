"""Workflows in a session: a line that names one runs it in the conversation's place, and the conversation learns what
came of it. Must not know front ends, or how steps are done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from coder.app.workflowing import places
from coder.app.workflowing.hands import SessionHands, asked
from coder.app.workflowing.late import Given
from coder.app.workflowing.words import ended_of, first_look, kept_result, told_of
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.events import AnyEvent, Notice, RunEnded, RunStarted, TextDelta
from coder.core.messages import Message
from coder.core.requests import Reply, Request
from coder.core.visible import visible_line
from coder.workflows.journal import Journal
from coder.workflows.library import Entry, Library, entry_of
from coder.workflows.running import past
from coder.workflows.running.given import given as arguments_of
from coder.workflows.running.given import typed
from coder.workflows.running.outcome import Outcome
from coder.workflows.running.run import Run
from coder.workflows.workflow import Workflow, WorkflowError


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What workflows need of their session. `library` reads the files there are; `hands` makes what a run has of the
    session: which steps may begin unasked is given. `tell` adds a message to the conversation, which `messages` is;
    `folder` holds the session's side files."""

    config: Config
    library: Callable[[], Library]
    hands: Callable[[Sequence[str]], SessionHands]
    ask: Callable[[Request], Awaitable[Reply]]
    emit: Callable[[AnyEvent], None]
    tell: Callable[[Message], None]
    messages: Callable[[], Sequence[Message]]
    folder: Path
    session_id: str = ""  # "" where the session is not kept


class SessionWorkflows:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.latest: Outcome | None = None
        self._is_named = False  # by the command line

    @property
    def go_on(self) -> str:
        """How the latest run is gone on with; "" when it is done, or nothing of it is kept."""
        latest, parts = self.latest, self._parts
        if latest is None or latest.state == "done" or not parts.session_id:
            return ""
        if not self._is_named:
            return "the same line in this session"
        approve = f" --approve {latest.where.rpartition('/')[2]}" if latest.state == "waiting" else ""
        return f"coder workflow run {latest.workflow} --resume {parts.session_id}{approve}"

    async def run(self, message: Message, line: str, given: Given | None = None) -> RunEnded:
        """Raises CoderError that says why it is not begun, with nothing said then; CancelledError when it is stopped,
        and what there is of it is told all the same."""
        given = given if given is not None and given.line == line else None
        self.latest, self._is_named = None, given is not None
        parts = self._parts
        library = await asyncio.to_thread(parts.library)
        workflow = usable(self._entry(library, line, given))
        arguments = self._arguments(workflow, line, given)
        await self._permit(library, workflow)
        known = past.unfinished(parts.folder, workflow.name, arguments)
        journal = await asyncio.to_thread(Journal.open, known or past.new_path(parts.folder, workflow.name), self._warn)
        try:
            parts.tell(message)
            parts.emit(RunStarted(prompt=parts.messages()[-1]))
            self._say_what_is_kept(workflow, journal)
            hands = parts.hands(given.approved if given is not None else ())
            return await self._to_the_end(Run(workflow, arguments, hands, journal, library.workflow), line)
        finally:
            journal.close()

    async def _to_the_end(self, run: Run, line: str) -> RunEnded:
        parts = self._parts
        try:
            outcome = await run.go()
        except asyncio.CancelledError:
            outcome = self.latest = await run.stopped()
            parts.tell(await told_of(outcome, line, parts.folder))
            parts.emit(Notice(level="info", text=ended_of(outcome, self.go_on).error))
            raise
        self.latest = outcome
        kept = await asyncio.to_thread(kept_result, outcome, parts.folder) if parts.session_id else None
        parts.tell(await told_of(outcome, line, parts.folder, kept))
        ended = ended_of(outcome, self.go_on)
        if kept is not None:
            parts.emit(Notice(level="info", text=f"The result is kept in {kept}."))
        if ended.text:
            parts.emit(TextDelta(text=ended.text))
        parts.emit(ended)
        return ended

    def _entry(self, library: Library, line: str, given: Given | None) -> Entry:
        if given is not None and given.file is not None:
            return entry_of(given.file, library.known)
        name = given.name if given is not None else line.strip()[1:].split(maxsplit=1)[0]
        entry = library.find(name)
        if entry is None:
            raise WorkflowError(
                f"There is no workflow {visible_line(name)!r}. coder workflow list shows those there are."
            )
        return entry

    def _arguments(self, workflow: Workflow, line: str, given: Given | None) -> dict[str, str]:
        if given is None:
            rest = line.strip()[1:].split(maxsplit=1)
            return typed(workflow, rest[1] if len(rest) > 1 else "")
        if given.arguments is None:
            latest = next((past.read(path) for path in past.numbered(self._parts.folder, workflow.name)), None)
            return dict(latest.arguments or {}) if latest is not None else arguments_of(workflow, {})
        return arguments_of(workflow, given.arguments)

    async def _permit(self, library: Library, workflow: Workflow) -> None:
        """Of what a repository brought, a person sees first what it would do. Raises WorkflowError."""
        config = self._parts.config
        new = await asyncio.to_thread(places.unseen, config, library, workflow)
        if not new:
            return
        question, steps = first_look(workflow, new, library)
        yes = "It runs, now and as long as it stays as it is"
        match await asked(self._parts.ask, question, yes, "Nothing is run", "it is not run", steps):
            case None:
                if not await asyncio.to_thread(places.may_run_unasked, config, library, workflow):
                    raise WorkflowError(
                        f"The workflow {workflow.name} of this folder was not run: nobody has said yes to it yet. Look "
                        f"at it with `coder workflow show {workflow.name}`, then run it once in a terminal, or trust "
                        "the folder: coder trust add."
                    )
            case False:
                raise WorkflowError(f"The workflow {workflow.name} was not run: nobody said yes to it.")
            case True:
                try:
                    await asyncio.to_thread(places.remember, config, new)
                except ConfigError as error:
                    self._warn(str(error))

    def _say_what_is_kept(self, workflow: Workflow, journal: Journal) -> None:
        if journal.past is not None:
            count = sum(1 for record in journal.past.kept.values() if "text" in record)
            results = "1 result is" if count == 1 else f"{count} results are"
            changed = (
                " The file has changed since: what it changed is done anew."
                if (journal.past.digest != workflow.digest)
                else ""
            )
            self._parts.emit(
                Notice(level="info", text=f"{workflow.name} goes on where it was: {results} there.{changed}")
            )

    def _warn(self, text: str) -> None:
        self._parts.emit(Notice(level="warning", text=text))


def usable(entry: Entry) -> Workflow:
    """Raises WorkflowError for one with errors."""
    workflow, errors = entry.workflow, entry.checked.errors
    if workflow is not None and not errors:
        return workflow
    first = errors[0] if errors else None
    where = f"{visible_line(str(entry.file))}{f':{first.line}' if first is not None and first.line else ''}"
    why = visible_line(first.text) if first is not None else "there is nothing in it to run"
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    raise WorkflowError(f"The workflow {entry.name} cannot run: {where}: {why}{more}. See coder workflow check.")
