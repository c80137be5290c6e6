"""The first look at a repository, which goes on beside the start of the program. Must not know who is told.

It has a thread with an event loop of its own: while the program loads itself, no other loop would turn.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from coder.core.config import Config
from coder.git.call import Git
from coder.git.repository import Repository, repository_of
from coder.git.summary import SECONDS, Summary, from_files, look

_FRESH = 5.0  # seconds: a person who types their first prompt may take longer than that


def begin(config: Config) -> Looking | None:
    """Sets git going; nothing outside a repository, and where the person does not want it told."""
    repository = repository_of(config.cwd) if config.guidance.git else None
    if repository is None:
        return None
    roots = (config.cwd, *config.add_dirs)
    return Looking(Git({**os.environ, **config.env}, roots, SECONDS), repository, config.cwd, roots)


class Looking:
    """`found` is what git said, at the latest when a look is given up; it is never cancelled and never fails. `end`
    ends it before its time."""

    def __init__(self, git: Git, repository: Repository, cwd: Path, roots: tuple[Path, ...]) -> None:
        self.git = git
        self.repository = repository
        self.cwd = cwd
        self.roots = roots
        self.found: Future[Summary] = Future()
        self.found.set_running_or_notify_cancel()
        self._begun = time.monotonic()
        self._lock = threading.Lock()
        self._is_over = False
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[Summary]] | None = None
        self._thread = threading.Thread(target=self._look, name="git")
        self._thread.start()

    @property
    def is_fresh(self) -> bool:
        """Whether it is worth waiting for: git is at work, or was just now, or is too slow to be asked again."""
        if not self.found.done() or time.monotonic() - self._begun < _FRESH:
            return True
        return self.found.result().is_slow

    async def again(self) -> Summary:
        """Another look, in the event loop of the caller."""
        return await look(self.git, self.repository, self.cwd, self.roots)

    def end(self) -> None:
        """No git of it is left afterwards. Idempotent."""
        with self._lock:
            self._is_over = True
            if self._running is not None:
                loop, task = self._running
                with suppress(RuntimeError):  # it has just ended
                    loop.call_soon_threadsafe(task.cancel)
        self._thread.join()

    def _look(self) -> None:
        summary = None
        try:
            with suppress(asyncio.CancelledError):
                summary = asyncio.run(self._asked())
        finally:
            self.found.set_result(summary or from_files(self.repository, "git could not be asked"))

    async def _asked(self) -> Summary | None:
        task = asyncio.ensure_future(self.again())
        with self._lock:
            self._running = asyncio.get_running_loop(), task
            if self._is_over:
                task.cancel()
        return await task
