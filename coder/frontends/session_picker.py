"""The list of sessions to go on with, before one is open or while one is. Needs the home and the folder alone.

Must not know a terminal, nor what is done with the one that is chosen.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.starting import Start
from coder.app.threads import finished
from coder.config.paths import user_home
from coder.core.dataclass import dataclass
from coder.core.errors import SessionError
from coder.core.lazy import LazyModule
from coder.core.visible import visible_line
from coder.frontends.picker import Action, Item, Picked, Picker
from coder.frontends.session_facts import SessionFacts, dollars, session_facts
from coder.frontends.styled import Row, cut, foreign, row
from coder.sessions.age import age
from coder.sessions.glimpse import Glimpse, glimpse
from coder.sessions.index import Facts
from coder.sessions.last_said import last_said
from coder.sessions.locate import everywhere, of_folders
from coder.sessions.repository import related_folders
from coder.sessions.search import Library
from coder.sessions.titles import first_words

if TYPE_CHECKING:
    from coder.frontends import talk_text
    from coder.frontends.desk import Ui
    from coder.sessions import rename, telling
else:  # only for what is looked at or renamed
    talk_text, rename, telling = map(
        LazyModule, ("coder.frontends.talk_text", "coder.sessions.rename", "coder.sessions.telling")
    )

SPACE, ALL, RENAME = "space", "ctrl+a", "ctrl+r"
_MOST = 300  # sessions that are listed; older ones are found by what was said in them
_READ = 20  # of these it is read what they used, of the others it may be known
_LARGE = 4_000_000  # bytes of a transcript that would keep a person waiting
_FOUND = 20
_PATIENCE = 0.05  # seconds to wait for another process at the index
_TITLE, _SAID, _BRANCH, _FOLDER = 60, 60, 16, 18


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where sessions are looked for. `person` is the person's home folder, `without` the session that is open."""

    home: Path
    cwd: Path
    person: Path | None = None
    without: str = ""
    whole: bool = False  # of all folders

    def paths(self) -> list[Path]:
        """The transcripts, the latest first."""
        found = everywhere(self.home) if self.whole else of_folders(self.home, related_folders(self.cwd))
        return [path for path in found if path.stem != self.without]

    def short(self, folder: str) -> str:
        """As people write it: from their home folder."""
        person = str(self.person) if self.person is not None else ""
        inside = len(person) > 1 and (folder == person or folder.startswith(f"{person}/"))
        return visible_line("~" + folder.removeprefix(person) if inside else folder)


def session_picker(shelf: Shelf, *, query: str = "", first: int = 0) -> Picker:
    """Blocks while it reads. Never raises."""
    paths = shelf.paths()
    glimpses = (each for path in paths if (each := glimpse(path)) is not None and not each.is_sidechain)
    seen = list(islice(glimpses, _MOST))
    known = _used(shelf, seen)
    now = time.time()
    items = tuple(_item(session_facts(each, facts), shelf, now) for each, facts in zip(seen, known, strict=True))
    place = "of any folder" if shelf.whole else f"in {_end(shelf.short(str(shelf.cwd)), 2 * _FOLDER)}"
    more = f" · latest {len(items)} of {len(paths)}" if len(paths) > len(items) == _MOST else ""
    other = Action(ALL, "this folder" if shelf.whole else "all folders")
    rest = (Action(SPACE, "shows"), other, Action(RENAME, "renames")) if items else (other,)
    no = "no other" if shelf.without else "no"
    return Picker(
        f"Resume a session {place}",
        items,
        hint=f"type to search{more}",
        actions=rest,
        can_search=True,
        verb="opens",
        empty=f"There is {no} session yet." if shelf.whole else f"There is {no} session in this folder yet.",
        first=first,
        look=_look,
        find=lambda words: list(_found(shelf, paths, words)),
        query=query,
    )


async def choose(ui: Ui, home: Path, cwd: Path, person: Path | None = None) -> Start | None:
    """As `choose_session`, for somebody who has no session open yet."""
    path = await choose_session(ui, Shelf(home, cwd, person or user_home(os.environ)))
    return None if path is None else Start(resume=path.stem, keeps_model=True)


async def choose_session(ui: Ui, shelf: Shelf, query: str = "") -> Path | None:
    """Has a person choose a session, look into some and name them. None when they left."""
    picked: Picked | None = Picked("", None, 0, query)
    while picked is not None:
        picker = await finished(session_picker, shelf, query=picked.query, first=picked.index)
        picked = await ui.pick(picker)
        if picked is None:
            return None
        path = picked.item.value if picked.item is not None else None
        if picked.action == ALL:
            shelf, picked = replace(shelf, whole=not shelf.whole), Picked("", None, 0, picked.query)
        elif not isinstance(path, Path):
            continue
        elif picked.action == SPACE:
            await _show(ui, path)
        elif picked.action == RENAME:
            await _rename(ui, path)
        else:
            return path
    return None


async def _show(ui: Ui, path: Path) -> None:
    try:
        messages = await finished(telling.conversation, path)
    except SessionError as error:
        ui.say([row(("✗ ", "bad"), foreign(str(error)))])
        return
    await ui.pager("\n\n".join(talk_text.talk_pieces(messages, tools=False)) + "\n")


async def _rename(ui: Ui, path: Path) -> None:
    known = glimpse(path)
    name = await ui.line("What should this session be called?", initial=foreign(known.name) if known else "")
    if name is None or not name.strip():
        return
    try:
        await finished(rename.rename, path, name)
    except SessionError as error:
        ui.say([row(("✗ ", "bad"), foreign(str(error)))])


def _used(shelf: Shelf, seen: list[Glimpse]) -> list[Facts | None]:
    """What the sessions used, as far as that can be told at once. Nothing is made on disk where there are none."""
    if not seen:
        return []
    with closing(Library(shelf.home, _PATIENCE)) as library:
        library.facts([each.path for each in seen[:_READ] if each.size <= _LARGE])
        return library.known([each.path for each in seen])


def _found(shelf: Shelf, paths: list[Path], words: str) -> Iterator[Item]:
    """Sessions in which the words were said."""
    now = time.time()
    with closing(Library(shelf.home, _PATIENCE)) as library:
        hits = library.recall(words, paths, _FOUND)
        known = library.known([hit.session.path for hit in hits])
    for hit, facts in zip(hits, known, strict=True):
        if not hit.session.is_sidechain:
            item = _item(session_facts(hit.session, facts), shelf, now)
            said = hit.places[0].snippet.replace("\x02", "").replace("\x03", "")
            yield replace(item, preview=(row(("Said: ", "dim"), foreign(said)),))


def _item(each: SessionFacts, shelf: Shelf, now: float) -> Item:
    session = each.session
    count = "" if each.prompts is None else f"{each.prompts:>3} prompt{'' if each.prompts == 1 else 's'}"
    cells = [_title(session), age(session.modified, now), _cut(session.branch, _BRANCH), count, dollars(each.cost)]
    if shelf.whole:
        cells.insert(1, _end(shelf.short(session.cwd), _FOLDER))
    words = f"{session.title} {session.prompt} {session.branch} {session.id} {session.cwd if shelf.whole else ''}"
    return Item(session.path, tuple(cells), words=words)


def _title(session: Glimpse) -> str:
    if session.name:
        return _cut(session.name, _TITLE)
    said = foreign(first_words(session.prompt))
    return _cut(f'(no title) "{said}"' if said else "(no title)", _TITLE)


def _look(item: Item) -> Sequence[Row]:
    path = item.value
    if not isinstance(path, Path):
        return ()
    prompt, reply = last_said(path)
    if not prompt:
        return ()
    first = next(islice((line for line in reply.split("\n") if line.strip()), 1), "")
    answer = (" → ", _cut(first, _SAID)) if first else ()
    return (row(("Last: ", "dim"), f'"{_cut(prompt, _SAID)}"', *answer),)


def _cut(text: str, width: int) -> str:
    return "".join(span.text for span in cut(row(foreign(text[: 8 * width])), width))


def _end(path: str, width: int) -> str:
    """The end of a path that is too long: it tells folders apart."""
    return path if len(path) <= width else f"…{path[1 - width :]}"
