from __future__ import annotations

from collections.abc import Sequence

import pytest

from coder.core.messages import Block, Message, Meta, Opaque, Text, Thinking, ToolResult, ToolUse
from coder.sessions.repair import INTERRUPTED, LOST_START, repair
from tests.support.transcripts import assert_sendable, conversation, reply, result, results, user

CALL = ToolUse("t1", "Read", {})
OTHER = ToolUse("t2", "Read", {})


def blocks(messages: Sequence[Message]) -> list[tuple[Block, ...]]:
    return [message.content for message in messages]


def interrupted(name: str) -> ToolResult:
    return ToolResult(name, (Text(INTERRUPTED),), is_error=True)


def test_a_valid_conversation_comes_back_unchanged() -> None:
    messages = tuple(conversation())
    assert repair(messages) == messages


@pytest.mark.behaviour("B-408")
def test_a_call_without_an_answer_is_answered_as_interrupted() -> None:
    repaired = repair([user("go"), reply(Text("I look."), CALL)])
    assert blocks(repaired[2:]) == [(interrupted("t1"),)]
    assert repaired[2].meta.kind == "results"
    assert_sendable(repaired)


@pytest.mark.behaviour("B-408")
def test_an_interrupted_call_is_answered_before_the_next_prompt() -> None:
    repaired = repair([user("go"), reply(CALL), user("go on")])
    assert blocks(repaired[2:]) == [(interrupted("t1"),), (Text("go on"),)]
    assert_sendable(repaired)


@pytest.mark.behaviour("B-408")
def test_results_that_survived_are_kept_and_only_the_missing_one_is_made_up() -> None:
    known = results(result("t2"), data=({"n": 2},))
    repaired = repair([user("go"), reply(CALL, OTHER), known])
    assert blocks(repaired[2:]) == [(interrupted("t1"), result("t2"))]
    assert repaired[2].meta.tool_data == (None, {"n": 2})
    assert repaired[2].meta.uuid == known.meta.uuid
    assert_sendable(repaired)


def test_results_in_the_wrong_order_or_behind_words_are_put_in_place() -> None:
    mixed = results(Text("by the way"), result("t2"), result("t1"))
    repaired = repair([user("go"), reply(CALL, OTHER), mixed])
    assert repaired[2].content == (result("t1"), result("t2"), Text("by the way"))


def test_a_result_that_came_late_is_moved_to_its_call() -> None:
    repaired = repair([user("go"), reply(CALL), user("meanwhile"), results(result("t1"))])
    assert blocks(repaired[2:]) == [(result("t1"),), (Text("meanwhile"),)]
    assert_sendable(repaired)


def test_results_nobody_asked_for_are_dropped() -> None:
    repaired = repair(
        [
            user("go"),
            results(result("t9"), data=({"n": 1},)),
            reply(Text("ok")),
            results(result("t8"), Text("hm"), data=({"n": 1},)),
        ]
    )
    assert blocks(repaired[1:]) == [(Text("ok"),), (Text("hm"),)]
    assert all(message.meta.tool_data == () for message in repaired)
    assert_sendable(repaired)


def test_the_second_call_of_one_id_is_dropped() -> None:
    repaired = repair([user("go"), reply(CALL, CALL), results(result("t1"), result("t1")), reply(CALL, Text("again"))])
    assert blocks(repaired[1:]) == [(CALL,), (result("t1"),), (Text("again"),)]
    assert_sendable(repaired)


def test_thinking_without_a_signature_or_at_the_very_end_is_dropped() -> None:
    signed, unsigned = Thinking("a", "sig"), Thinking("b")
    hidden = Opaque({"type": "redacted_thinking", "data": "x"})
    repaired = repair(
        [user("go"), reply(signed, Text("x"), unsigned), reply(signed, Text("y"), signed, hidden), reply(signed)]
    )
    assert blocks(repaired[1:]) == [(signed, Text("x")), (signed, Text("y"))]
    assert_sendable(repaired)


def test_empty_texts_and_half_characters_are_mended() -> None:
    repaired = repair([user("a\ud83d"), reply(Text(" \n"), Text("b"), CALL), results(ToolResult("t1", (Text(" "),)))])
    assert blocks(repaired) == [(Text("a\ufffd"),), (Text("b"), CALL), (ToolResult("t1", ()),)]
    assert_sendable(repaired)


def test_blocks_in_the_mouth_of_the_wrong_role_are_dropped() -> None:
    messages = [
        Message("user", (Text("go"), CALL, Thinking("x", "sig")), Meta("u1")),
        Message("assistant", (result("t9"), Text("ok"), ToolUse("", "Read", {}), ToolUse("t5", "", {})), Meta("u2")),
        Message("user", (Opaque({"type": "tool_use", "id": 7}), Opaque({"type": 3}), Text("end")), Meta("u3")),
    ]
    repaired = repair(messages)
    assert blocks(repaired) == [(Text("go"),), (Text("ok"),), (Text("end"),)]
    assert_sendable(repaired)


def test_a_conversation_that_lost_its_beginning_says_so() -> None:
    repaired = repair([reply(Text("Done.")), user("thanks")])
    assert blocks(repaired) == [(Text(LOST_START),), (Text("Done."),), (Text("thanks"),)]
    assert_sendable(repaired)


def test_repairing_twice_gives_the_same_conversation_byte_for_byte() -> None:
    broken = [reply(CALL, OTHER), user("x"), reply(ToolUse("t3", "Read", {}))]
    assert repair(broken) == repair(broken)
    assert repair(repair(broken)) == repair(broken)


def test_nothing_is_made_of_nothing() -> None:
    assert repair([]) == ()
    assert repair([Message("user", ()), Message("assistant", (Text(" "),))]) == ()
