"""`coder rewind`: lists the points of a session, shows what going back would do, does it, undoes it.

Must not know how checkpoints are kept.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from coder.app.checkpointing import Checkpointing, Rewound, What
from coder.app.conversation import StoredConversation
from coder.app.rewinding import checkpoints_of, holder_of, transcript_for
from coder.checkpoints.back import Point, Preview
from coder.cli.rewind_page import done_page, point_json, points_page, preview_json, preview_page, state_page
from coder.config.paths import config_home, current_folder
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError, SessionError, UnknownSession
from coder.core.visible import visible_line
from coder.sessions.locate import is_session_id, latest

_WORDS = "Either, both or none. Without SESSION it is the latest of this folder."
_HELP = """Go back to before a message: the conversation, and the files as they were then, whatever changed them.

Without a point it lists them. A point is a number of that list, a message's id, or the id of a checkpoint.
`coder rewind show ID` tells what git knew at a checkpoint, and how to bring it back.
"""
app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@dataclass(frozen=True, slots=True)
class _Wish:
    what: What
    dry_run: bool
    force: bool
    yes: bool
    as_json: bool


@app.command(help=_HELP)
def rewind(
    words: Annotated[list[str] | None, typer.Argument(metavar="SESSION POINT", help=_WORDS)] = None,
    files: Annotated[bool, typer.Option("--files", help="The files alone; also of a session that is open.")] = False,
    conversation: Annotated[bool, typer.Option("--conversation", help="The conversation alone.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Undo the last rewind, or the last undo.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the points, checkpoints before commands too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also where somebody else changed a file since.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for scripts.")] = False,
) -> None:
    given = list(words or ())
    if files and conversation:
        raise ConfigError("--files and --conversation exclude each other: without either both go back.")
    what: What = "files" if files else "conversation" if conversation else "both"
    wish = _Wish(what, dry_run, force, yes, as_json)
    if given[:1] == ["show"] and len(given) == 2:
        asyncio.run(_show(given[1], wish))
        return
    transcript, point = _found(given, whole=undo or list_)
    asyncio.run(_run(transcript, config_home(os.environ), "undo" if undo else point, wish, every=list_))


async def _run(transcript: Path, home: Path, point: str, wish: _Wish, *, every: bool) -> None:
    held = _held(transcript, point, wish)
    checkpoints = checkpoints_of(transcript, home, os.environ, held)
    try:
        for note in await checkpoints.recover():
            print(note)
        if point == "undo":
            await _go(checkpoints, transcript, None, wish)
        elif point:
            await _go(checkpoints, transcript, await _id_of(checkpoints, point), wish)
        else:
            points = await checkpoints.points()
            _list(points, await checkpoints.points(checkpoints=True) if every else points, transcript, wish)
    finally:
        await checkpoints.aclose()
        if held is not None:
            held.close()


def _held(transcript: Path, point: str, wish: _Wish) -> StoredConversation | None:
    """The conversation, where it is to go back. Raises SessionError for one that is open elsewhere, before anything."""
    if not point or wish.what == "files" or wish.dry_run:
        return None
    try:
        return StoredConversation(transcript)
    except SessionError as error:
        raise SessionError(f"{error} The files alone can go back all the same: --files") from error


async def _go(checkpoints: Checkpointing, transcript: Path, id: str | None, wish: _Wish) -> None:
    """Back to before a point; without one, the last rewind is undone."""
    preview = await (
        checkpoints.preview_undo(force=wish.force) if id is None else checkpoints.preview(id, force=wish.force)
    )
    what: What = "files" if preview.point.why else wish.what  # a checkpoint is no message
    _print_preview(preview, wish, what)
    if wish.dry_run or (what == "files" and not preview.touched):
        return
    if not wish.yes:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            if not wish.as_json:
                print("Nothing was changed. To do it, add -y.")
            return
        typer.confirm("\nGo back?", default=False, abort=True)
    done = await (
        checkpoints.undo_last(force=wish.force) if id is None else checkpoints.rewind(id, what, force=wish.force)
    )
    _print_done(done, preview, transcript, wish)


async def _id_of(checkpoints: Checkpointing, point: str) -> str:
    """The id of a point that was given by its number in the list, or by an id."""
    if not _is_number(point):
        return point
    points = await checkpoints.points()
    if not 1 <= int(point) <= len(points):
        raise ConfigError(f"there is no point {point}: `coder rewind` lists {len(points)}.")
    return points[int(point) - 1].id


async def _show(id: str, wish: _Wish) -> None:
    home, cwd = config_home(os.environ), current_folder()
    transcript = holder_of(home, cwd, id) or transcript_for(home, cwd, None)
    checkpoints = checkpoints_of(transcript, home, os.environ)
    try:
        preview = await checkpoints.preview(id, force=wish.force)
        _print_preview(preview, wish, "files")
        states = await checkpoints.states_before(preview.point.id)
        if wish.as_json:
            return
        for state in states:
            print("\n".join(["", *state_page(state)]))
        if not states:
            print(f"To go back: coder rewind {id}")
    finally:
        await checkpoints.aclose()


def _list(numbered: list[Point], shown: list[Point], transcript: Path, wish: _Wish) -> None:
    """A message has the same number whatever else is shown; checkpoints go by their ids."""
    session = transcript.stem
    if wish.as_json:
        print(json.dumps({"session": session, "points": [point_json(point) for point in shown]}))
    elif shown:
        numbers = {point.id: number for number, point in enumerate(numbered, 1)}
        print("\n".join(points_page(shown, numbers, session, _handle(transcript))))
    else:
        print(f"Session {session} has no points to go back to.")


def _print_preview(preview: Preview, wish: _Wish, what: What) -> None:
    if not wish.as_json:
        print("\n".join(preview_page(preview, current_folder(), what, force=wish.force)))
    elif wish.dry_run or not wish.yes or (what == "files" and not preview.touched):
        print(json.dumps(preview_json(preview)))


def _print_done(done: Rewound, preview: Preview, transcript: Path, wish: _Wish) -> None:
    if wish.as_json:
        told = {"done": len(done.files), "passed": list(done.passed), "conversation": done.conversation}
        print(json.dumps({**preview_json(preview), **told}))
        return
    print("\n".join(done_page(done, preview, _handle(transcript))))


def _found(words: list[str], *, whole: bool) -> tuple[Path, str]:
    """The transcript and the point that the words mean; a single one is a number, else a point's id, else a session.

    `whole`: no point is wanted, so that a single word is a session. Raises ConfigError and SessionError.
    """
    home, cwd = config_home(os.environ), current_folder()
    match words:
        case []:
            return transcript_for(home, cwd, None), ""
        case [session] if whole:
            return transcript_for(home, cwd, session), ""
        case [point] if _is_number(point):
            return transcript_for(home, cwd, None), point
        case [word] if (holder := holder_of(home, cwd, word)) is not None:
            return holder, word
        case [word]:
            try:
                return transcript_for(home, cwd, word), ""
            except UnknownSession as error:
                if is_session_id(word):  # so are ids of messages, which a fork's checkpoints need not know
                    return transcript_for(home, cwd, None), word
                raise UnknownSession(
                    f"{visible_line(word)!r} is no point and no session here. `coder rewind` lists the points of the "
                    "latest session, `coder sessions list --all` the sessions."
                ) from error
        case [session, point] if not whole:
            return transcript_for(home, cwd, session), point
        case [_, _]:
            raise ConfigError("--undo and --list take a session and no point: coder rewind --help")
        case _:
            raise ConfigError("coder rewind takes a session and a point, no more: coder rewind --help")


def _is_number(point: str) -> bool:
    """Whether it is a number of the list. What is longer is the beginning of an id."""
    return point.isdecimal() and len(point) <= 4


def _handle(transcript: Path) -> str:
    """What a command that is printed has to name: nothing for the session that is meant when none is named."""
    return "" if transcript == latest(config_home(os.environ), current_folder()) else transcript.stem[:8]
