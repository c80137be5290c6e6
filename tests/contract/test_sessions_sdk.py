"""The public SDK as an independent reader and writer of our transcripts (contracts §17)."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import claude_agent_sdk as sdk
import pytest

from coder.core.edits import Clearing, Compaction, Replacement
from coder.core.messages import Image, Message, Text, ToolUse
from coder.sessions.digest import digest
from coder.sessions.fork import forked
from coder.sessions.glimpse import Glimpse, glimpse
from coder.sessions.load import load
from coder.sessions.locate import transcript_path
from coder.sessions.reading import read
from coder.sessions.repair import repair
from coder.sessions.store import Transcript
from tests.support.transcripts import VERSION, assert_sendable, conversation, reply, result, results, user, write

PICTURE = Image("image/png", "iVBORw0KGgoA" * 1000)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "home"))
    yield tmp_path / "home"


@pytest.fixture
def cwd(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def said(name: str, cwd: Path) -> list[Any]:
    return [message.message["content"] for message in sdk.get_session_messages(name, str(cwd))]


def seen(path: Path) -> Glimpse:
    found = glimpse(path)
    assert found is not None
    return found


@pytest.mark.behaviour("B-417")
def test_the_sdk_lists_a_session_with_its_first_prompt_and_place(home: Path, cwd: Path) -> None:
    path = write(home, cwd, conversation())
    (info,) = sdk.list_sessions(str(cwd))
    assert (info.session_id, info.first_prompt, info.cwd) == (
        path.stem,
        'fix the "test" please: naïve 🙂',
        str(cwd),
    )
    assert info.file_size == path.stat().st_size and info.created_at
    assert sdk.get_session_info(path.stem) == info


@pytest.mark.behaviour("B-417")
def test_the_sdk_reads_prompts_replies_and_results_in_order(home: Path, cwd: Path) -> None:
    prompt, answer = user("look"), reply(Text("I look."), ToolUse("t1", "Read", {}), ToolUse("t2", "Bash", {}))
    with Transcript.create(home, cwd, str(uuid.uuid4()), VERSION) as transcript:
        transcript.append(user("<context>", "context"))
        transcript.append(prompt)
        transcript.append(answer)
        found = results(result("t1"), result("t2"))
        for index in (1, 0):
            transcript.started(answer.tool_uses[index])
            transcript.finished(found.meta.uuid, index, 2, result(f"t{index + 1}"), {"n": index})
        transcript.append(found)
        transcript.append(reply(Text("Done.")))
    messages = sdk.get_session_messages(transcript.session_id, str(cwd))
    assert [message.type for message in messages] == ["user", *["assistant"] * 3, "user", "user", "assistant"]
    assert messages[0].message["content"] == "look" and messages[0].uuid == prompt.meta.uuid
    ids = [m.message["content"][0].get("tool_use_id") for m in messages if m.type == "user" and m is not messages[0]]
    assert sorted(ids) == ["t1", "t2"]


@pytest.mark.behaviour("B-417")
def test_usage_is_counted_once_a_reply_by_its_id(home: Path, cwd: Path) -> None:
    path = write(home, cwd, conversation())
    entries = [json.loads(line) for line in path.read_bytes().splitlines()]
    replies = [entry["message"] for entry in entries if entry["type"] == "assistant"]
    by_id = {message["id"]: message["usage"] for message in replies}
    assert len(by_id) == 3 < len(replies)
    assert all(by_id[message["id"]] == message["usage"] for message in replies)
    assert sum(usage["output_tokens"] for usage in by_id.values()) == 3 * 20


@pytest.mark.behaviour("B-417")
def test_a_compacted_session_with_pictures_is_read_from_its_summary_on(home: Path, cwd: Path) -> None:
    kept = [user("go on"), reply(Text("I do."))]
    with Transcript.create(home, cwd, str(uuid.uuid4()), VERSION) as transcript:
        for message in (user("begin"), reply(ToolUse("t", "Read", {}))):
            transcript.append(message)
        transcript.append(results(replace(result("t"), content=(PICTURE,))))
        transcript.append(reply(Text("A cat.")))
        for message in kept:
            transcript.append(message)
        transcript.edited(Clearing((Replacement("(cleared)", tool_use_id="t"),), "old"))
        transcript.edited(Compaction((user("in short: a cat", "summary"), *kept), "auto", 9000))
        transcript.append(user("and now"))
    assert said(transcript.session_id, cwd) == [
        "in short: a cat",
        "go on",
        [{"type": "text", "text": "I do."}],
        "and now",
    ]
    assert sdk.list_sessions(str(cwd))[0].first_prompt == "begin"


@pytest.mark.behaviour("B-417")
def test_a_picture_is_a_block_like_any_other_to_the_sdk(home: Path, cwd: Path) -> None:
    path = write(home, cwd, [Message("user", (Text("see"), PICTURE), user("").meta)])
    (content,) = said(path.stem, cwd)
    assert content[0] == {"type": "text", "text": "see"}
    assert (content[1]["type"], content[1]["source"]["media_type"]) == ("image", "image/png")
    assert len(json.dumps(content)) < 1000


@pytest.mark.behaviour("B-417")
def test_a_rewound_session_goes_on_in_the_sdk_too(home: Path, cwd: Path) -> None:
    second = user("second")
    with Transcript.create(home, cwd, str(uuid.uuid4()), VERSION) as transcript:
        for message in (user("first"), reply(Text("1")), second, reply(Text("2"))):
            transcript.append(message)
        transcript.rewind_to(second.meta.uuid)
        transcript.append(user("other"))
    assert said(transcript.session_id, cwd) == ["first", [{"type": "text", "text": "1"}], "other"]


@pytest.mark.behaviour("B-417")
def test_a_fork_of_ours_is_a_session_of_its_own(home: Path, cwd: Path) -> None:
    path = write(home, cwd, conversation())
    before = path.read_bytes()
    reading, name = read(path), str(uuid.uuid4())
    with Transcript.create(home, cwd, name, VERSION) as fork:
        target = transcript_path(home, cwd, name)
        fork.begin_with(lambda: forked(reading, path, home, target), load(path))
        fork.append(user("elsewhere"))
    assert said(name, cwd) == [*said(path.stem, cwd), "elsewhere"]
    assert {info.session_id for info in sdk.list_sessions(str(cwd))} == {path.stem, name}
    assert path.read_bytes() == before


@pytest.mark.behaviour("B-417")
def test_names_and_tags_of_the_sdk_are_ours(home: Path, cwd: Path) -> None:
    path = write(home, cwd, conversation())
    sdk.rename_session(path.stem, "Cart fix", str(cwd))
    sdk.tag_session(path.stem, "keep", str(cwd))
    labels = seen(path).labels
    assert (labels.custom, labels.tag, seen(path).title) == ("Cart fix", "keep", "Cart fix")
    assert load(path).labels == labels
    sdk.tag_session(path.stem, None, str(cwd))
    assert seen(path).labels.tag == load(path).labels.tag == ""


@pytest.mark.behaviour("B-416")
def test_a_name_given_while_the_session_is_open_is_taken_over(home: Path, cwd: Path) -> None:
    with Transcript.create(home, cwd, str(uuid.uuid4()), VERSION) as transcript:
        transcript.append(user("begin"))
        transcript.label(custom="mine")
        sdk.rename_session(transcript.session_id, "theirs", str(cwd))
        for number in range(30):
            transcript.append(reply(Text(f"{number} " + "x" * 10_000)))
    (info,) = sdk.list_sessions(str(cwd))
    assert (info.custom_title, transcript.labels.custom) == ("theirs", "theirs")


@pytest.mark.behaviour("B-417")
def test_a_fork_of_the_sdk_is_read_by_us(home: Path, cwd: Path) -> None:
    path = write(home, cwd, conversation())
    name = sdk.fork_session(path.stem, str(cwd), title="branch").session_id
    fork = path.with_name(f"{name}.jsonl")
    assert [m.content for m in load(fork).messages] == [m.content for m in load(path).messages]
    assert seen(fork).title == "branch"
    assert_sendable(repair(load(fork).messages))
    assert digest(fork).replies == {}  # its tokens are those of the original


@pytest.mark.behaviour("B-417")
def test_the_sdk_deletes_a_session_with_its_pictures(home: Path, cwd: Path) -> None:
    path = write(home, cwd, [Message("user", (Text("see"), PICTURE), user("").meta)])
    assert path.with_suffix("").is_dir()
    sdk.delete_session(path.stem, str(cwd))
    assert os.listdir(path.parent) == []


@pytest.mark.behaviour("B-416")
@pytest.mark.parametrize("size", [450_000, 100])
def test_a_session_is_listed_however_long_its_prompts_and_its_file(home: Path, cwd: Path, size: int) -> None:
    """users.md S6: a first prompt of 450 KB."""
    prompt = "Frankenstein, or the modern Prometheus. " + "It was on a dreary night. " * (size // 26)
    with Transcript.create(home, cwd, str(uuid.uuid4()), VERSION) as transcript:
        transcript.append(user("<context>", "context"))
        transcript.append(user(prompt))
        transcript.label(ai="Novel", custom="")
        for number in range(20):
            transcript.append(reply(Text(f"{number} " + "x" * 20_000)))
    (info,) = sdk.list_sessions(str(cwd))
    assert info.summary == "Novel"
    assert seen(transcript.path).prompt.startswith("Frankenstein, or the modern")


@pytest.mark.behaviour("B-416")
def test_a_huge_first_prompt_alone_is_enough_to_be_listed(home: Path, cwd: Path) -> None:
    path = write(home, cwd, [user("<context>", "context"), user("Frankenstein " + "x y " * 120_000)])
    (info,) = sdk.list_sessions(str(cwd))
    assert info.summary.startswith("Frankenstein x y")
    assert seen(path).title == "Frankenstein x y x y x y…"
