import copy
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.core.messages import Json
from coder.replay.continuity import Continuity
from coder.replay.reader import PieceReader
from coder.replay.signing import sign
from coder.replay.validate import parse, validate
from tests.support.fakeapi import assistant, model_request, result, text, user

EXAMPLES = 5000 if os.environ.get("CODER_FUZZ") == "long" else 100

words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(lambda s: s.strip() == s and s != "")
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6)
names = st.sampled_from(
    [
        "type",
        "role",
        "content",
        "text",
        "tool_use",
        "tool_result",
        "thinking",
        "id",
        "input",
        "cache_control",
        "source",
        "user",
    ]
)
anything = st.recursive(
    scalars | names,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.text(max_size=4), inner, max_size=5),
    max_leaves=25,
)
block_like = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "thinking", "tool_use", "tool_result", "image", "document", "song"])},
    optional=dict.fromkeys(
        ("text", "thinking", "signature", "id", "name", "input", "tool_use_id", "content", "source", "cache_control"),
        anything,
    ),
)
message_like = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["user", "assistant", "system", "x"]),
        "content": st.lists(block_like | anything, max_size=4) | words,
    }
)
request_like = st.fixed_dictionaries(
    {
        "model": st.just("m") | anything,
        "max_tokens": st.just(9) | anything,
        "messages": st.lists(message_like | anything, max_size=5),
    },
    optional=dict.fromkeys(
        ("system", "tools", "thinking", "cache_control", "stream", "temperature", "extra"), anything
    ),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Json]:
    """A valid conversation that ends with the user."""
    messages = [user(*draw(st.lists(words, min_size=1, max_size=3)))]
    number = 0
    for _ in range(draw(st.integers(0, 5))):
        thoughts = draw(st.lists(words, max_size=1))
        blocks: list[Any] = [{"type": "thinking", "thinking": t, "signature": sign(t)} for t in thoughts]
        blocks += draw(st.lists(words, min_size=1, max_size=2))
        calls = [f"toolu_{number + n}" for n in range(draw(st.integers(0, 3)))]
        number += len(calls)
        blocks += [{"type": "tool_use", "id": call, "name": "Read", "input": {"n": draw(words)}} for call in calls]
        messages.append(assistant(*blocks))
        answers = [result(call, draw(words), error=draw(st.booleans())) for call in calls]
        messages.append(user(*answers, *draw(st.lists(words, min_size=0 if calls else 1, max_size=2))))
    return messages


@settings(max_examples=EXAMPLES, deadline=None)
@given(request_like | st.dictionaries(names, anything))
def test_the_validator_answers_whatever_json_it_gets(body: Json) -> None:
    problem = validate(body)
    assert problem is None or problem.message


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.binary(max_size=60))
def test_the_parser_answers_whatever_bytes_it_gets(raw: bytes) -> None:
    parse(raw)


@settings(max_examples=EXAMPLES, deadline=None)
@given(histories())
def test_valid_histories_pass_and_every_prefix_of_one_extends_the_one_before(messages: list[Json]) -> None:
    continuity, reader = Continuity(), PieceReader()
    for end in range(1, len(messages) + 1, 2):
        body = model_request(*copy.deepcopy(messages[:end]))
        assert validate(body) is None
        assert continuity.check(reader.read(body)).problem == ""
    assert len(continuity.conversations) == 1


def _drop_results(messages: list[Json], at: int) -> None:
    messages[at + 1]["content"] = [text("no results")]


def _orphan(messages: list[Json], at: int) -> None:
    messages[at + 1]["content"].insert(0, result("toolu_unknown"))


def _twice(messages: list[Json], at: int) -> None:
    messages.insert(at, copy.deepcopy(messages[at]))


def _empty_text(messages: list[Json], at: int) -> None:
    messages[at]["content"].append(text(""))


def _empty_content(messages: list[Json], at: int) -> None:
    messages[at]["content"] = []


def _forged_thinking(messages: list[Json], at: int) -> None:
    messages[at]["content"].insert(0, {"type": "thinking", "thinking": "x", "signature": sign("y")})


def _bad_role(messages: list[Json], at: int) -> None:
    messages[at]["role"] = "model"


def _string_input(messages: list[Json], at: int) -> None:
    messages[at]["content"].append({"type": "tool_use", "id": "toolu_s", "name": "Read", "input": "{}"})


CORRUPTIONS = [_orphan, _twice, _empty_text, _empty_content, _forged_thinking, _bad_role, _string_input]


@settings(max_examples=EXAMPLES, deadline=None)
@given(histories().filter(lambda m: len(m) > 1), st.data())
def test_each_corruption_of_a_valid_history_is_refused(messages: list[Json], data: st.DataObject) -> None:
    corrupt = data.draw(st.sampled_from(CORRUPTIONS))
    at = 2 * data.draw(st.integers(0, len(messages) // 2 - 1)) + 1
    broken = copy.deepcopy(messages)
    corrupt(broken, at)
    assert validate(model_request(*broken)) is not None


@settings(max_examples=EXAMPLES, deadline=None)
@given(histories())
def test_lost_results_are_refused(messages: list[Json]) -> None:
    called = [n for n, m in enumerate(messages) if any(b["type"] == "tool_use" for b in m["content"])]
    for at in called:
        broken = copy.deepcopy(messages)
        _drop_results(broken, at)
        assert validate(model_request(*broken)) is not None


@settings(max_examples=EXAMPLES, deadline=None)
@given(histories(), st.data())
def test_a_changed_block_breaks_the_prefix(messages: list[Json], data: st.DataObject) -> None:
    continuity, reader = Continuity(), PieceReader()
    assert continuity.check(reader.read(model_request(*copy.deepcopy(messages)))).problem == ""
    changed = [*copy.deepcopy(messages), assistant("and then"), user("go on")]
    at = data.draw(st.integers(0, len(messages) - 1))
    changed[at]["content"].append(text("one more"))
    broken = continuity.check(reader.read(model_request(*changed))).problem

    if at == len(messages) - 1:
        assert broken == ""  # text added at the end only extends
    else:
        assert broken.startswith("prefix continuity broken")


@pytest.mark.parametrize("depth", [50, 100])
def test_deep_json_is_read_and_compared(depth: int) -> None:
    nested: Any = "end"
    for _ in range(depth):
        nested = {"deeper": [nested]}
    use = {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": nested}
    body = model_request(user("go"), assistant(use), user(result("toolu_1")))
    reader = PieceReader()
    assert validate(body) is None
    assert reader.read(copy.deepcopy(body)).pieces == reader.read(copy.deepcopy(body)).pieces
