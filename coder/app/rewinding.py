"""Checkpoints of a session that does not run here: finds it and opens them. Must not know who asks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from coder.app.checkpointing import FOLDER, Checkpointing
from coder.app.conversation import Conversation, told_by
from coder.app.recording import Site
from coder.checkpoints.changelog import NAME, Mark, read_log
from coder.config.paths import user_home
from coder.core.errors import UnknownSession
from coder.core.events import AnyEvent
from coder.sessions.load import load
from coder.sessions.locate import belongs_to, is_session_id, latest, transcript_path
from coder.sessions.resolve import resolve


def transcript_for(home: Path, cwd: Path, session: str | None) -> Path:
    """The transcript of a session, or of the latest one of this folder. Raises SessionError when there is none."""
    if session is not None:
        return resolve(home, cwd, session)
    path = latest(home, cwd)
    if path is None:
        raise UnknownSession(
            "There is no session in this folder to go back in. Those of others: coder sessions list --all"
        )
    return path


def holder_of(home: Path, cwd: Path, point: str) -> Path | None:
    """The transcript of the session of this folder that has a point of this id, or of one that begins with it."""
    base = home / FOLDER
    try:
        journals = sorted(base.glob(f"*/{NAME}"), key=lambda each: each.stat().st_mtime, reverse=True)
    except OSError:
        return None
    for journal in journals:
        session = journal.parent.name
        if not is_session_id(session):
            continue
        path = transcript_path(home, cwd, session)
        if path.is_file() and belongs_to(path, cwd):
            marks = (each.id for each in read_log(journal.parent) if isinstance(each, Mark))
            if any(id == point or (len(point) >= 4 and id.startswith(point)) for id in marks):
                return path
    return None


def checkpoints_of(
    transcript: Path, home: Path, env: Mapping[str, str], conversation: Conversation | None = None
) -> Checkpointing:
    """The checkpoints of a stored session. Without its `conversation` only files can go back. Raises SessionError."""
    loaded = load(transcript)
    roots = (Path(loaded.cwd),) if loaded.cwd else ()
    site = Site(home / FOLDER, transcript.stem, roots, user_home(env), (home,), dict(env))
    return Checkpointing(site, _unheard, told=told_by(loaded.messages), conversation=conversation)


def _unheard(event: AnyEvent) -> None:
    """A notice is about commands that run; none runs here."""
