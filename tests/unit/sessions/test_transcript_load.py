from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from coder.core.errors import SessionError
from coder.core.messages import Image, Message, Text, ToolResult, ToolUse
from coder.sessions.load import Loaded, load
from coder.sessions.repair import repair
from tests.support.transcripts import assert_sendable, conversation, reply, user, write


def entry(kind: str, name: str, parent: str | None, content: Any, **more: Any) -> dict[str, Any]:
    role = kind if kind in ("user", "assistant") else "user"
    return {"type": kind, "uuid": name, "parentUuid": parent, "message": {"role": role, "content": content}, **more}


def said(name: str, parent: str | None, api_id: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    found = entry("assistant", name, parent, list(blocks))
    found["message"]["id"] = api_id
    return found


def call(name: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": name, "name": "Read", "input": {}}


def answer(name: str, text: str) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": name, "content": text}


def loaded(folder: Path, *entries: dict[str, Any] | bytes) -> Loaded:
    path = folder / f"{uuid.uuid4()}.jsonl"
    path.write_bytes(b"".join(e if isinstance(e, bytes) else json.dumps(e).encode() + b"\n" for e in entries))
    return load(path)


def texts(found: Loaded) -> list[str]:
    return [message.text for message in found.messages]


@pytest.mark.behaviour("B-404")
def test_c04_s02_a_torn_last_line_is_left_out_and_said(tmp_path: Path) -> None:
    path = write(tmp_path, tmp_path, [user("one"), reply(Text("two"))])
    path.write_bytes(path.read_bytes()[:-10])
    found = load(path)
    assert texts(found) == ["one"]
    assert found.skipped == "loaded 1 of 2 lines; skipped a last line that was cut off while being written"


@pytest.mark.behaviour("B-404")
def test_a_last_line_that_lacks_only_its_newline_counts(tmp_path: Path) -> None:
    path = write(tmp_path, tmp_path, [user("one"), reply(Text("two"))])
    path.write_bytes(path.read_bytes()[:-1])
    assert (texts(load(path)), load(path).skipped) == (["one", "two"], "")


@pytest.mark.behaviour("B-404")
@pytest.mark.parametrize(
    "damage",
    [
        b"garbage\n",
        b"\0\0\0\0\n",
        b'{"type":"user","uuid":\n',
        b"\xff\xfe\xfa\n",
        b"[1, 2]\n",
        b'"text"\n',
        b"[" * 100_000 + b"\n",
        b'{"type":"user","uuid":"u","message":"no object"}\n',
        b'{"type":"assistant","uuid":"u","message":{"content":7}}\n',
        b'{"a":' + b"9" * 5000 + b"}\n",
    ],
)
def test_a_damaged_line_costs_no_other_line(tmp_path: Path, damage: bytes) -> None:
    messages = conversation()
    path = write(tmp_path, tmp_path, messages)
    first, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([first, damage, *rest]))
    found = load(path)
    assert found.messages == tuple(messages)
    if damage.strip(b"\0\n"):
        assert found.skipped == f"loaded {found.lines - 1} of {found.lines} lines; skipped 1 damaged line (2)"


@pytest.mark.behaviour("B-404")
def test_a_lost_line_in_the_middle_costs_itself_alone(tmp_path: Path) -> None:
    messages = [user("one"), reply(Text("two")), user("three"), reply(Text("four"))]
    path = write(tmp_path, tmp_path, messages)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:50] + b"\n" + lines[2] + lines[3])
    assert texts(load(path)) == ["one", "three", "four"]


@pytest.mark.behaviour("B-404")
def test_a_byte_order_mark_and_windows_line_ends_do_not_matter(tmp_path: Path) -> None:
    messages = conversation()
    path = write(tmp_path, tmp_path, messages)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert (load(path).messages, load(path).skipped) == (tuple(messages), "")


@pytest.mark.behaviour("B-404")
def test_unknown_entries_are_counted_and_known_side_lines_are_not(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        {"type": "summary", "summary": "x"},
        entry("user", "a", None, "one"),
        {"type": "from-the-future", "uuid": "f", "parentUuid": "a"},
        {"type": "custom-title", "customTitle": "t"},
        {"type": ["odd"]},
        entry("assistant", "b", "f", [{"type": "text", "text": "two"}]),
    )
    assert texts(found) == ["one", "two"]
    assert "1 entry of unknown type 'from-the-future'" in found.skipped


def test_many_damaged_lines_are_counted_not_listed(tmp_path: Path) -> None:
    found = loaded(tmp_path, *[b"bad\n"] * 20, entry("user", "a", None, "one"))
    assert found.skipped == "loaded 1 of 21 lines; skipped 20 damaged lines (1, 2, 3, 4, 5, …)"


def test_an_empty_file_holds_an_empty_conversation(tmp_path: Path) -> None:
    assert loaded(tmp_path) == Loaded(())
    assert loaded(tmp_path, b"\n\n  \n") == Loaded(())


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match=r"none\.jsonl cannot be read: No such file"):
        load(tmp_path / "none.jsonl")


def test_an_entry_that_stands_twice_counts_once(tmp_path: Path) -> None:
    first = entry("user", "a", None, "one")
    assert texts(loaded(tmp_path, first, first, entry("user", "b", "a", "two"), first)) == ["one", "two"]


@pytest.mark.parametrize("parent", ["gone", "b", "later", 7, ""])
def test_a_parent_that_leads_nowhere_leads_to_the_entry_before(tmp_path: Path, parent: object) -> None:
    odd = {**entry("user", "b", None, "two"), "parentUuid": parent}
    found = loaded(tmp_path, entry("user", "a", None, "one"), odd, entry("user", "later", "b", "three"))
    assert texts(found)[-2:] == ["two", "three"]
    if isinstance(parent, str) and parent:
        assert texts(found) == ["one", "two", "three"]


def test_a_branch_that_was_left_is_no_part_of_the_conversation(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        entry("user", "a", None, "one"),
        said("b", "a", "m1", {"type": "text", "text": "left"}),
        said("c", "a", "m2", {"type": "text", "text": "kept"}),
        entry("user", "d", "c", "two"),
    )
    assert (texts(found), found.elsewhere, found.leaf) == (["one", "kept", "two"], 1, "d")


def test_what_a_summary_replaced_is_not_loaded(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        entry("user", "a", None, "long ago"),
        {"type": "system", "subtype": "compact_boundary", "uuid": "s", "parentUuid": None, "logicalParentUuid": "a"},
        entry("user", "b", "s", "the summary", isCompactSummary=True),
        entry("user", "c", "b", "next"),
    )
    assert texts(found) == ["the summary", "next"]
    assert [message.meta.kind for message in found.messages] == ["summary", "prompt"]


@pytest.mark.behaviour("B-410")
def test_parallel_calls_that_hang_on_a_side_of_the_tree_are_found(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        entry("user", "a", None, "go"),
        said("b1", "a", "m1", {"type": "text", "text": "both"}),
        said("b2", "b1", "m1", call("t1")),
        entry("user", "r1", "b2", [answer("t1", "first")]),
        said("b3", "b2", "m1", call("t2")),
        entry("user", "r2", "b3", [answer("t2", "second")]),
        said("c", "r2", "m2", {"type": "text", "text": "done"}),
    )
    assert [m.role for m in found.messages] == ["user", "assistant", "user", "assistant"]
    assert [block.id for block in found.messages[1].tool_uses] == ["t1", "t2"]
    assert found.messages[2].content == (ToolResult("t1", (Text("first"),)), ToolResult("t2", (Text("second"),)))
    assert_sendable(found.messages)


@pytest.mark.behaviour("B-410")
def test_one_call_after_the_other_stays_one_after_the_other(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        entry("user", "a", None, "go"),
        said("b", "a", "m1", call("t1")),
        entry("user", "r1", "b", [answer("t1", "first")]),
        said("c", "r1", "m2", call("t2")),
        entry("user", "r2", "c", [answer("t2", "second")]),
    )
    assert [len(message.content) for message in found.messages] == [1, 1, 1, 1, 1]
    assert_sendable(found.messages)


@pytest.mark.behaviour("B-410")
def test_replies_to_two_prompts_are_two_even_when_a_server_gives_them_one_id(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        entry("user", "a", None, "one"),
        said("b", "a", "m", {"type": "text", "text": "two"}),
        entry("user", "c", "b", "three"),
        said("d", "c", "m", {"type": "text", "text": "four"}),
    )
    assert texts(found) == ["one", "two", "three", "four"]


@pytest.mark.behaviour("B-410")
def test_other_programs_lines_about_subagents_and_failures_are_left_out(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        entry("user", "a", None, "go"),
        entry("user", "s", None, "to a subagent", isSidechain=True),
        entry("assistant", "e", "a", [{"type": "text", "text": "API Error: 529"}], isApiErrorMessage=True),
        {"type": "attachment", "uuid": "x", "parentUuid": "e", "attachment": {}},
        entry("user", "b", "x", "go on"),
    )
    assert texts(found) == ["go", "go on"]


def test_a_server_that_numbers_every_reply_alike_does_not_merge_turns(tmp_path: Path) -> None:
    messages = [
        user("one"),
        reply(ToolUse("t1", "Read", {}), api_id="msg"),
        Message("user", (ToolResult("t1", ()),)),
        reply(Text("two"), api_id="msg"),
        user("three"),
        reply(Text("four"), api_id="msg"),
    ]
    assert [m.content for m in load(write(tmp_path, tmp_path, messages)).messages] == [m.content for m in messages]


def test_entries_of_a_version_without_uuids_are_a_list(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        {"type": "user", "message": {"role": "user", "content": "one"}},
        {"type": "assistant", "message": {"role": "assistant", "content": [{"type": "text", "text": "two"}]}},
        {"type": "user", "message": {"role": "user", "content": "three"}},
    )
    assert texts(found) == ["one", "two", "three"]


def test_strange_values_in_known_places_are_survived(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        entry("user", "a", None, ["text", 7, {"type": ["x"]}, {"type": "text", "text": "one"}], cwd=7, timestamp=[]),
        entry("assistant", "b", "a", [{"type": "tool_use", "id": 7}], coder=[1], sessionId={}, toolUseResult="x"),
        entry("user", "c", "b", [{"type": "image", "source": 3}, {"type": "tool_result"}], coder={"kind": ["x"]}),
        entry("user", "d", "c", "end", isMeta="yes"),
    )
    assert_sendable(repair(found.messages))
    assert texts(found)[-1] == "end"


def test_escaped_lone_surrogates_are_replaced(tmp_path: Path) -> None:
    line = b'{"type":"user","uuid":"a","message":{"content":"x\\ud83d y \\ud83d\\ude42"}}\n'
    assert texts(loaded(tmp_path, line)) == ["x\ufffd y 🙂"]


def test_a_line_that_was_put_in_by_hand_with_spaces_is_read(tmp_path: Path) -> None:
    line = b'  {"type" : "user", "uuid" : "a", "message" : {"content" : [{"type": "text", "text": "hi"}]}}\n'
    assert texts(loaded(tmp_path, line)) == ["hi"]


def test_images_keep_every_byte(tmp_path: Path) -> None:
    picture = Message("user", (Text("look"), Image("image/png", "aGVsbG8+/w==" * 1000)))
    assert load(write(tmp_path, tmp_path, [picture])).messages[0].content == picture.content


@pytest.mark.soak
def test_a_hundred_megabytes_load_in_a_few_seconds(tmp_path: Path) -> None:
    big = [user("start")]
    for number in range(1000):
        big += [
            reply(Text("x" * 50_000), ToolUse(f"t{number}", "Read", {})),
            Message("user", (ToolResult(f"t{number}", (Text("y\n" * 25_000),)),)),
        ]
    path = write(tmp_path, tmp_path, big)
    assert path.stat().st_size > 100_000_000
    assert len(load(path).messages) == len(big)
