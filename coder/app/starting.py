"""Which session a run belongs to: a new one, one to go on with, or a fork of one. Must not know the model."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from coder import __version__
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.core.errors import SessionError, UnknownSession
from coder.core.lazy import LazyModule
from coder.core.visible import visible_line
from coder.sessions.asides import clean_name
from coder.sessions.load import Loaded, assembled, cut, load
from coder.sessions.locate import belongs_to, is_session_id, latest, transcript_path
from coder.sessions.repository import related_folders
from coder.sessions.store import Transcript

if TYPE_CHECKING:
    from coder.app.hooking.points import HeadHooks
    from coder.app.outset import Outset
    from coder.sessions import reading, tree
else:  # a new session has no past
    reading, tree = LazyModule("coder.sessions.reading"), LazyModule("coder.sessions.tree")

_forking = LazyModule("coder.sessions.fork")
_resolving = LazyModule("coder.sessions.resolve")
_NO_SESSION = 'There is no session in this folder to go on with. Start one: coder -p "what to do"'


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """What was asked for. `resume` is an id, the beginning of one, a title or words of it; "" asks which there are.

    `at` is the last entry that is kept, `drops_turn` the prompt whose turn alone may be left out by that.
    `keeps_model`: nobody named a model, so a session goes on with its own. `edited`: why the next request is not what
    the last one led to, where the transcript cannot know, such as "another effort". `clears`: it takes the place of
    another session of this process; `stays`: it is the one that was open, under other settings; `hooks` are those that
    skills had brought. `before` is what it was made of until now, where its figures are to go on.
    """

    session_id: str | None = None
    resume: str | None = None
    continue_latest: bool = False
    fork: bool = False
    at: str | None = None
    drops_turn: str | None = None
    name: str | None = None
    keeps_model: bool = False
    edited: str = ""
    clears: bool = False
    stays: bool = False
    hooks: tuple[HeadHooks, ...] = ()
    before: Outset | None = None

    @property
    def goes_on(self) -> bool:
        return self.resume is not None or self.continue_latest


NEW = Start()


@dataclass(frozen=True, slots=True, eq=False)
class Started:
    """`loaded` is None for a session without a past, `transcript` for one that is not kept. `note` is for people;
    `source` is the transcript that was loaded."""

    session_id: str
    transcript: Transcript | None
    loaded: Loaded | None = None
    note: str = ""
    source: Path | None = None


def start(config: Config, wanted: Start, warn: Callable[[str], None]) -> Started:
    """Finds or makes the session; nothing is written yet. Blocks while it reads. Raises SessionError."""
    _check(wanted)
    started = _goes_on(config, wanted, warn) if wanted.goes_on else _new(config, wanted.session_id, warn)
    if wanted.name is not None and started.transcript is not None:
        started.transcript.label(custom=clean_name(wanted.name))
    return started


def _check(wanted: Start) -> None:
    if wanted.goes_on and wanted.session_id is not None and not wanted.fork:
        raise SessionError("--session-id names a new session: with --resume or --continue it needs --fork-session.")
    if wanted.session_id is not None and not is_session_id(wanted.session_id):
        raise SessionError(f"{visible_line(wanted.session_id)!r} is not a session id. A session id is a UUID.")
    if wanted.fork and not wanted.goes_on:
        raise SessionError("--fork-session needs --resume or --continue: there is nothing to fork.")
    if wanted.at is not None and not (wanted.at and wanted.goes_on):
        raise SessionError("--resume-session-at needs the uuid of an entry, and --resume with the session it is in.")
    if wanted.drops_turn is not None and not (wanted.drops_turn and wanted.at):
        raise SessionError("--resume-drops-turn needs the uuid of a prompt, and --resume-session-at.")
    if wanted.name is not None and not clean_name(wanted.name):
        raise SessionError("--name needs a name that can be read.")


def _new(config: Config, session_id: str | None, warn: Callable[[str], None]) -> Started:
    session_id = session_id.lower() if session_id else str(uuid.uuid4())
    if not config.persist:
        return Started(session_id, None)
    return Started(session_id, Transcript.create(config.home, config.cwd, session_id, __version__, warn))


def _goes_on(config: Config, wanted: Start, warn: Callable[[str], None]) -> Started:
    path = _found(config, wanted)
    _check_cut(path, wanted)
    if wanted.fork:
        return _fork(config, path, wanted, warn)
    if not config.persist:
        loaded = load(path, wanted.at)
        return Started(path.stem, None, loaded, _elsewhere(config, path, loaded), path)
    transcript = Transcript.open(path, __version__, config.cwd, warn, wanted.at)
    return Started(path.stem, transcript, transcript.loaded, _elsewhere(config, path, transcript.loaded), path)


def _fork(config: Config, path: Path, wanted: Start, warn: Callable[[str], None]) -> Started:
    source = reading.read(path)
    if wanted.at is not None:
        cut(source, path, wanted.at)
    loaded = assembled(source, path)
    made = _new(config, wanted.session_id, warn)
    if made.transcript is not None:
        target = transcript_path(config.home, config.cwd, made.session_id)
        made.transcript.begin_with(lambda: _forking.forked(source, path, config.home, target), loaded)
    return Started(made.session_id, made.transcript, loaded, source=path)


def _found(config: Config, wanted: Start) -> Path:
    if wanted.resume:
        found: Path = _resolving.resolve(config.home, config.cwd, wanted.resume)
        return found
    if wanted.resume is not None:
        raise unnamed(config)
    path = latest(config.home, config.cwd)
    if path is None:
        raise UnknownSession(_NO_SESSION)
    return path


def unnamed(config: Config) -> SessionError:
    """What to say to somebody who wants to go on with a session but does not say which: those there are here."""
    offered = _resolving.offer(config.home, config.cwd)
    if not offered:
        return UnknownSession(_NO_SESSION)
    return SessionError(f"Which session? The latest of this folder:\n{offered}")


def _check_cut(path: Path, wanted: Start) -> None:
    if wanted.at is None or wanted.drops_turn is None:
        return
    if not tree.drops_only_turn(reading.read(path).tree.branch(), wanted.at, wanted.drops_turn):
        raise SessionError(
            f"Resume rejected by --resume-drops-turn: what follows {visible_line(wanted.at)} does not all belong to "
            f"the turn of {visible_line(wanted.drops_turn)}. Nothing was changed."
        )


def _elsewhere(config: Config, path: Path, loaded: Loaded) -> str:
    """What to say about a session that was begun in another folder."""
    if any(belongs_to(path, folder) for folder in related_folders(config.cwd)):
        return ""
    return f"this session was started in {visible_line(loaded.cwd or 'another folder')}; it goes on in {config.cwd}"
