from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from coder.app.build import open_session
from coder.app.session import Session
from coder.cli.tour import END, Stage, playing, scenes, staged, tour_config
from coder.core.events import AnyEvent, RunEnded, ToolFinished
from coder.core.requests import Allow, Deny, Reply, Request
from coder.frontends.slash.registry import find


class Person:
    """Says yes, or no, to all that is asked."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.asked = 0
        self.events: list[AnyEvent] = []

    def emit(self, event: AnyEvent) -> None:
        self.events.append(event)

    async def ask(self, request: Request) -> Reply:
        self.asked += 1
        return self.reply

    @property
    def calls(self) -> list[tuple[str, bool]]:
        return [(each.call.name, each.result.is_error) for each in self.events if isinstance(each, ToolFinished)]


async def first_scene(stage: Stage, person: Person) -> tuple[RunEnded, Session]:
    async with playing(stage) as url:
        session = await open_session(tour_config(stage, url), person)
        try:
            return await session.prompt(scenes()[0].prompt), session
        finally:
            await session.aclose()


def run_tests(project: Path) -> int:
    ran = subprocess.run([sys.executable, "-B", "-m", "unittest"], cwd=project, capture_output=True, check=False)
    return ran.returncode


@pytest.mark.behaviour("B-934")
def test_the_first_scene_reads_asks_edits_and_tests_and_leaves_nothing(tmp_path: Path) -> None:
    person = Person(Allow())
    with staged() as stage:
        assert run_tests(stage.project) == 1
        ended, session = asyncio.run(first_scene(stage, person))
        assert (ended.reason, session.spent.cost) == ("done", 0.0)
        assert person.calls == [("Read", False), ("Edit", False), ("Bash", False)] and person.asked == 2
        assert run_tests(stage.project) == 0
        assert session.facts.transcript is not None and session.facts.transcript.is_relative_to(stage.home)
        folder = stage.folder
    assert not folder.exists()


@pytest.mark.behaviour("B-934")
def test_a_no_is_taken(tmp_path: Path) -> None:
    person = Person(Deny("no"))
    with staged() as stage:
        before = (stage.project / "app.py").read_text(encoding="utf-8")
        ended, _ = asyncio.run(first_scene(stage, person))
        assert (stage.project / "app.py").read_text(encoding="utf-8") == before
    assert ended.reason == "done" and "You said no" in ended.text and person.asked == 1


@pytest.mark.behaviour("B-934")
def test_nothing_of_the_person_is_used_and_the_folder_goes_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "of-the-person")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")
    with pytest.raises(KeyboardInterrupt), staged() as stage:
        config = tour_config(stage, "http://127.0.0.1:2")
        assert (config.model.base_url, config.model.api_key, config.mode) == ("http://127.0.0.1:2", "demo", "default")
        assert config.home == stage.home and config.rules == () and config.model.is_replay
        raise KeyboardInterrupt
    assert not os.path.lexists(stage.folder)


def test_every_scene_can_be_played() -> None:
    for scene in scenes():
        assert scene.says and all(len(line) < 80 for line in scene.says)
        if scene.prompt.startswith("/"):
            assert find(scene.prompt[1:]) is not None and scene.waits_for == "picker"
    assert END.endswith("Start for real: coder")
