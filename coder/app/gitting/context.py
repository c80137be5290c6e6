"""What the model knows of the repository it works in: told at the start, and again when others changed it. Must not
know how it is worded, nor front ends.

git is asked beside everything else, and never longer than a person would wait: what it did not tell in time is left
out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from coder.agent.history import History
from coder.agent.policies import Inject
from coder.app.gitting import record as records
from coder.app.gitting import words
from coder.app.gitting.record import Record
from coder.app.gitting.words import Names
from coder.core.events import AnyEvent, RunEnded, ToolStarted
from coder.core.messages import Message, Meta, Text
from coder.git.looking import Looking
from coder.git.state import MOST, difference, state_of
from coder.git.summary import Came, Summary, came, from_files

_NOT_YET = "git has not answered yet"
_TOO_SLOW = "git is too slow here to be asked"
_CHANGES_NOTHING = frozenset({"Read", "Grep", "Glob", "Think", "TodoWrite", "AskUserQuestion", "Skill", "Agent"})


class GitContext:
    """A turn policy and a listener. `ready` is awaited before each run; `folder` keeps what outlives the process, None
    when nothing does; `hides` says which files are not named, by their paths in the repository."""

    def __init__(self, looking: Looking, folder: Path | None, hides: Callable[[str], bool] | None = None) -> None:
        self._looking = looking
        self._is_first = True
        self._folder = folder
        self._names = Names(looking.cwd, hides) if hides is not None else Names(looking.cwd)
        self._record = records.load(folder) if folder is not None else Record()
        self._now: Summary | None = None
        self._came: Came | None = None
        self._worked = False
        self._is_slow = False
        self._left: asyncio.Task[Summary] | None = None
        self._loop = asyncio.get_running_loop()

    @property
    def top(self) -> Path:
        return self._looking.repository.top

    @property
    def earlier(self) -> frozenset[str]:
        """The paths below `top`, as git names them, that were changed before the session began; a folder that ends in
        "/" stands for all in it. Empty before the first run, and where git did not tell."""
        return frozenset(self._record.earlier or ())

    @property
    def is_new(self) -> bool:
        """Whether the session has not begun its first run, so that all that is changed was changed before."""
        return self._is_first and self._record.earlier is None

    def with_now(self, message: Message) -> Message:
        """The first message of a session with the repository as it is, as its last part."""
        return replace(message, content=(*message.content, self._told(words.told(self._known(), self._names))))

    def glimpse(self) -> tuple[Text, ...]:
        """The repository as it is known by now, for others than the conversation; nothing before the first run."""
        return (words.glimpse(self._now, self._names),) if self._now is not None else ()

    def renewed(self, contexts: Sequence[Message]) -> list[Message]:
        """The first messages of a shortened conversation. Blocks while git is asked; not for the event loop."""
        asking = asyncio.run_coroutine_threadsafe(self._look(), self._loop)
        self._now, self._is_first = asking.result(), False
        kept = [replace(m, content=tuple(p for p in m.content if not words.is_ours(p))) for m in contexts]
        first, *others = kept or [Message("user", (), Meta(kind="context"))]
        return [self.with_now(first), *(message for message in others if message.content)]

    async def ready(self) -> None:
        """Learns how the repository is now, for the run that begins."""
        if self._is_first and self._looking.is_fresh:
            self._now = await asyncio.wrap_future(self._looking.found)
        elif self._left is not None and not self._left.done():
            self._now = await asyncio.shield(self._left)
        else:
            self._is_slow = self._is_slow or (await asyncio.wrap_future(self._looking.found)).is_slow
            self._now = await self._look()
        self._is_first, self._left = False, None
        self._is_slow = self._is_slow or self._now.is_slow
        seen, now = self._record.seen, self._now
        self._came = None
        if seen and now.status and seen.commit and now.commit and seen.commit != now.commit:
            self._came = await came(self._looking.git, self._looking.cwd, seen.commit, now.commit)
        if self._record.earlier is None and now.status is not None:
            paths = tuple(change.path for change in now.status.changes[:MOST])
            self._keep(replace(self._record, earlier=paths))

    def before_turn(self, turn: int, history: History) -> Inject | None:
        """Tells at the beginning of a run what has changed since the last one."""
        messages, now = history.messages, self._now
        if turn > 1 or now is None or (messages and messages[-1].role == "assistant"):
            return None
        names, seen = self._names, self._record.seen
        if seen is None or (seen.count is None and now.status is not None) or not self._holds(messages):
            return _reminder(self._told(words.now(now, names)))
        found = difference(seen, state_of(now))
        if not found.is_any:
            return None
        return _reminder(self._told(words.changed(now, found, self._came, names)))

    def on(self, event: AnyEvent) -> None:
        """What a run did itself is no news: after one that may have changed something, the repository is looked at."""
        if isinstance(event, ToolStarted):
            self._worked = self._worked or event.call.name not in _CHANGES_NOTHING
        elif isinstance(event, RunEnded) and event.agent == "main" and self._worked:
            self._worked = False
            self._left = asyncio.create_task(self._look_back())

    async def aclose(self) -> None:
        left, self._left = self._left, None
        if left is not None:
            if self._folder is None:
                left.cancel()
            await asyncio.wait([left])
        if not self._looking.found.done():
            await asyncio.to_thread(self._looking.end)

    async def _look_back(self) -> Summary:
        summary = await self._look()
        self._is_slow = self._is_slow or summary.is_slow
        self._keep(replace(self._record, seen=state_of(summary)))
        return summary

    async def _look(self) -> Summary:
        if self._is_slow:
            return from_files(self._looking.repository, _TOO_SLOW, is_slow=True)
        return await self._looking.again()

    def _known(self) -> Summary:
        """Without waiting: somebody may have something to tell before the first run."""
        if self._now is not None:
            return self._now
        self._is_first = False  # what is told before the first run may change something: that looks anew
        if self._looking.found.done():
            found = self._looking.found.result()
            self._now, self._is_slow = found, found.is_slow
            return found
        return from_files(self._looking.repository, _NOT_YET)

    def _told(self, text: Text) -> Text:
        """The text, which goes to the model with what is known now."""
        known = self._known()
        seen = state_of(known) if known.status is not None or known.is_slow else None
        self._keep(replace(self._record, told=text.text, seen=seen))
        return text

    def _holds(self, messages: Sequence[Message]) -> bool:
        """Whether what was told last is the last that the conversation says of it: it may have been taken back to
        before that, or shortened so that older news stand behind it."""
        ours = (
            part.text
            for message in reversed(messages)
            if message.meta.kind in ("context", "reminder")
            for part in reversed(message.content)
            if isinstance(part, Text) and words.is_ours(part)
        )
        return next(ours, "") == self._record.told

    def _keep(self, record: Record) -> None:
        if record != self._record:
            self._record = record
            if self._folder is not None:
                records.save(self._folder, record)


def _reminder(text: Text) -> Inject:
    return Inject(Message("user", (text,), Meta(kind="reminder")))
