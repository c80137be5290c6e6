from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from coder.core.edits import Compaction
from coder.core.errors import SessionError
from coder.core.messages import Text, ToolUse
from coder.sessions.cleanup import remove
from coder.sessions.locate import everywhere
from coder.sessions.search import Hit, Library
from coder.sessions.store import Transcript
from tests.support.transcripts import VERSION, reply, result, results, user, write


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(params=["index", "reading"])
def library(request: pytest.FixtureRequest, home: Path) -> Iterator[Library]:
    """Both ways of searching; where there can be no index, transcripts are read."""
    home.mkdir()
    if request.param == "reading":
        (home / "index").write_text("in the way", encoding="utf-8")
    found = Library(home)
    assert found.is_indexed == (request.param == "index")
    yield found
    found.close()


def ids(hits: list[Hit]) -> list[Path]:
    return [hit.session.path for hit in hits]


@pytest.mark.behaviour("B-511")
def test_words_are_found_where_a_script_has_no_blanks(library: Library, home: Path, tmp_path: Path) -> None:
    first = write(home, tmp_path, [user("会议记录 in the Wiki")])
    inside = write(home, tmp_path, [user("请把昨天的会议记录翻译一下，还有ประชุมวันนี้")])
    for words, paths in [
        ("会议", {first, inside}),
        ("昨天 翻译", {inside}),
        ("会议 wik", {first}),
        ("วันนี้", {inside}),
        ("会议 明天", set()),
    ]:
        assert set(ids(library.search(words, everywhere(home), 10))) == paths, words


@pytest.mark.behaviour("B-511")
def test_sessions_are_found_by_what_anybody_said(library: Library, home: Path, tmp_path: Path) -> None:
    cart = write(home, tmp_path, [user("Fix the rounding"), reply(Text("It was a Décimal problem."))])
    tools = [
        user("go"),
        reply(ToolUse("t", "Bash", {"command": "npm run frobnicate"})),
        results(result("t", "zebra 7")),
    ]
    shell = write(home, tmp_path, tools)
    for words, path in [
        ("rounding", cart),
        ("ROUND", cart),
        ("fix rounding", cart),
        ("frobnicate", shell),
        ("zebra", shell),
        ("décimal", cart),
    ]:
        assert ids(library.search(words, everywhere(home), 10)) == [path], words
    assert library.search("rounding frobnicate", everywhere(home), 10) == []
    assert library.search("rounding", [shell], 10) == []


@pytest.mark.behaviour("B-511")
def test_a_place_shows_the_words_round_the_find(library: Library, home: Path, tmp_path: Path) -> None:
    write(home, tmp_path, [user("before " * 30 + "the needle here" + " after" * 30)])
    (hit,) = library.search("needle", everywhere(home), 10)
    (place,) = hit.places
    assert "the \x02needle\x03 here" in place.snippet and len(place.snippet) < 200
    assert place.role == "user"


@pytest.mark.behaviour("B-511")
def test_what_is_more_about_it_comes_first(library: Library, home: Path, tmp_path: Path) -> None:
    write(home, tmp_path, [user("cart " + "and other things " * 50)])
    much = write(home, tmp_path, [user("cart cart cart")])
    assert ids(library.search("cart", everywhere(home), 10))[0] == much
    assert len(library.search("cart", everywhere(home), 1)) == 1


@pytest.mark.behaviour("B-511")
def test_what_was_compacted_is_found(library: Library, home: Path, tmp_path: Path) -> None:
    with Transcript.create(home, tmp_path, str(uuid.uuid4()), VERSION) as transcript:
        transcript.append(user("the xylophone"))
        transcript.edited(Compaction((user("short", "summary"),), "auto", 1))
    assert ids(library.search("xylophone", everywhere(home), 10)) == [transcript.path]


@pytest.mark.parametrize("words", ['"', "a OR", "NEAR(", "*", "col:x", "(", "-x", "\x00", "' ; drop table said", "^a"])
def test_no_text_is_an_operator(library: Library, home: Path, tmp_path: Path, words: str) -> None:
    write(home, tmp_path, [user("hello")])
    was_indexed = library.is_indexed
    assert library.search(words, everywhere(home), 10) == []
    assert len(library.search("hello", everywhere(home), 10)) == 1
    assert library.is_indexed == was_indexed


def test_text_inside_of_words_is_found_too(library: Library, home: Path, tmp_path: Path) -> None:
    path = write(home, tmp_path, [user("das Donaudampfschiff und 日本語のテキスト")])
    assert ids(library.search("dampfschiff", everywhere(home), 10)) == [path]
    assert ids(library.search("本語のテ", everywhere(home), 10)) == [path]


def test_nothing_to_look_for_is_said(library: Library) -> None:
    with pytest.raises(SessionError, match="Say a word"):
        library.search("  ", [], 10)


@pytest.mark.behaviour("B-511")
def test_the_index_follows_what_happens_to_sessions(home: Path, tmp_path: Path) -> None:
    path = write(home, tmp_path, [user("alpha")])
    gone = write(home, tmp_path, [user("alpha too")])
    library = Library(home)
    assert len(library.search("alpha", everywhere(home), 10, whole=True)) == 2
    with Transcript.open(path, VERSION) as transcript:
        transcript.append(user("beta"))
        assert ids(library.search("beta", everywhere(home), 10, whole=True)) == [path]
    remove(home, gone)
    assert ids(library.search("alpha", everywhere(home), 10, whole=True)) == [path]
    other = write(tmp_path / "elsewhere", tmp_path, [user("gamma")])
    other.replace(path)
    assert library.search("alpha", everywhere(home), 10, whole=True) == []
    assert ids(library.search("gamma", everywhere(home), 10, whole=True)) == [path]
    (facts,) = library.facts([path])
    assert facts is not None and facts.prompts == 1
    library.close()
    (database,) = (home / "index").iterdir()
    with closing(sqlite3.connect(database)) as db, db:
        assert db.execute("SELECT count(*) FROM files").fetchone() == (1,)
        assert db.execute("SELECT count(*) FROM said").fetchone() == (1,)
    assert database.stat().st_mode & 0o777 == 0o600


@pytest.mark.behaviour("B-511")
@pytest.mark.parametrize("damage", ["garbage", "cut", "older", "foreign"])
def test_a_broken_index_is_made_anew(home: Path, tmp_path: Path, damage: str) -> None:
    path = write(home, tmp_path, [user("alpha " * 2000)])
    library = Library(home)
    library.search("alpha", everywhere(home), 10)
    library.close()
    database = home / "index" / "sessions.db"
    if damage == "garbage":
        database.write_bytes(os.urandom(5000))
    elif damage == "cut":
        database.write_bytes(database.read_bytes()[: database.stat().st_size // 2])
    else:
        with closing(sqlite3.connect(database)) as db, db:
            db.execute("PRAGMA user_version = 0" if damage == "older" else "DROP TABLE places")
    for _ in range(2):
        library = Library(home)
        assert ids(library.search("alpha", everywhere(home), 10)) == [path]
        is_indexed = library.is_indexed
        library.close()
    assert is_indexed


def test_an_index_that_another_process_holds_is_not_waited_for_forever(home: Path, tmp_path: Path) -> None:
    path = write(home, tmp_path, [user("alpha")])
    library = Library(home, patience=0.05)
    with closing(sqlite3.connect(home / "index" / "sessions.db", isolation_level=None)) as other, other:
        other.execute("BEGIN EXCLUSIVE")
        assert ids(library.search("alpha", everywhere(home), 10)) == [path]
        other.execute("ROLLBACK")
    library.close()
    assert (home / "index" / "sessions.db").exists()
