"""The session's memory on disk, as the engine sees it: where messages go, what was loaded, where whole outputs lie.

Knows transcripts; never the model or a front end.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from coder import __version__
from coder.core.config import Config
from coder.core.errors import SessionError
from coder.core.events import AnyEvent, Notice, RunEnded, TurnEnded
from coder.core.messages import Message
from coder.sessions.load import Loaded, load
from coder.sessions.locate import find, is_session_id, latest
from coder.sessions.repair import repair
from coder.sessions.store import Transcript


class Journal:
    """`messages` are those to go on with, sendable; `notes` what a person should know about their loading.
    `folder` holds the session's side files, made when needed. Nothing is kept when there is no transcript."""

    def __init__(
        self, session_id: str, transcript: Transcript | None, warn: _Warnings, loaded: Loaded | None = None
    ) -> None:
        self.session_id = session_id
        self.messages = repair(loaded.messages) if loaded else ()
        self.notes = (loaded.skipped,) if loaded and loaded.skipped else ()
        self._transcript = transcript
        self._warn = warn
        self._syncing: set[asyncio.Future[None]] = set()
        if transcript is None:
            # Not guessable by another user of the machine, and gone at the end.
            self.folder = Path(os.environ.get("TMPDIR") or "/tmp") / f"coder-{uuid.uuid4().hex}"
        else:
            self.folder = transcript.path.with_suffix("")

    @classmethod
    def open(cls, config: Config, session_id: str | None, resume: str | None, continue_latest: bool) -> Journal:
        """A new session, or one to go on with. Raises SessionError."""
        path = _to_resume(config, resume, continue_latest)
        if path is not None and session_id is not None:
            raise SessionError("--session-id names a new session: leave it out with --resume and --continue.")
        warn = _Warnings()
        if path is None:
            new_id = session_id or str(uuid.uuid4())
            if not config.persist:
                return cls(new_id, None, warn)
            return cls(new_id, Transcript.create(config.home, config.cwd, new_id, __version__, warn), warn)
        if not config.persist:
            return cls(path.stem, None, warn, load(path))
        transcript = Transcript.open(path, __version__, config.cwd, warn)
        return cls(transcript.session_id, transcript, warn, transcript.loaded)

    @property
    def path(self) -> Path | None:
        return self._transcript.path if self._transcript else None

    def warn_through(self, emit: Callable[[AnyEvent], None]) -> None:
        self._warn.emit = emit

    def append(self, message: Message) -> None:
        if self._transcript is not None:
            self._transcript.append(message)

    def on(self, event: AnyEvent) -> None:
        """At the end of a turn the disk is asked to make it last, in a thread of its own."""
        if isinstance(event, TurnEnded | RunEnded) and self._transcript is not None:
            syncing = asyncio.get_running_loop().run_in_executor(None, self._transcript.sync)
            self._syncing.add(syncing)
            syncing.add_done_callback(self._syncing.discard)

    async def aclose(self) -> None:
        if self._syncing:
            await asyncio.wait(self._syncing)
        if self._transcript is not None:
            self._transcript.close()
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


class _Warnings:
    """A warning's way out. The transcript is opened before there is anybody to tell; it warns only when it writes."""

    emit: Callable[[AnyEvent], None] | None = None

    def __call__(self, text: str) -> None:
        if self.emit is not None:
            self.emit(Notice(level="warning", text=text))


def _to_resume(config: Config, resume: str | None, continue_latest: bool) -> Path | None:
    if resume is not None:
        if not resume:
            raise SessionError("--resume needs a session id. `coder -p -c` goes on with the last session here.")
        if not is_session_id(resume):
            raise SessionError(f"No conversation found with session ID: {resume}")
        return find(config.home, config.cwd, resume)
    if not continue_latest:
        return None
    path = latest(config.home, config.cwd)
    if path is None:
        raise SessionError("There is no session to continue in this folder.")
    return path
