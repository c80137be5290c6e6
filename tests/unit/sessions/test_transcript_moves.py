"""Compactions, rewinds and names, as they lie in the file."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from coder.core.edits import Clearing, Compaction, Replacement
from coder.core.errors import SessionError
from coder.core.messages import Json, Text, ToolUse
from coder.sessions.load import load
from coder.sessions.repair import repair
from coder.sessions.store import Transcript
from coder.sessions.telling import conversation as told
from tests.support.transcripts import VERSION, assert_sendable, reply, result, results, user


def new(folder: Path) -> Transcript:
    return Transcript.create(folder / "home", folder, str(uuid.uuid4()), VERSION)


def lines(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def texts(path: Path) -> list[str]:
    return [message.text for message in load(path).messages]


def compacted(folder: Path) -> tuple[Transcript, list[str]]:
    transcript = new(folder)
    kept = [user("second"), reply(Text("2"))]
    for message in (user("first"), reply(Text("1")), *kept):
        transcript.append(message)
    transcript.edited(Compaction((user("in short", "summary"), *kept), "manual", 1234))
    return transcript, [message.meta.uuid for message in kept]


@pytest.mark.behaviour("B-413")
def test_a_compaction_is_a_boundary_and_what_follows_it(tmp_path: Path) -> None:
    transcript, kept = compacted(tmp_path)
    before, boundary, summary, *rest = lines(transcript.path)[3:]
    assert (boundary["type"], boundary["subtype"]) == ("system", "compact_boundary")
    assert boundary["compactMetadata"] == {"trigger": "manual", "preTokens": 1234}
    assert (boundary["parentUuid"], boundary["logicalParentUuid"]) == (None, before["uuid"])
    assert (summary["isCompactSummary"], summary["parentUuid"]) == (True, boundary["uuid"])
    assert [message.meta.kind for message in load(transcript.path).messages] == ["summary", "prompt", "reply"]
    assert [message.meta.uuid for message in load(transcript.path).messages[1:]] == kept
    names = [line["uuid"] for line in lines(transcript.path)]
    assert len(names) == len(set(names)) and len(rest) == 2


@pytest.mark.behaviour("B-413")
def test_tokens_of_kept_replies_are_not_counted_twice(tmp_path: Path) -> None:
    transcript, _ = compacted(tmp_path)
    replies = [line["message"] for line in lines(transcript.path) if line["type"] == "assistant"]
    assert len({message["id"] for message in replies}) == 3
    assert [message["usage"]["output_tokens"] for message in replies] == [20, 20, 0]
    assert load(transcript.path).messages[-1].meta.usage.output_tokens == 20


@pytest.mark.behaviour("B-413")
def test_everything_that_was_compacted_can_still_be_read(tmp_path: Path) -> None:
    transcript, _ = compacted(tmp_path)
    transcript.append(user("third"))
    assert [m.text for m in told(transcript.path)] == ["in short", "second", "2", "third"]
    assert [m.text for m in told(transcript.path, everything=True)] == [
        "first",
        "1",
        "second",
        "2",
        "in short",
        "third",
    ]
    assert [m.text for m in load(transcript.path, whole=True).messages] == [
        *("first", "1", "second", "2"),
        *("in short", "second", "2", "third"),
    ]


@pytest.mark.behaviour("B-413")
def test_a_compaction_can_be_taken_back(tmp_path: Path) -> None:
    transcript, _ = compacted(tmp_path)
    transcript.append(since := user("since"))
    transcript.uncompact([since])
    assert texts(transcript.path) == ["first", "1", "second", "2", "since"]
    transcript.append(user("on"))
    assert texts(transcript.path)[-2:] == ["since", "on"]
    with pytest.raises(SessionError, match="not compacted"):
        transcript.uncompact()


@pytest.mark.behaviour("B-413")
def test_what_was_said_since_outlives_a_rewind_into_what_a_compaction_kept(tmp_path: Path) -> None:
    transcript, kept = compacted(tmp_path)
    transcript.append(user("since"))
    transcript.rewind_to(kept[0])
    transcript.append(user("instead"))
    transcript.append(reply(Text("I see.")))
    assert texts(transcript.path) == ["in short", "instead", "I see."]
    transcript.uncompact(None)
    assert texts(transcript.path) == ["first", "1", "instead", "I see."]


@pytest.mark.behaviour("B-413")
@pytest.mark.parametrize("damaged", [5, 6, 7])
def test_what_was_said_since_outlives_damage_of_a_compaction(tmp_path: Path, damaged: int) -> None:
    transcript, _ = compacted(tmp_path)
    transcript.append(user("since"))
    transcript.append(reply(Text("I see.")))
    transcript.close()
    found = transcript.path.read_bytes().splitlines(keepends=True)
    assert b"compact_boundary" in found[4]
    found[damaged] = found[damaged][:20] + b"\n"
    transcript.path.write_bytes(b"".join(found))
    with Transcript.open(transcript.path, VERSION) as again:
        again.uncompact(None)
    assert texts(transcript.path) == ["first", "1", "second", "2", "since", "I see."]


@pytest.mark.behaviour("B-414")
def test_what_was_cleared_stays_cleared(tmp_path: Path) -> None:
    with new(tmp_path) as transcript:
        transcript.append(user("go"))
        transcript.append(reply(ToolUse("t1", "Read", {}), ToolUse("t2", "Read", {})))
        transcript.append(results(result("t1", "long"), result("t2", "also long")))
        edit = Clearing((Replacement("(cleared)", tool_use_id="t1"), Replacement("x", tool_use_id="gone")), "room", 9)
        transcript.edited(edit)
    with Transcript.open(transcript.path, VERSION) as again:
        assert again.loaded.messages[2].content == (result("t1", "(cleared)"), result("t2", "also long"))
    (line,) = (line for line in lines(transcript.path) if line["type"] == "content-replacement")
    assert line["sessionId"] == transcript.session_id
    assert line["replacements"][0] == {"kind": "tool-result", "toolUseId": "t1", "replacement": "(cleared)"}


@pytest.mark.behaviour("B-415")
def test_a_rewind_survives_with_nothing_behind_it_and_can_be_undone(tmp_path: Path) -> None:
    second = user("second")
    with new(tmp_path) as transcript:
        for message in (user("first"), reply(Text("1")), second, reply(Text("2"))):
            transcript.append(message)
        end = transcript.leaf
        assert transcript.rewind_to(second.meta.uuid) == "second"
    assert texts(transcript.path) == ["first", "1"]
    with Transcript.open(transcript.path, VERSION) as again:
        again.move_to(end)
        assert texts(transcript.path) == ["first", "1", "second", "2"]
        again.append(user("third"))
    assert texts(transcript.path) == ["first", "1", "second", "2", "third"]


@pytest.mark.behaviour("B-415")
def test_a_rewind_to_the_first_message_leaves_the_place_alone(tmp_path: Path) -> None:
    first = user("first")
    with new(tmp_path) as transcript:
        for message in (user("<context>", "context"), first, reply(Text("1"))):
            transcript.append(message)
        transcript.rewind_to(first.meta.uuid)
        assert texts(transcript.path) == ["<context>"]
        transcript.append(user("other"))
    assert texts(transcript.path) == ["<context>", "other"]


@pytest.mark.parametrize("name", ["nonsense", ""])
def test_a_rewind_to_what_is_not_there_changes_nothing(tmp_path: Path, name: str) -> None:
    with new(tmp_path) as transcript:
        transcript.append(user("first"))
        answer = reply(Text("1"))
        transcript.append(answer)
        before = transcript.path.read_bytes()
        for wrong in (name, answer.meta.uuid):
            with pytest.raises(SessionError, match="no part of this session"):
                transcript.rewind_to(wrong)
        with pytest.raises(SessionError, match="no part of this session"):
            transcript.move_to(name)
    assert transcript.path.read_bytes() == before


def test_what_is_not_saved_cannot_be_rewound(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    with Transcript.create(tmp_path / "file" / "home", tmp_path, str(uuid.uuid4()), VERSION) as transcript:
        transcript.append(first := user("first"))
        with pytest.raises(SessionError, match="not saved"):
            transcript.rewind_to(first.meta.uuid)


@pytest.mark.parametrize("leaf", [5, "nowhere", {"a": 1}, True])
def test_a_move_that_makes_no_sense_is_passed_over(tmp_path: Path, leaf: object) -> None:
    with new(tmp_path) as transcript:
        transcript.append(user("first"))
    with transcript.path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"type": "rewind", "leafUuid": leaf}) + "\n" + '{"type":"rewind"}\n')
    assert texts(transcript.path) == ["first"]


@pytest.mark.parametrize(
    "replacements", [None, 5, [5], [{}], [{"toolUseId": 1, "replacement": 2}], [{"messageUuid": "a", "block": "b"}]]
)
def test_replacements_that_make_no_sense_are_passed_over(tmp_path: Path, replacements: object) -> None:
    with new(tmp_path) as transcript:
        transcript.append(user("first"))
    with transcript.path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"type": "content-replacement", "replacements": replacements}) + "\n")
    assert texts(transcript.path) == ["first"]


def test_a_compaction_in_the_middle_of_calls_is_sendable(tmp_path: Path) -> None:
    with new(tmp_path) as transcript:
        transcript.append(user("go"))
        transcript.append(reply(ToolUse("t1", "Read", {})))
        transcript.append(results(result("t1")))
        transcript.edited(Compaction((user("in short", "summary"),), "auto", 1))
    found = load(transcript.path)
    assert_sendable(repair(found.messages, found.calls))


@pytest.mark.behaviour("B-416")
def test_a_name_lies_where_readers_look_for_it(tmp_path: Path) -> None:
    with new(tmp_path) as transcript:
        transcript.label(custom="My name")
        assert not transcript.path.exists()
        transcript.append(user("hello"))
        for number in range(40):
            transcript.append(reply(Text(f"{number}" + "x" * 5000)))
            tail = transcript.path.read_bytes()[-65536:]
            assert b'"customTitle":"My name"' in tail
    named = [line for line in lines(transcript.path) if line["type"] == "custom-title"]
    assert len(named) < 8


def test_a_session_without_a_name_gets_no_lines_about_it(tmp_path: Path) -> None:
    with new(tmp_path) as transcript:
        for number in range(40):
            transcript.append(user(f"{number}" + "x" * 5000))
    assert {line["type"] for line in lines(transcript.path)} == {"user"}
