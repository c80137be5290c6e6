"""`coder -p -c "/compact …"` and `/uncompact`: each in a process of its own, on the same transcript."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import RunningApi, fake_api, rule, tool, turn

SUMMARISES = {"last_user_contains": "This conversation is about to be shortened"}
SUMMARY = "THE-SUMMARY of it."


def script(place: Place) -> dict[str, Any]:
    turns = []
    for number in range(3):
        path = place.project / f"notes{number}.txt"
        path.write_text(f"a line of notes, number {number}\n" * 450, encoding="utf-8")
        turns.append(turn(tool("Read", file_path=str(path))))
    return {"rules": [rule(SUMMARISES, SUMMARY)], "turns": [*turns, turn("All read.")], "otherwise": "Noted."}


def sent(api: RunningApi) -> str:
    return json.dumps(api.requests[-1]["messages"])


@pytest.mark.behaviour("B-579")
def test_a_conversation_is_compacted_and_taken_back_from_the_command_line(place: Place) -> None:
    with fake_api(script(place)) as api:
        assert place.coder("-p", "Read the notes.", url=api.url).stdout == "All read.\n"
        done = place.coder("-p", "-c", "/compact what the notes say", url=api.url)
        assert done.code == 0 and done.stdout.startswith("Compacted: about ") and done.stderr == ""
        asked = api.requests[-1]["messages"][-1]["content"][-1]["text"]
        assert "what the notes say" in asked
        assert place.coder("-p", "-c", "Good so far?", url=api.url).stdout == "Noted.\n"
        assert SUMMARY in sent(api) and "number 0" not in sent(api) and "what the notes say" not in sent(api)
        back = place.coder("-p", "-c", "/uncompact", url=api.url)
        assert back.code == 0 and "taken back" in back.stdout
        assert place.coder("-p", "-c", "And now?", url=api.url).stdout == "Noted.\n"
        assert SUMMARY not in sent(api) and "number 0" in sent(api) and "Good so far?" in sent(api)
        assert api.context_edits == ["compaction", "uncompact"]


@pytest.mark.behaviour("B-579")
def test_there_is_nothing_to_compact_or_to_take_back(place: Place) -> None:
    with fake_api([turn("Hello.", repeat=3)]) as api:
        place.coder("-p", "hi", url=api.url)
        short = place.coder("-p", "-c", "/compact", url=api.url, env={"NO_COLOR": "1"})
        whole = place.coder("-p", "-c", "/uncompact", "--output-format", "json", url=api.url)
        assert len(api.requests) == 1
    assert short.code == 0 and short.stdout.startswith("Nothing was changed: ")
    assert whole.result["result"].startswith("Nothing was changed: ") and whole.result["is_error"] is False


@pytest.mark.behaviour("B-579")
def test_compacting_needs_a_conversation(place: Place) -> None:
    done = place.coder("-p", "/compact", url="http://127.0.0.1:9")
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr == "coder: /compact needs a conversation: add -c for the last one here, or -r SESSION.\n"
