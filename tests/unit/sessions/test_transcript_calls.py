"""Intent before a tool, its result after it: what a crash in between leaves."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

from coder.core.messages import Image, Json, Message, Meta, Text, ToolResult, ToolUse, entry_uuids
from coder.sessions.entries import Envelope, entries_of, result_entry
from coder.sessions.load import Loaded, load
from coder.sessions.repair import INTERRUPTED, NOT_RUN, repair
from coder.sessions.store import Transcript
from tests.support.transcripts import VERSION, assert_sendable, reply, result, results, user

CALLS = tuple(ToolUse(f"t{number}", "Bash", {"command": "make"}) for number in range(3))


def new(folder: Path, *messages: Message) -> Transcript:
    transcript = Transcript.create(folder / "home", folder, str(uuid.uuid4()), VERSION)
    for message in messages:
        transcript.append(message)
    return transcript


def asked(folder: Path) -> Transcript:
    return new(folder, user("go"), reply(Text("I run them."), *CALLS))


def lines(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def answers(found: Loaded) -> list[str]:
    messages = repair(found.messages, found.calls)
    assert_sendable(messages)
    return [
        b.content[0].text for b in messages[-1].content if isinstance(b, ToolResult) and isinstance(b.content[0], Text)
    ]


@pytest.mark.behaviour("B-411")
def test_after_a_crash_each_call_is_answered_with_what_is_known_of_it(tmp_path: Path) -> None:
    transcript = asked(tmp_path)
    transcript.started(CALLS[0])
    transcript.started(CALLS[1])
    transcript.finished(str(uuid.uuid4()), 1, 3, result("t1", "built"), None)
    stamp = next(line["timestamp"] for line in lines(transcript.path) if line["type"] == "tool-start")
    first, second, third = answers(load(transcript.path))
    assert first.startswith(f"Unknown outcome: this call was started at {stamp[11:16]} UTC on {stamp[:10]}")
    assert "check before repeating it" in first
    assert (second, third) == ("built", NOT_RUN)


@pytest.mark.behaviour("B-411")
def test_a_result_is_on_disk_as_soon_as_it_is_known(tmp_path: Path) -> None:
    transcript = asked(tmp_path)
    transcript.finished(own := str(uuid.uuid4()), 2, 3, result("t2", "late but first"), {"n": 2})
    entry = lines(transcript.path)[-1]
    whole = results(*(result(call.id) for call in CALLS))
    named = Message("user", whole.content, Meta(own, "results"))
    assert entry["uuid"] == entry_uuids(named)[2] == own
    assert entry["toolUseResult"] == {"n": 2}
    assert entry["message"]["content"][0]["tool_use_id"] == "t2"


@pytest.mark.behaviour("B-402")
@pytest.mark.parametrize("early", [(), (2,), (1, 0), (2, 0, 1)])
def test_the_message_of_all_results_adds_only_what_is_not_there(tmp_path: Path, early: Sequence[int]) -> None:
    transcript = asked(tmp_path)
    found = results(*(result(call.id, call.id * 3) for call in CALLS), data=({"n": 0}, None, {"n": 2}))
    for index in early:
        block = found.content[index]
        assert isinstance(block, ToolResult)
        transcript.finished(found.meta.uuid, index, 3, block, found.meta.tool_data[index])
    transcript.append(found)
    transcript.append(after := reply(Text("Done.")))
    entries = [line for line in lines(transcript.path) if line.get("toolUseResult") or "t0" in str(line)]
    names = [line["uuid"] for line in lines(transcript.path)]
    assert len(names) == len(set(names)) == 1 + 4 + 3 + 1
    assert set(entry_uuids(found)) <= set(names) and entries
    loaded = load(transcript.path)
    assert loaded.messages[-2].content == found.content
    assert loaded.messages[-2].meta.tool_data == found.meta.tool_data
    assert (loaded.messages[-2].meta.uuid, loaded.messages[-1]) == (found.meta.uuid, after)
    parents = [line["parentUuid"] for line in lines(transcript.path)]
    assert parents == [None, *names[:-1]]


def test_results_are_stored_as_they_will_be_sent(tmp_path: Path) -> None:
    transcript = asked(tmp_path)
    transcript.finished(str(uuid.uuid4()), 0, 3, ToolResult("t0", (Text("half \ud83d"), Text("  "))), None)
    assert answers(load(transcript.path))[0] == "half \ufffd"
    assert len(lines(transcript.path)[-1]["message"]["content"][0]["content"]) == 1


def test_nothing_is_claimed_of_calls_that_other_programs_made(tmp_path: Path) -> None:
    path = asked(tmp_path).path
    path.write_bytes(path.read_bytes().replace(b',"starts":true', b""))
    assert answers(load(path)) == [INTERRUPTED] * 3


def test_a_session_goes_on_behind_a_crash_and_says_the_same_again(tmp_path: Path) -> None:
    transcript = asked(tmp_path)
    transcript.started(CALLS[0])
    transcript.close()
    before = load(transcript.path)
    said = answers(before)
    with Transcript.open(transcript.path, VERSION) as again:
        again.append(user("go on"))
    after = load(transcript.path)
    assert repair(after.messages, after.calls)[:-1] == repair(before.messages, before.calls)
    assert answers(before) == said


@pytest.mark.behaviour("B-411")
def test_a_started_call_outlives_the_process_and_costs_other_readers_nothing(tmp_path: Path) -> None:
    transcript = asked(tmp_path)
    transcript.started(CALLS[0])
    transcript.sync()
    found = load(transcript.path)
    assert found.skipped == "" and found.calls == {"t0": lines(transcript.path)[-1]["timestamp"], "t1": "", "t2": ""}
    assert "uuid" not in lines(transcript.path)[-1]


def test_the_model_that_was_asked_is_kept_where_the_reply_names_another(tmp_path: Path) -> None:
    transcript = new(tmp_path, user("go"))
    transcript.describe(model="our-sonnet", branch="topic")
    transcript.append(reply(Text("hi")))
    assert load(transcript.path).model == "our-sonnet"
    assert lines(transcript.path)[-1]["message"]["model"] == "claude-test-1"
    assert lines(transcript.path)[-1]["gitBranch"] == "topic"
    transcript.describe(model="claude-test-1")
    transcript.append(reply(Text("ho")))
    assert load(transcript.path).model == "claude-test-1"


def test_a_picture_in_an_early_result_is_kept_once(tmp_path: Path) -> None:
    transcript = asked(tmp_path)
    picture = Image("image/png", "aGVs" * 2000)
    data = {"type": "image", "file": {"base64": picture.data, "type": "image/png"}}
    found = results(*(ToolResult(call.id, (picture,)) for call in CALLS), data=(data, data, data))
    for index, block in enumerate(found.content):
        assert isinstance(block, ToolResult)
        transcript.finished(found.meta.uuid, index, 3, block, data)
    transcript.append(found)
    assert len(list((transcript.path.with_suffix("") / "blobs").iterdir())) == 1
    assert transcript.path.stat().st_size < 20_000
    loaded = load(transcript.path).messages[-1]
    assert (loaded.content, loaded.meta.tool_data) == (found.content, found.meta.tool_data)


@pytest.mark.behaviour("B-2565")
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_result_is_stored_alone_as_it_is_with_the_others(count: int) -> None:
    results = tuple(ToolResult(f"t{n}", (Text(f"said {n}"),), is_error=n == 1) for n in range(count))
    data = tuple({"n": n} if n else None for n in range(count))
    own, envelope = str(uuid.uuid4()), Envelope("session", "/work", "1", "main", "opus", "a1")
    whole = Message("user", results, Meta(own, "results", tool_data=data))
    for index, entry in enumerate(entries_of(whole, None, envelope)):
        alone = result_entry(own, index, count, results[index], data[index], entry["parentUuid"], envelope)
        assert list(alone.items()) == [*({**entry, "timestamp": alone["timestamp"]}).items()]


@pytest.mark.behaviour("B-2565")
def test_storing_a_result_costs_the_same_however_many_there_are(tmp_path: Path) -> None:
    transcript = asked(tmp_path)

    def calls(count: int) -> int:
        seen = 0

        def note(frame: object, event: str, argument: object) -> None:
            nonlocal seen
            seen += event == "call"

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            transcript.finished(str(uuid.uuid4()), 1, count, result("t1", "built"), None)
        finally:
            sys.setprofile(before)
        return seen

    calls(2)
    assert calls(2_000) <= calls(3) + 50
