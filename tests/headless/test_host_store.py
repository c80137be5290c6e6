"""A session that a host keeps itself: brought back in a folder that has nothing but its transcript, as the SDKs do."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, turn
from tests.support.talks import Talk, texts
from tests.support.wire import wired


@pytest.mark.behaviour("B-2465")
def test_a_session_goes_on_from_a_folder_that_has_its_transcript_alone(place: Place, tmp_path: Path) -> None:
    with fake_api([turn("One."), turn("Two.")]) as api:
        talk = Talk(place.home, place.project, api.url)
        asyncio.run(talk.say("first"))
        (kept,) = talk.transcripts()
        folder = tmp_path / "brought" / "projects" / kept.parent.name
        folder.mkdir(parents=True)
        shutil.copy(kept, folder)
        shutil.rmtree(talk.state)
        env = {"CLAUDE_CONFIG_DIR": str(tmp_path / "brought")}
        with wired(place, f"--resume={kept.stem}", "--session-mirror", url=api.url, env=env) as wire:
            wire.ask("initialize", hooks=None)
            wire.say("second")
            come = wire.turn()
            assert wire.close() == 0 and wire.stderr == ""
        assert texts(api.requests[1])[:3] == ["first", "One.", "second"] and not api.violations
    assert come[-1]["session_id"] == kept.stem and come[-1]["result"] == "Two."
    assert {f["filePath"] for f in come if f["type"] == "transcript_mirror"} == {str(folder / kept.name)}
    assert not talk.state.exists() and len((folder / kept.name).read_bytes()) > len(kept.name)
