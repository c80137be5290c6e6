"""The flags of sessions, from the command line to the exit code. What they do is in tests/unit/app/test_starting.py."""

from __future__ import annotations

import json

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, turn
from tests.support.talks import texts

MISSING = "11111111-1111-4111-8111-111111111111"
FORK = "22222222-2222-4222-8222-222222222222"


@pytest.mark.behaviour("B-504")
def test_a_named_session_is_forked_by_its_name_and_keeps_its_model(place: Place) -> None:
    with fake_api([turn("One."), turn("Two.")]) as api:
        place.coder("-p", "first", "-n", "Cart\x07 fix", "--model", "claude-haiku-4-5", url=api.url)
        done = place.coder("-p", "second", "-r", "Cart fix", "--fork-session", "--session-id", FORK, url=api.url)
    assert (done.code, done.stdout, done.stderr) == (0, "Two.\n", "")
    assert texts(api.requests[1]) == ["first", "One.", "second"]
    assert [body["model"] for body in api.requests] == ["claude-haiku-4-5"] * 2
    assert FORK in {path.stem for path in place.transcripts()} and len(place.transcripts()) == 2


@pytest.mark.behaviour("B-507")
def test_an_unknown_session_is_exit_code_1(place: Place) -> None:
    done = place.coder("-p", "x", "--resume", MISSING, url="http://127.0.0.1:9")
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr == f"coder: No conversation found with session ID: {MISSING}\n"


@pytest.mark.behaviour("B-505")
def test_a_cut_that_would_drop_more_than_its_turn_is_rejected(place: Place) -> None:
    with fake_api([turn("One.")]) as api:
        place.coder("-p", "first", url=api.url)
        args = ["-c", "--resume-session-at", MISSING, f"--resume-drops-turn={FORK}"]
        done = place.coder("-p", "x", *args, url=api.url)
    assert done.code == 2 and "Resume rejected by --resume-drops-turn:" in done.stderr


@pytest.mark.behaviour("B-505")
@pytest.mark.parametrize("fork", [[], ["--fork-session"]])
def test_a_cut_is_told_with_the_request_that_comes_without_what_was_cut(place: Place, fork: list[str]) -> None:
    with fake_api([turn("One."), turn("Two."), turn("Three.")]) as api:
        place.coder("-p", "first", url=api.url)
        (path,) = place.transcripts()
        *_, kept = (
            entry["uuid"] for entry in map(json.loads, path.read_text().splitlines()) if entry["type"] == "assistant"
        )
        place.coder("-p", "second", "-c", url=api.url)
        done = place.coder("-p", "third", "-c", *fork, "--resume-session-at", kept, url=api.url)
    assert done.code == 0
    assert texts(api.requests[2]) == ["first", "One.", "third"]
    assert api.context_edits == ["cut"]


@pytest.mark.behaviour("B-416")
def test_a_prompt_of_450_kb_is_listed_and_gone_on_with(place: Place) -> None:
    """users.md S6."""
    book = "Frankenstein or the modern Prometheus by Mary Shelley. " + "It was a dreary night. " * 20_000
    with fake_api([turn("Read."), turn("Yes.")]) as api:
        assert place.coder("-p", url=api.url, stdin=book).code == 0
        assert place.coder("-p", "and?", "-c", url=api.url).stdout == "Yes.\n"
    assert "Frankenstein or the modern Prometheus by Mary…" in place.coder("sessions", env={"COLUMNS": "120"}).stdout
