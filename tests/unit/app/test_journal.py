"""The session's memory as the engine and front ends use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.app.journal import Journal
from coder.app.starting import NEW, Start
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.config import Config
from coder.core.edits import Compaction
from coder.core.errors import SessionError
from coder.core.events import AnyEvent, Notice, StateChanged
from coder.core.messages import Text, ToolResult, ToolUse
from coder.sessions import load as loading
from coder.sessions.repair import unknown_outcome
from tests.support.transcripts import reply, result, results, user

PLAIN = Flags()


def config(folder: Path, flags: Flags = PLAIN) -> Config:
    env = {"HOME": str(folder / "home"), "ANTHROPIC_API_KEY": "x", "PATH": "/bin"}
    (folder / "home").mkdir(exist_ok=True)
    return load(flags, env, folder, managed=folder / "managed")


def texts(journal: Journal) -> list[str]:
    return [message.text for message in journal.messages]


@pytest.mark.behaviour("B-415")
async def test_a_rewind_gives_the_words_back_and_can_be_undone(tmp_path: Path) -> None:
    journal, second = Journal.open(config(tmp_path), NEW), user("second")
    for message in (user("first"), reply(Text("1")), second, reply(Text("2"))):
        journal.append(message)
    end = journal.leaf
    assert journal.rewind_to(second.meta.uuid) == "second"
    assert texts(journal) == ["first", "1"]
    journal.move_to(end)
    assert texts(journal) == ["first", "1", "second", "2"]
    await journal.aclose()
    again = Journal.open(config(tmp_path), Start(continue_latest=True))
    assert texts(again) == texts(journal) and again.leaf == end
    await again.aclose()


@pytest.mark.behaviour("B-413")
async def test_a_compaction_made_before_a_resume_can_be_taken_back(tmp_path: Path) -> None:
    journal = Journal.open(config(tmp_path), NEW)
    for message in (user("first"), reply(Text("1"))):
        journal.append(message)
    journal.edited(Compaction((user("short", "summary"),), "manual", 10))
    await journal.aclose()
    again = Journal.open(config(tmp_path), Start(continue_latest=True))
    assert texts(again) == ["short"]
    assert [message.text for message in again.uncompact()] == ["first", "1"] == texts(again)
    await again.aclose()


@pytest.mark.behaviour("B-411")
async def test_calls_and_results_are_noted_as_they_come(tmp_path: Path) -> None:
    journal = Journal.open(config(tmp_path), NEW)
    calls = (ToolUse("a", "Bash", {}), ToolUse("b", "Bash", {}))
    journal.append(user("go"))
    journal.append(reply(*calls))
    for call in calls:
        journal.started(call)
    await journal.settle()
    journal.finished(results().meta.uuid, 1, 2, result("b"), None)
    assert journal.path is not None
    stamp = loading.load(journal.path).calls["a"]
    await journal.aclose()
    again = Journal.open(config(tmp_path), Start(continue_latest=True))
    first, second = again.messages[-1].content
    assert first == ToolResult("a", (Text(unknown_outcome(stamp)),), is_error=True)
    assert second == result("b")
    await again.aclose()


@pytest.mark.behaviour("B-416")
async def test_a_name_comes_before_a_title(tmp_path: Path) -> None:
    journal = Journal.open(config(tmp_path), NEW)
    journal.append(user("hello"))
    assert journal.title == ""
    journal.entitle("By a model")
    assert journal.title == "By a model"
    journal.rename("Mine")
    journal.entitle("By a model again")
    assert journal.title == "Mine"
    await journal.aclose()
    again = Journal.open(config(tmp_path), Start(resume="Mine"))
    assert again.title == "Mine"
    await again.aclose()


async def test_the_model_that_was_switched_to_is_the_one_to_go_on_with(tmp_path: Path) -> None:
    journal = Journal.open(config(tmp_path), NEW)
    journal.asks("first-model")
    journal.append(user("hello"))
    journal.on(StateChanged(mode="default", model="second-model"))
    journal.append(reply(Text("hi")))
    await journal.aclose()
    again = Journal.open(config(tmp_path), Start(continue_latest=True))
    assert again.model == "second-model"
    await again.aclose()


async def test_what_is_not_saved_says_so_and_costs_nothing(tmp_path: Path) -> None:
    journal = Journal.open(config(tmp_path, Flags(no_session_persistence=True)), NEW)
    journal.append(first := user("first"))
    journal.started(ToolUse("a", "Bash", {}))
    await journal.settle()
    journal.rename("x")
    for what in (lambda: journal.rewind_to(first.meta.uuid), journal.uncompact, lambda: journal.move_to(None)):
        with pytest.raises(SessionError, match="not saved"):
            what()
    assert (journal.path, journal.leaf, journal.title) == (None, None, "")
    await journal.aclose()
    assert list((tmp_path / "home").iterdir()) == []


async def test_a_disk_that_refuses_is_told_through_the_session(tmp_path: Path) -> None:
    heard: list[AnyEvent] = []
    journal = Journal.open(config(tmp_path), NEW)
    journal.warn_through(heard.append)
    (tmp_path / "home" / ".coder").write_text("in the way", encoding="utf-8")
    journal.append(user("hello"))
    (notice,) = heard
    assert isinstance(notice, Notice) and notice.text.startswith(
        f"This session is no longer being saved in {tmp_path}/home/.coder/projects/"
    )
    await journal.aclose()
