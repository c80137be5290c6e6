"""Evidence of a session's runs: listens to what happens, doubts what an answer claims without it, and completes what is
told of how a run ended. Must not know front ends.

Nothing is loaded before there is something to be seen: a run of one reply does without (docs/adr/0002).
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.history import History
from coder.agent.policies import EndPolicy, Inject, Verdict
from coder.agent.replies import reminder
from coder.core import prompts
from coder.core.events import AnyEvent, MessageAdded, Notice, RunEnded, RunStarted, TaskEnded, ToolFinished
from coder.core.lazy import LazyModule
from coder.core.ordinary import open_ordinary
from coder.evidence.hints import may_claim

if TYPE_CHECKING:
    from coder.app.checking import Check, Checking
    from coder.app.checkpointing import Checkpointing
    from coder.app.shell_line import ShellLine
    from coder.checkpoints.entries import Change, Entry
    from coder.core.config import Config
    from coder.core.evidence import Checked
    from coder.evidence import citations, ledger
    from coder.evidence.citations import Wrong
    from coder.evidence.ledger import Ledger
    from coder.evidence.phrases import Claim
else:
    citations, ledger = (LazyModule(f"coder.evidence.{name}") for name in ("citations", "ledger"))
claiming = LazyModule("coder.evidence.claims")
checking = LazyModule("coder.app.checking")

CITATIONS = "citations"
_EDITS = {"Edit": "file_path", "MultiEdit": "file_path", "Write": "file_path", "NotebookEdit": "notebook_path"}
_EXIT = re.compile(r"exit (\d{1,3})")
_SHELL = re.compile(r"<bash-input>(.*)</bash-input>\s*<bash-stdout>(.*)</bash-stdout>", re.DOTALL)
_TAIL = 200_000  # bytes of the output of a background command
_LATE = 124
_SAYS: dict[str, str] = {
    "tests": "the tests pass",
    "build": "the build passes",
    "lint": "the linter passes",
    "checks": "the checks pass",
}


def _unsaid(text: str) -> None:
    """Nobody reads it."""


class Evidencing:
    """A listener, three policies for the end of runs, and `attach`, which is given how a run ended.

    `folders` are the start folder and those that were added. `sees_changes`: `changed` is told what commands change.
    `say` tells people why an answer is not the end.
    """

    def __init__(
        self, folders: tuple[Path, ...], *, sees_changes: bool = True, say: Callable[[str], None] = _unsaid
    ) -> None:
        self._folders = folders
        self._sees_changes = sees_changes
        self.say = say
        self._ledger: Ledger | None = None
        self._verify: frozenset[str] = frozenset()
        self._is_challenged: set[str] = set()
        self._doubts: tuple[str, ...] = ()
        self._checked_at = 0
        self._commands_checked = 0
        self._checking: Checking | None = None

    def require(self, check: Check, line: Callable[[], ShellLine], emit: Callable[[AnyEvent], None]) -> None:
        """A run ends only once the check succeeds: `line` runs it, as it runs what the person types."""
        self._checking = checking.Checking(check, line, emit, self._is_due, self._saw_check)

    def verify(self, kinds: Iterable[str]) -> None:
        """What is to be verified in the answer of the run under way, or else of the next one: `citations`."""
        self._verify |= frozenset(kinds)

    def policies(self) -> tuple[EndPolicy, ...]:
        """In this order: what the check shows bears out what the answer says."""
        first = (self._checking,) if self._checking is not None else ()
        return (*first, _Claims(self), _Citations(self))

    def on(self, event: AnyEvent) -> None:
        match event:
            case RunStarted(agent="main"):
                self._begin()
            case ToolFinished(call=call) if call.name == "Bash":
                self._saw_command(event)
            case ToolFinished(call=call) if call.name in _EDITS and not event.result.is_error:
                self._book().edited(str(call.input.get(_EDITS[call.name], "")))
            case TaskEnded():
                output = _tail(Path(event.output))
                failed = event.state == "failed"
                self._book().ended(event.id, event.command, event.code, output, event.seconds, is_failure=failed)
            case MessageAdded(message=message) if message.meta.kind == "shell":
                if said := _SHELL.search(message.text):
                    self._book().shown(said[1], said[2])
            case _:
                pass

    def changed(self, changes: Iterable[Change]) -> None:
        """What a call was seen to change on disk."""
        for change in changes:
            if not all(entry is None or entry.kind == "folder" for entry in (change.before, change.after)):
                self._book().changed(change.path, _state(change.before), _state(change.after))

    def attach(self, ended: RunEnded) -> RunEnded:
        """The same with what was seen in the run; nothing is added where nothing was."""
        doubts = self._doubts
        if ended.reason == "done":
            doubts = (*(f"the answer says {_SAYS[claim]}: {why}" for claim, why in self.unbacked(ended.text)), *doubts)
        self._verify = frozenset()
        if self._ledger is None and not doubts:
            return ended
        found = self._book().evidence(doubts)
        if not (found.commands or found.files or found.checked or found.doubts):
            return ended
        return replace(ended, evidence=found)

    def unbacked(self, answer: str) -> list[tuple[Claim, str]]:
        """What the answer claims and nothing bears out, with the reason."""
        if not may_claim(answer):
            return []
        book = self._book()
        found = ((claim, book.unbacked(claim)) for claim in sorted(claiming.claims(answer)))
        return [(claim, why) for claim, why in found if why]

    def wrong_places(self, answer: str) -> tuple[Wrong, ...]:
        """The places it names that are not there, where that is to be verified."""
        if CITATIONS not in self._verify:
            return ()
        found: tuple[Wrong, ...] = citations.wrong_places(answer, self._folders)
        return found

    def challenge(self, kind: str) -> bool:
        """Whether there was no challenge of this kind in this run; there is one now."""
        is_first = kind not in self._is_challenged
        self._is_challenged.add(kind)
        return is_first

    def doubt(self, doubts: Iterable[str]) -> None:
        """These stay, whatever else the answer says."""
        self._doubts = tuple(doubts)

    def _book(self) -> Ledger:
        if self._ledger is None:
            self._ledger = ledger.Ledger(str(self._folders[0]))
        return self._ledger

    def _begin(self) -> None:
        self._is_challenged, self._doubts, self._commands_checked = set(), (), 0
        if self._ledger is not None:
            self._ledger.begin()
            self._checked_at = self._ledger.steps
        if self._checking is not None:
            self._checking.begin()

    def _saw_command(self, event: ToolFinished) -> None:
        command, data = str(event.call.input.get("command", "")), event.data
        if data is None:
            return  # it did not get to run
        if background := data.get("backgroundTaskId"):
            self._book().waits(str(background), command)
            return
        code: int | None = 0
        if data.get("timedOutAfterMs") is not None:
            code = _LATE
        elif data.get("interrupted"):
            code = None
        elif exit := _EXIT.fullmatch(event.summary):
            code = int(exit[1])
        elif data.get("returnCodeInterpretation"):
            code = 1
        failed = event.result.is_error
        self._book().ran(command, code, str(data.get("stdout", "")), seconds=event.seconds, is_failure=failed)

    def _is_due(self) -> bool:
        if self._ledger is None:
            return False
        is_unseen = not self._sees_changes and self._ledger.commands > self._commands_checked
        return is_unseen or self._ledger.has_changed(self._checked_at)

    def _saw_check(self, checked: Checked, output: str) -> None:
        book = self._book()
        book.checked(checked, output)
        self._checked_at, self._commands_checked = book.steps, book.commands


def evidencing_of(
    config: Config, emit: Callable[[AnyEvent], None], line: Callable[[], ShellLine], checkpoints: Checkpointing
) -> Evidencing:
    """For a session with this configuration."""

    def say(text: str) -> None:
        emit(Notice(level="info", text=text))

    made = Evidencing((config.cwd, *config.add_dirs), sees_changes=checkpoints.enabled, say=say)
    checkpoints.tell_changes(made.changed)
    wanted = config.guidance
    if wanted.check:
        seconds = checking.seconds_of({**os.environ, **config.env})
        made.require(
            checking.Check(wanted.check, config.cwd, wanted.check_tries, wanted.check_always, seconds), line, emit
        )
    return made


class _Claims:
    """Challenges once in a run what an answer claims without evidence."""

    def __init__(self, evidencing: Evidencing) -> None:
        self._evidencing = evidencing

    async def before_end(self, text: str, history: History) -> Verdict:
        found = self._evidencing.unbacked(text)
        if not found or not self._evidencing.challenge("claims"):
            return None
        what, fact = (
            " and ".join(dict.fromkeys(each))
            for each in ((_SAYS[claim] for claim, _ in found), (why for _, why in found))
        )
        self._evidencing.say(f"The answer says {what}, but {fact}. The model is told so and answers again.")
        return _told(prompts.load("reminders/claim", what=what, fact=fact))


class _Citations:
    """Challenges once in a run the places that are not there, and doubts those that are named again."""

    def __init__(self, evidencing: Evidencing) -> None:
        self._evidencing = evidencing

    async def before_end(self, text: str, history: History) -> Verdict:
        wrong = await asyncio.to_thread(self._evidencing.wrong_places, text)
        self._evidencing.doubt(f"the answer names {place}" for place in wrong)
        if not wrong or not self._evidencing.challenge("citations"):
            return None
        places = ", ".join(map(str, wrong))
        self._evidencing.say(f"The answer names {places}. The model is told so and answers again.")
        return _told(prompts.load("reminders/citations", places=places))


def _told(text: str) -> Inject:
    return Inject(reminder(text))


def _state(entry: Entry | None) -> object:
    """How a file is, whenever it was written."""
    return None if entry is None else (entry.kind, entry.mode, entry.size, entry.content)


def _tail(path: Path) -> str:
    """The end of what a command printed; "" where it cannot be read."""
    try:
        with open_ordinary(path) as file:
            size = file.seek(0, 2)
            file.seek(max(size - _TAIL, 0))
            return file.read(_TAIL).decode("utf-8", "replace")
    except OSError:
        return ""
