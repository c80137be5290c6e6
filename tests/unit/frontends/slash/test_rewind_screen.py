"""`/rewind` over a real session that edited files and ran commands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from coder.frontends.slash import rewind
from tests.support.fakeapi import running_api, tool, turn
from tests.support.pickdesk import PickDesk, PickUi, desk_at
from tests.support.talks import Talk

BEFORE, AFTER = "one\ntwo\n", "one\n2\nthree\n"


@asynccontextmanager
async def desk(tmp_path: Path, ui: PickUi) -> AsyncIterator[PickDesk]:
    """A first prompt that only talks, and a second that edits cart.py, makes a file and runs a command."""
    talk_folder = tmp_path / "project"
    talk_folder.mkdir()
    (talk_folder / "cart.py").write_text(BEFORE)
    path = str(talk_folder / "cart.py")
    script = [
        turn("Hello."),
        turn(tool("Read", file_path=path)),
        turn(tool("Write", file_path=path, content=AFTER)),
        turn(tool("Bash", command="echo made > made.txt")),
        turn("Done."),
        turn("Again."),
    ]
    async with running_api(script) as api:
        there = await desk_at(Talk.at(tmp_path, api.url), ui)
        try:
            await there.session.prompt("say hello")
            await there.session.prompt("add tests for empty carts")
            yield there
        finally:
            await there.session.aclose()
        there.requests = api.requests  # type: ignore[attr-defined]  # for the test alone


def project(tmp_path: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (tmp_path / "project").iterdir()}


@pytest.mark.behaviour("B-903")
async def test_the_preview_names_files_and_commands_and_both_are_undone(tmp_path: Path) -> None:
    ui = PickUi(["a"])
    async with desk(tmp_path, ui) as there:
        await rewind.run(there, "")
        assert project(tmp_path) == {"cart.py": BEFORE}
        assert ui.draft == "add tests for empty carts"
        assert (await there.session.prompt("other words")).text == "Again."
    (screen,) = ui.screens
    assert screen[0].startswith("Go back to before …") and screen[0].endswith("newest at the bottom")
    assert screen[1].startswith("  1 say hello ")
    assert screen[2].startswith("❯ 2 add tests for empty carts   just now   2 files, 1 command")
    assert screen[3] == "  3 (now)"
    assert screen[4:8] == [
        "  Would restore cart.py (+1 -2) · would delete made.txt (new)",
        "  Also undoes what 1 command changed here (echo made > made.txt)",
        "  Cannot undo outside this folder: nothing known",
        "  enter is a · a files and conversation · b conversation only · c files only",
    ]
    assert ui.said[0] == (
        '✓ Went back to before "add tests for empty carts" · 2 files restored · your message is in the prompt'
    )
    sent = str(there.requests[-1]["messages"])  # type: ignore[attr-defined]  # see desk
    assert "say hello" in sent and "other words" in sent and "empty carts" not in sent


@pytest.mark.behaviour("B-903")
@pytest.mark.parametrize("key", ["b", "c"])
async def test_the_conversation_alone_or_the_files_alone(tmp_path: Path, key: str) -> None:
    ui = PickUi([key])
    async with desk(tmp_path, ui) as there:
        await rewind.run(there, "")
        await there.session.prompt("other words")
    sent = str(there.requests[-1]["messages"])  # type: ignore[attr-defined]  # see desk
    assert ("empty carts" in sent) == (key == "c")
    assert project(tmp_path)["cart.py"] == (BEFORE if key == "c" else AFTER)
    assert ui.draft == ("" if key == "c" else "add tests for empty carts")
    told = "2 files restored · the conversation stays" if key == "c" else "your message is in the prompt"
    assert ui.said[0] == f'✓ Went back to before "add tests for empty carts" · {told}'


@pytest.mark.behaviour("B-904")
@pytest.mark.parametrize(
    ("answer", "text"), [("1", "by hand\n"), ("2", BEFORE), ("3", "by hand\n"), ("esc", "by hand\n")]
)
async def test_what_the_person_changed_is_not_replaced_unasked(tmp_path: Path, answer: str, text: str) -> None:
    ui = PickUi(["a"], [answer], ["esc"])
    async with desk(tmp_path, ui) as there:
        (tmp_path / "project" / "cart.py").write_text("by hand\n")
        await rewind.run(there, "")
    assert "  You changed cart.py yourself since: it asks before replacing that" in ui.screens[0]
    assert ui.screens[1][0] == "1 file changed since, not by this session. Replace it?"
    went = answer in ("1", "2")
    assert project(tmp_path)["cart.py"] == text and ("made.txt" in project(tmp_path)) != went
    assert bool(ui.said) == went and len(ui.screens) == (2 if went else 3)


@pytest.mark.behaviour("B-905")
async def test_a_rewind_is_undone_and_now_and_esc_change_nothing(tmp_path: Path) -> None:
    ui = PickUi(["ctrl+e"], ["down", "enter"], ["enter"], ["u"])
    async with desk(tmp_path, ui) as there:
        before = project(tmp_path)
        await rewind.run(there, "")
        assert project(tmp_path) == before and ui.said == []
        await rewind.run(there, "")
        assert project(tmp_path) == {"cart.py": BEFORE}
        await rewind.run(there, "")
        assert project(tmp_path) == before
    assert "would delete" in ui.paged[0] and "echo made > made.txt" in ui.paged[0]
    assert "u undoes the last rewind" in "\n".join(ui.screens[-1]) and "u undoes" not in "\n".join(ui.screens[0])
    assert ui.said[-1] == "✓ The last rewind is undone · 2 files changed · the conversation too"


async def test_there_is_nothing_to_go_back_to(tmp_path: Path) -> None:
    ui = PickUi()
    async with running_api([turn("a")]) as api:
        there = await desk_at(Talk.at(tmp_path, api.url), ui)
        await rewind.run(there, "")
        await there.session.aclose()
    assert ui.said == ["There is nothing to go back to yet."]


@pytest.mark.behaviour("B-903")
async def test_nobody_goes_far_back_before_having_seen_what_that_does(tmp_path: Path) -> None:
    ui = PickUi(["home", "a"], ["a"])
    async with running_api([turn("a")] * 14) as api:
        there = await desk_at(Talk.at(tmp_path, api.url), ui)
        for number in range(14):
            await there.session.prompt(f"say {number}")
        await rewind.run(there, "")
        await there.session.aclose()
    assert "  a shows what it would do" in ui.screens[0] and "  No file would change" in ui.screens[1]
    assert ui.draft == "say 0" and ui.said[0].startswith('✓ Went back to before "say 0" · no file had changed')
