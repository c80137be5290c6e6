"""`/resume`, `/rename` and `/clear` over real sessions, and the list of sessions before one is open."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from coder.core.errors import SessionError, UnknownSession
from coder.frontends.picking import Picking
from coder.frontends.session_picker import Shelf, choose_session, session_picker
from coder.frontends.slash import clear, rename, resume
from coder.frontends.styled import plain
from coder.sessions.glimpse import glimpse
from coder.sessions.locate import project_key
from coder.sessions.rename import rename as rename_stored
from tests.support.fakeapi import running_api, turn
from tests.support.pickdesk import PickDesk, PickUi, desk_at
from tests.support.talks import Talk

FIRST, SECOND = "why is npm slow", "add login tests"


@asynccontextmanager
async def desk(tmp_path: Path, ui: PickUi) -> AsyncIterator[PickDesk]:
    """Two stored sessions, and a third that is open and has said nothing."""
    async with running_api([turn("Because of\nthe network."), turn("12 passed")]) as api:
        talk = Talk.at(tmp_path, api.url)
        await talk.say(FIRST)
        await talk.say(SECOND)
        named = next(path for path in talk.transcripts() if SECOND in path.read_text())
        rename_stored(named, "Login \u202etests")
        made = await desk_at(talk, ui)
        try:
            yield made
        finally:
            await made.session.aclose()


def stored(tmp_path: Path, words: str) -> Path:
    return next(path for path in (tmp_path / "home").rglob("*.jsonl") if words in path.read_text())


@pytest.mark.behaviour("B-899")
async def test_resume_lists_the_sessions_of_the_folder_with_a_preview(tmp_path: Path) -> None:
    ui = PickUi(["down", "enter"])
    async with desk(tmp_path, ui) as there:
        await resume.run(there, "")
        assert there.session.facts.session_id == stored(tmp_path, FIRST).stem
    (screen,) = ui.screens
    assert re.fullmatch(r"Resume a session in ….*project +type to search", screen[0])
    listed = [line for line in screen if "just now" in line]
    assert listed[0].startswith("  Login \\u202etests") and "1 prompt" in listed[0]
    assert listed[1].startswith('❯ (no title) "why is npm slow"')
    assert '  Last: "why is npm slow" → Because of' in screen
    assert "enter opens · space shows · ctrl+a all folders · ctrl+r renames · esc leaves" in screen[-1]


@pytest.mark.behaviour("B-899")
async def test_resume_with_words_asks_only_when_several_fit(tmp_path: Path) -> None:
    ui = PickUi(["ctrl+c"])
    async with desk(tmp_path, ui) as there:
        await resume.run(there, "npm slow")
        assert there.session.facts.session_id == stored(tmp_path, FIRST).stem and ui.screens == []
        await resume.run(there, stored(tmp_path, FIRST).stem)
        assert ui.said == ["This session is open already."] and len(there.reopened) == 1
        with pytest.raises(UnknownSession):
            await resume.run(there, "nothing like it")
        await resume.run(there, "s")  # in both
    assert "search: s" in "\n".join(ui.screens[0]) and len(there.reopened) == 1


@pytest.mark.behaviour("B-900")
async def test_a_session_is_found_by_what_was_said_in_it_shown_and_named(tmp_path: Path) -> None:
    ui = PickUi(["passed", "down", "ctrl+r"], ["esc", "home", "space"], ["esc"], lines=["Cart\nrounding"])
    async with desk(tmp_path, ui) as there:
        await resume.run(there, "")
        assert there.reopened == []
    assert any("Login" in line for line in ui.screens[0]) and any("Said: 12 passed" in line for line in ui.screens[0])
    assert ui.initial == ["Login \\u202etests"]
    assert any(line.startswith("❯ Cart rounding") for line in ui.screens[1])
    assert ui.paged == ["> add login tests\n\n12 passed\n"]


async def test_all_folders_say_where_and_the_open_session_is_not_offered(tmp_path: Path) -> None:
    ui = PickUi(["ctrl+a"], ["ctrl+a"], ["esc"])
    async with running_api([turn("a"), turn("b"), turn("c")]) as api:
        talk = Talk.at(tmp_path, api.url)
        await talk.elsewhere("other").say("far away")
        await talk.say("near")
        there = await desk_at(talk, ui)
        await there.session.prompt("the open one")
        await resume.run(there, "")
        await there.session.aclose()
    assert [sum("just now" in line for line in screen) for screen in ui.screens] == [1, 2, 1]
    assert any("far away" in line and "/other " in line for line in ui.screens[1])
    assert ui.screens[1][0].startswith("Resume a session of any folder")


async def test_before_any_session_the_list_says_so_and_makes_nothing(tmp_path: Path) -> None:
    ui = PickUi(["enter", "esc"])
    assert await choose_session(ui, Shelf(tmp_path / "state", tmp_path)) is None
    assert "  There is no session in this folder yet." in ui.screens[0] and not (tmp_path / "state").exists()


@pytest.mark.behaviour("B-901")
def test_of_thousands_of_sessions_the_latest_are_listed_and_none_is_read_whole(tmp_path: Path) -> None:
    """One that would have to be read whole cannot be: it holds a terabyte, nearly all of it a hole."""
    folder = tmp_path / "state" / "projects" / project_key(tmp_path)
    folder.mkdir(parents=True)
    for number in range(2000):
        entry = {"type": "user", "cwd": str(tmp_path), "message": {"role": "user", "content": f"prompt {number}"}}
        (folder / f"{uuid.UUID(int=number)}.jsonl").write_text(json.dumps(entry) + "\n")
    with (folder / f"{uuid.UUID(int=1999)}.jsonl").open("r+b") as file:
        file.truncate(10**12)
    picker = session_picker(Shelf(tmp_path / "state", tmp_path))
    assert len(picker.items) == 300 and "latest 300 of 2000" in picker.hint
    picking = Picking(picker)
    picking.press("end")
    assert any("❯" in plain(each) for each in picking.rows(80, 24))


async def test_rename_names_the_open_session_and_asks_without_a_name(tmp_path: Path) -> None:
    ui = PickUi(lines=["Second", None])
    async with running_api([turn("a")]) as api:
        there = await desk_at(Talk.at(tmp_path, api.url), ui)
        with pytest.raises(SessionError, match="no message yet"):
            await rename.run(there, "x")
        await there.session.prompt("hello")
        await rename.run(there, "First \x1b name")
        await rename.run(there, "")
        await rename.run(there, "")
        await there.session.aclose()
    assert ui.said[0] == '✓ This session is called "First name". coder -r finds it by that.'
    assert ui.initial == ["First name", "Second"]
    found = glimpse(stored(tmp_path, "hello"))
    assert found is not None and found.name == "Second"


@pytest.mark.behaviour("B-902")
async def test_clear_begins_anew_and_says_how_to_come_back(tmp_path: Path) -> None:
    ui = PickUi()
    async with running_api([turn("a"), turn("b")]) as api:
        there = await desk_at(Talk.at(tmp_path, api.url), ui)
        await clear.run(there, "")
        assert ui.said == ["✓ A new conversation."]
        await there.session.prompt("hello")
        before = there.session.facts.session_id
        await clear.run(there, "Next thing")
        assert there.session.facts.session_id != before
        assert ui.said[1:] == [
            f'✓ A new conversation called "Next thing". The one before is kept: /resume {before[:8]}'
        ]
        await there.session.prompt("hello again")
        assert "hello again" in str(api.requests[-1]["messages"])
        await resume.run(there, before[:8])
        assert there.session.facts.session_id == before
        with pytest.raises(SessionError):
            await clear.run(there, "\x1b")
        await there.session.aclose()
    assert glimpse(stored(tmp_path, "hello again")).name == "Next thing"  # type: ignore[union-attr]  # it is there
