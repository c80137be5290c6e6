"""The session that is open, and the run in it: sends, steers, queues, stops, and puts back what was not said.

Must not know the terminal; what is said of it goes through the printer.
"""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coder.core.dataclass import dataclass
from coder.core.errors import CoderError
from coder.core.events import RunEnded
from coder.core.lazy import LazyModule
from coder.core.messages import Image
from coder.frontends.beside import in_background
from coder.frontends.crash import report
from coder.frontends.repl.entry import Entry
from coder.frontends.repl.printer import Printer
from coder.frontends.styled import foreign, row

if TYPE_CHECKING:
    from coder.app.session import Session
    from coder.app.spent import Spent
    from coder.core.agents import AgentRow
    from coder.frontends.render import ending, failures, seen
    from coder.frontends.repl import shell_line
else:
    ending = LazyModule("coder.frontends.render.ending")
    failures = LazyModule("coder.frontends.render.failures")
    seen = LazyModule("coder.frontends.render.seen")
    shell_line = LazyModule("coder.frontends.repl.shell_line")


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hands:
    """What the talk needs of the front end. `restore` puts a text back into the prompt, unless another is there."""

    restore: Callable[[str], None]
    command: Callable[[str], Coroutine[Any, Any, None]]
    remember: Callable[[str], Coroutine[Any, Any, None]]
    call: Callable[[str, str], None]  # the person: kind, words
    changed: Callable[[], None]


class Talk:
    """`opening` makes the session; prompts wait for it."""

    def __init__(self, printer: Printer, hands: Hands) -> None:
        self._printer = printer
        printer.agents = lambda: self.agents
        self._hands = hands
        self._session: Session | None = None
        self._opened = asyncio.Event()
        self._run: asyncio.Task[None] | None = None
        self._is_prompt = False  # what runs: the model reads along
        self._after: list[Entry] = []
        self._spent: dict[str, list[Spent]] = {}  # by session, of those that were closed
        self._kept: dict[str, float | None] = {}  # by session, what it had cost before this process
        self._last = ""  # the session that is open, or was
        self.title = self.session_id = ""  # of the session that was closed last, if it is kept
        self.prompts = 0
        self.changed_files: dict[str, None] = {}

    @property
    def session(self) -> Session:
        """Raises CoderError while it is not open."""
        if self._session is None:
            raise CoderError("The session is still opening. Try again in a moment.")
        return self._session

    @property
    def is_open(self) -> bool:
        return self._session is not None

    @property
    def is_running(self) -> bool:
        return self._run is not None

    def took(self, session: Session, kept: float | None = 0.0) -> None:
        """This session is the open one from now on. `kept` is what it cost in other processes."""
        self._session = session
        self._last = session.facts.session_id
        self._kept.setdefault(self._last, kept)
        self._opened.set()

    async def close(self) -> None:
        """Closes the session, whatever runs in it. Idempotent."""
        session, self._session = self._session, None
        self._opened.clear()
        if session is None:
            return
        if self._run is not None and self._run is not asyncio.current_task():
            self._after.clear()
            session.interrupt()
            await asyncio.wait({self._run})
        await session.aclose()
        transcript = session.facts.transcript
        if transcript is not None and transcript.exists():
            self.title, self.session_id = session.title, session.facts.session_id
        self._spent.setdefault(session.facts.session_id, []).append(session.spent)

    @property
    def cost(self) -> float | None:
        """Of the session that is open, or was last, in dollars; None where a price is unknown."""
        spent = [*self._spent.get(self._last, ()), *([self._session.spent] if self._session is not None else [])]
        costs = [self._kept.get(self._last, 0.0), *(each.cost for each in spent)]
        return None if None in costs else sum(cost for cost in costs if cost is not None)

    def has_met(self, session_id: str) -> bool:
        """Whether this process had that session open before."""
        return session_id in self._kept

    @property
    def running_tasks(self) -> int:
        """How many commands run in the background."""
        return sum(task.state == "running" for task in self._session.tasks.all) if self._session is not None else 0

    @property
    def agents(self) -> tuple[AgentRow, ...]:
        """The subagents of the session, ended ones too."""
        found = self._session.agents if self._session is not None else None
        return found.rows() if found is not None else ()

    @property
    def beside(self) -> tuple[tuple[int, str], tuple[int, str]]:
        """What is under way in the background: how many commands, how many agents."""
        return (self.running_tasks, "task"), (in_background(self.agents), "agent")

    async def opened(self) -> Session:
        await self._opened.wait()
        return self.session

    def take(self, entry: Entry) -> None:
        """Does what the person sent; while a run is on it is queued, or read before the next step."""
        board = self._printer.board
        if self._run is None:
            self._start(entry)
        elif entry.how == "after" or entry.kind in ("command", "memory") or not self._can_steer:
            self._after.append(entry)
            board.after.append(entry.shown)
        elif entry.kind == "shell":
            self._after.append(entry)
            board.after.append(f"! {entry.text}")
        else:
            self._steer(entry)
        self._hands.changed()

    def queue(self, entry: Entry) -> None:
        """Does it once what runs now has ended."""
        self._after.insert(0, entry)
        self._printer.board.after.insert(0, entry.shown)

    def stop(self) -> bool:
        """Stops the run; what was queued goes back into the prompt. False when nothing runs."""
        if self._run is None:
            return False
        queued = self.take_back_all()
        if self._session is not None:
            self._session.interrupt()
        if self._session is None or not self._printer.board.is_running:
            self._run.cancel()
        if queued:
            self._hands.restore("\n".join(queued))
        return True

    def take_back(self) -> str | None:
        """The queued line that was added last."""
        board = self._printer.board
        if self._after:
            board.after.pop()
            return self._after.pop().typed
        if self._session is None or not board.queued:
            return None
        queued = list(self._session.steering.take_back())
        last = queued.pop() if queued else None
        for text in queued:
            self._session.steer(text)
        board.queued[:] = queued
        return last

    def take_back_all(self) -> list[str]:
        queued = self._undelivered()
        queued += [entry.typed for entry in self._after]
        self._after.clear()
        self._printer.board.after.clear()
        return queued

    def _undelivered(self) -> list[str]:
        self._printer.board.queued.clear()
        return list(self._session.steering.take_back()) if self._session is not None else []

    @property
    def queued(self) -> tuple[str, ...]:
        """What waits to be said, in order, as it was typed."""
        return (*self._printer.board.queued, *(entry.typed for entry in self._after))

    async def idle(self) -> None:
        """Until nothing runs any more."""
        while self._run is not None:
            await asyncio.wait({self._run})
            await asyncio.sleep(0)

    @property
    def _can_steer(self) -> bool:
        return self._session is not None and self._is_prompt

    def _steer(self, entry: Entry) -> None:
        try:
            self.session.steer(entry.text, entry_pictures(entry))
        except CoderError as error:
            self._printer.say(row(("✗ ", "bad"), foreign(str(error))))
            self._hands.restore(entry.typed)
            return
        self._printer.board.queued.append(entry.text)
        self.prompts += 1

    def _start(self, entry: Entry) -> None:
        kinds: dict[str, Callable[[Entry], Coroutine[Any, Any, None]]] = {
            "prompt": self._prompt,
            "shell": self._shell,
            "memory": lambda entry: self._hands.remember(entry.text),
            "command": lambda entry: self._hands.command(entry.text),
        }
        work = kinds[entry.kind]
        self._is_prompt = entry.kind == "prompt"

        async def run() -> None:
            try:
                await work(entry)
            except CoderError as error:
                self._printer.say(row(("✗ ", "bad"), foreign(str(error))))
                self._hands.restore(entry.typed)
            except Exception as error:  # noqa: BLE001  # a bug of ours must not end the session, nor reach the screen
                _log.exception("what was sent failed")
                self._printer.say(row(("✗ ", "bad"), report(error)))
            finally:
                self._run = None
                self._printer.board.end()
                self._next()
                self._hands.changed()

        self._run = asyncio.create_task(run())

    def _next(self) -> None:
        if self._after:
            self._printer.board.after.pop(0)
            self._start(self._after.pop(0))

    async def _prompt(self, entry: Entry) -> None:
        self._printer.you(entry.shown)
        board = self._printer.board
        board.begin(None)
        self._hands.changed()
        session = await self.opened()
        board.cost_before = session.spent.cost
        self.prompts += 1
        try:
            ended = await session.prompt(entry.text, pictures=entry_pictures(entry))
        except BaseException:
            self._hands.restore(entry.typed)
            raise
        self._ended(entry, ended, session)

    def _ended(self, entry: Entry, ended: RunEnded, session: Session) -> None:
        board, printer = self._printer.board, self._printer
        self.changed_files |= board.changed
        seconds = board.seconds
        went_back = ended.reason not in ("done",) and session.unsay()
        if ended.evidence is not None:
            printer.say(*seen.seen_rows(ended.evidence))
        match ended.reason:
            case "done":
                printer.say(
                    ending.done_row(
                        seconds=seconds,
                        calls=board.call_count,
                        files_changed=len(board.changed),
                        cost=_since(session.spent.cost, board.cost_before),
                    ),
                    (),
                )
            case "interrupted":
                printer.say(*ending.stopped_rows(seconds, tuple(map(printer.short, board.changed))), ())
            case _:
                assert printer.facts is not None
                facts = printer.facts(restored=went_back, arrived=board.tokens)
                printer.say(*failures.failure_rows(ended, facts), ())
        # After an end that was not the model's nothing starts by itself; else only what it did not get to hear is left.
        left = self.take_back_all() if ended.reason != "done" else self._undelivered()
        if went_back:
            self.prompts -= 1
            left.insert(0, entry.typed)
        if left:
            self._hands.restore("\n".join(left))
        if ended.reason not in ("done", "interrupted"):
            self._hands.call("error", f"The run ended: {ended.error}")
        elif ended.reason == "done":
            self._hands.call("done", "")

    async def _shell(self, entry: Entry) -> None:
        board = self._printer.board
        board.begin(None)
        session = await self.opened()
        await shell_line.run(session, self._printer, entry.text)


def entry_pictures(entry: Entry) -> list[Path | Image]:
    """The pictures of an entry as a session takes them."""
    return [
        picture if isinstance(picture, Path) else Image(picture.media_type, b64encode(picture.data).decode("ascii"))
        for picture in entry.pictures
    ]


def _since(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else max(now - before, 0.0)
