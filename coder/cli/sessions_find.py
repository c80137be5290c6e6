"""`coder sessions list`, `search` and `show`. Must not know how transcripts are stored."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from coder.cli.sessions_page import as_json, heading, home_path, print_json, table
from coder.config.paths import config_home, current_folder
from coder.core.visible import visible_line
from coder.frontends.session_facts import session_facts
from coder.frontends.talk_text import talk_pieces
from coder.sessions.age import age
from coder.sessions.glimpse import Glimpse, glimpse
from coder.sessions.index import Found
from coder.sessions.load import counted
from coder.sessions.locate import everywhere, of_folders
from coder.sessions.neighbours import at_work
from coder.sessions.repository import related_folders
from coder.sessions.resolve import resolve, short_title
from coder.sessions.search import Hit, Library
from coder.sessions.telling import conversation

Session = Annotated[str, typer.Argument(metavar="SESSION", help="An id, the beginning of one, a title or words of it.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
All = Annotated[bool, typer.Option("--all", help="Of all folders.")]
Limit = Annotated[int, typer.Option(min=1, metavar="N", help="How many, the latest first.")]
LIMIT = 20
_PLACES = 3
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def list_(all_: All = False, limit: Limit = LIMIT, json_: Json = False) -> None:
    """The sessions of this folder and its git work trees, the latest first."""
    home = config_home(os.environ)
    paths = everywhere(home) if all_ else _here(home)
    found = (each for path in paths if (each := glimpse(path)) is not None and not each.is_sidechain)
    shown = list(islice(found, limit))
    with _library(home if shown else None) as library:
        facts = library.facts([each.path for each in shown]) if library else []
    here = at_work(home) if shown else set()
    rows = [session_facts(each, known, is_at_work=each.id in here) for each, known in zip(shown, facts, strict=True)]
    if json_:
        print_json([as_json(each) for each in rows])
    elif rows:
        print(table(rows, time.time(), folders=all_))
        if next(found, None) is not None:
            print(f"… and more: --limit {5 * limit}")
    else:
        others = len(everywhere(home))
        more = f" {others} in other folders: coder sessions list --all" if others and not all_ else ""
        print(f"There is no session {'yet' if all_ else 'in this folder yet'}.{more}")


def search(
    text: Annotated[list[str], typer.Argument(metavar="TEXT", help="Words that were said, or beginnings of them.")],
    here: Annotated[bool, typer.Option("--here", help="In sessions of this folder only.")] = False,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="How many sessions.")] = 10,
    json_: Json = False,
) -> None:
    """Sessions in which all the words were said, the best first."""
    home = config_home(os.environ)
    paths = list(_here(home)) if here else everywhere(home)
    words = " ".join(text)
    with _library(home if paths else None) as library:
        hits = library.search(words, paths, limit, whole=not here) if library else []
    if json_:
        print_json([_hit_json(hit) for hit in hits])
    elif hits:
        for hit in hits:
            print(_hit(hit, time.time()))
    else:
        print(f"Nothing was said of {visible_line(words)!r} in {counted(len(paths), 'session')}.")


def show(
    session: Session,
    all_: Annotated[bool, typer.Option("--all", help="Also what was compacted, or left behind by a rewind.")] = False,
    tools: Annotated[bool, typer.Option("--tools", help="Also what tools were given and what they said.")] = False,
    json_: Json = False,
) -> None:
    """A conversation, to read."""
    home = config_home(os.environ)
    path = resolve(home, current_folder(), session)
    messages = conversation(path, everything=all_)
    known = glimpse(path) or Glimpse(path, 0.0, 0)
    if json_:
        from coder.sessions.export import as_json as exported

        print(exported(known, messages, lambda text: text), end="")
        return
    with _library(home) as library:
        (facts,) = library.facts([path]) if library else (None,)
    print(heading(session_facts(known, facts), time.time()))
    for piece in talk_pieces(messages, tools=tools):
        print(f"\n{piece}")


def _here(home: Path) -> Iterator[Path]:
    return of_folders(home, related_folders(current_folder()))


@contextlib.contextmanager
def _library(home: Path | None) -> Iterator[Library | None]:
    """Nothing is made on disk where there are no sessions."""
    library = Library(home) if home is not None else None
    try:
        yield library
    finally:
        if library is not None:
            library.close()


def _hit(hit: Hit, now: float) -> str:
    session = hit.session
    lines = [f"{session.id[:8]}  {short_title(session, 48)}  {age(session.modified, now)}  {home_path(session.cwd)}"]
    lines += [f"    {_snippet(place)}" for place in hit.places[:_PLACES]]
    return "\n".join(lines)


def _snippet(place: Found) -> str:
    """The words that were looked for stand out where the terminal can."""
    start, end = (_BOLD, _PLAIN) if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else ("", "")
    pieces = [_spaced(piece) for piece in place.snippet.replace("\x03", "\x02").split("\x02")]
    return "".join(f"{start}{text}{end}" if number % 2 else text for number, text in enumerate(pieces)).strip()


def _spaced(piece: str) -> str:
    """One line; the blanks at its ends keep words apart."""
    line = visible_line(piece)
    before, after = (" " if end.isspace() else "" for end in (piece[:1], piece[-1:]))
    return f"{before}{line}{after}" if line else before


def _hit_json(hit: Hit) -> dict[str, object]:
    places = [
        {"uuid": place.uuid, "role": place.role, "snippet": place.snippet.replace("\x02", "").replace("\x03", "")}
        for place in hit.places
    ]
    return {"id": hit.session.id, "title": hit.session.title, "folder": hit.session.cwd, "places": places}
