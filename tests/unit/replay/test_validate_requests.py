import copy
from typing import Any

import pytest

from coder.core.messages import Json
from coder.replay.problems import Problem
from coder.replay.signing import sign
from coder.replay.validate import Rules, parse, validate
from tests.support.fakeapi import assistant, model_request, result, text, tool, user

THOUGHT = {"type": "thinking", "thinking": "look first", "signature": sign("look first")}
CACHED = {"type": "ephemeral"}
TOOL = {"name": "Read", "description": "reads", "input_schema": {"type": "object", "properties": {}}}


def conversation() -> Json:
    return copy.deepcopy(_conversation())


def _conversation() -> Json:
    return model_request(
        user("fix it"),
        assistant(
            THOUGHT, "reading", tool("Read", id="toolu_1", file_path="/a"), tool("Grep", id="toolu_2", pattern="x")
        ),
        user(result("toolu_1"), result("toolu_2", "no", error=True), "and hurry"),
        assistant("done"),
        user("thanks"),
        tools=[TOOL],
        system=[text("You are careful.")],
    )


def put(body: Json, path: str, value: Any) -> Json:
    """The body with the value at a dotted path replaced, or removed when the value is ...; `+` appends."""
    *parents, last = path.split(".")
    place: Any = body
    for step in parents:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if last == "+":
        place.append(value)
    elif value is ...:
        del place[int(last) if isinstance(place, list) else last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return body


CORRUPTIONS: list[tuple[str, Any, str]] = [
    ("model", ..., "model: Field required"),
    ("max_tokens", ..., "max_tokens: Field required"),
    ("messages", ..., "messages: Field required"),
    ("model", 7, "model: Input should be a valid string"),
    ("max_tokens", True, "max_tokens: Input should be a valid integer"),
    ("max_tokens", -1, "max_tokens: Input should be greater than or equal to 0"),
    ("stream", "yes", "stream: Input should be a valid boolean"),
    ("nonsense", 1, "nonsense: Extra inputs are not permitted"),
    ("cache_control", "yes", "cache_control.type: Input should be 'ephemeral'"),
    ("thinking", {"type": "deep"}, "thinking: Input tag does not match"),
    ("thinking", {"type": "enabled", "budget_tokens": 1000}, "greater than or equal to 1024"),
    (
        "thinking",
        {"type": "enabled", "budget_tokens": 2000},
        "`max_tokens` must be greater than `thinking.budget_tokens`",
    ),
    ("messages", [], "messages: at least one message is required"),
    ("messages", "hi", "messages: Input should be a valid list"),
    ("messages.0", assistant("hi"), 'messages: first message must use the "user" role'),
    ("messages.1", user("again"), 'messages: roles must alternate between "user" and "assistant"'),
    ("messages.0.role", "human", "messages.0.role: Input should be 'user', 'assistant' or 'system'"),
    ("messages.0.role", ["user"], "messages.0.role: Input should be"),
    ("messages.0.meta", 1, "messages.0.meta: Extra inputs are not permitted"),
    ("messages.0.content", ..., "messages.0.content: Field required"),
    ("messages.0.content", [], "messages.0: all messages must have non-empty content"),
    ("messages.0.content", "", "messages.0: text content blocks must be non-empty"),
    ("messages.0.content", 5, "messages.0.content: Input should be a valid string or list"),
    ("messages.0.content.0", "hi", "messages.0.content.0: Input should be an object"),
    ("messages.0.content.0.text", "", "messages.0.content.0: text content blocks must be non-empty"),
    ("messages.0.content.0.text", " \n", "messages.0.content.0: text content blocks must contain non-whitespace text"),
    ("messages.3.content.0.text", "\n", "messages.3.content.0: text content blocks must contain non-whitespace text"),
    ("messages.0.content.0.text", 3, "messages.0.content.0.text.text: Input should be a valid string"),
    ("messages.0.content.0.colour", 3, "messages.0.content.0.text.colour: Extra inputs are not permitted"),
    ("messages.0.content.0.type", "song", "messages.0.content.0: Input tag 'song' found using 'type'"),
    ("messages.0.content.0.type", ["text"], "messages.0.content.0.type: Field required"),
    ("messages.0.content.+", THOUGHT, "messages.0.content.1: `thinking` blocks can only be in `assistant` messages"),
    ("messages.0.content.+", tool("Read", id="t"), "`tool_use` blocks can only be in `assistant` messages"),
    ("messages.3.content.+", result("toolu_1"), "`tool_result` blocks can only be in `user` messages"),
    ("messages.1.content.0.signature", "forged", "messages.1.content.0: Invalid `signature` in `thinking` block"),
    ("messages.1.content.0.thinking", "other", "messages.1.content.0: Invalid `signature` in `thinking` block"),
    ("messages.1.content.0.signature", ..., "messages.1.content.0.thinking.signature: Field required"),
    ("messages.1.content.0.cache_control", CACHED, "thinking.cache_control: Extra inputs are not permitted"),
    ("messages.3.content.+", THOUGHT, "messages.3.content.0.type: Expected `thinking`"),
    ("messages.3.content", [THOUGHT], "messages.3: The final block in an assistant message cannot be `thinking`."),
    ("messages.1.content.2.input", [1], "messages.1.content.2.tool_use.input: Input should be a valid dictionary"),
    ("messages.1.content.2.input", "{}", "messages.1.content.2.tool_use.input: Input should be a valid dictionary"),
    ("messages.1.content.2.input", ..., "messages.1.content.2.tool_use.input: Field required"),
    ("messages.1.content.2.id", "a b", "messages.1.content.2.tool_use.id: String should match pattern"),
    ("messages.1.content.2.name", "a b", "messages.1.content.2.tool_use.name: String should match pattern"),
    ("messages.1.content.3.id", "toolu_1", "messages.1.content.3: `tool_use` ids must be unique"),
    (
        "messages.2.content.1",
        ...,
        "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_2",
    ),
    ("messages.2.content", [text("no")], "without `tool_result` blocks immediately after: toolu_1, toolu_2"),
    ("messages.2.content.0.tool_use_id", "toolu_9", "messages.2.content.0: unexpected `tool_use_id` found"),
    ("messages.2.content.+", result("toolu_1"), "each tool_use must have a single result"),
    ("messages.4.content.0", result("toolu_1"), "messages.4.content.0: unexpected `tool_use_id` found"),
    ("messages.2.content.0.content", [text("")], "content.0: text content blocks must be non-empty"),
    ("messages.2.content.0.content", [{"type": ["text"]}], "Input should be a text, image, document"),
    ("messages.2.content.0.content", 4, "tool_result.content: Input should be a valid string or list"),
    ("messages.2.content.1.content", [], "content cannot be empty if `is_error` is true"),
    ("messages.2.content.1.is_error", "yes", "tool_result.is_error: Input should be a valid boolean"),
    ("messages.+", assistant("I think "), "messages: final assistant content cannot end with trailing whitespace"),
    ("tools.0.name", "no spaces", "tools.0.custom.name: String should match pattern"),
    ("tools.0.name", ..., "tools.0.custom.name: Field required"),
    ("tools.+", TOOL, "tools: Tool names must be unique."),
    ("tools.0.input_schema.type", "array", "tools.0.custom.input_schema.type: Input should be 'object'"),
    ("tools.0.input_schema", ..., "tools.0.custom.input_schema: Field required"),
    ("tools", {"Read": 1}, "tools: Input should be a valid list"),
    ("system.0.text", "", "system.0: text content blocks must be non-empty"),
    ("system.0.cache_control", {"type": "ephemeral", "ttl": "2h"}, "ttl: Input should be '5m' or '1h'"),
    ("system", 4, "system: Input should be a valid string or list"),
]


def test_a_whole_conversation_passes() -> None:
    assert validate(conversation()) is None


@pytest.mark.behaviour("B-152")
@pytest.mark.parametrize(("path", "value", "words"), CORRUPTIONS, ids=lambda value: str(value)[:60])
def test_each_corruption_is_refused_in_the_words_of_the_api(path: str, value: Any, words: str) -> None:
    problem = validate(put(conversation(), path, value))
    assert problem is not None
    assert words in problem.message
    assert (problem.status, problem.error_type) == (400, "invalid_request_error")


def test_results_after_text_count_as_missing() -> None:
    body = conversation()
    body["messages"][2]["content"].insert(0, text("first some words"))
    problem = validate(body)
    assert problem is not None
    assert "toolu_1, toolu_2" in problem.message


def test_calls_in_the_last_message_need_results() -> None:
    problem = validate(model_request(user("go"), assistant(tool("Read", id="toolu_1"))))
    assert problem is not None
    assert problem.message.startswith("messages.1: `tool_use` ids were found without")


def test_five_breakpoints_are_one_too_many() -> None:
    body = conversation()
    for place in (
        body["tools"][0],
        body["system"][0],
        body["messages"][0]["content"][0],
        body["messages"][1]["content"][1],
    ):
        place["cache_control"] = CACHED
    assert validate(body) is None
    body["messages"][2]["content"][0]["content"][0]["cache_control"] = CACHED
    problem = validate(body)
    assert problem is not None
    assert problem.message == "A maximum of 4 blocks with cache_control may be provided. Found 5."


def test_an_hour_may_not_follow_five_minutes() -> None:
    body = conversation()
    body["system"][0]["cache_control"] = CACHED
    body["messages"][0]["content"][0]["cache_control"] = {"type": "ephemeral", "ttl": "1h"}
    problem = validate(body)
    assert problem is not None
    assert "must not come after" in problem.message


def test_a_mark_on_empty_text_is_named() -> None:
    body = conversation()
    body["messages"][0]["content"][0] = {"type": "text", "text": "", "cache_control": CACHED}
    problem = validate(body)
    assert problem is not None
    assert (
        problem.message == "messages.0.content.0.text.cache_control: cache_control cannot be set for empty text blocks"
    )


def test_blank_text_inside_a_tool_result_passes() -> None:
    assert validate(put(conversation(), "messages.2.content.0.content", [text("\n")])) is None


def test_a_block_type_the_server_itself_emitted_may_come_back() -> None:
    body = conversation()
    body["messages"][3]["content"].append({"type": "brand_new_block", "payload": 1})
    assert validate(body) is not None
    assert validate(body, Rules(extra_block_types=frozenset({"brand_new_block"}))) is None


def test_counting_needs_no_max_tokens() -> None:
    body = put(conversation(), "max_tokens", ...)
    assert validate(body, Rules(counts_only=True)) is None


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, ""),
        ({"allowed_domains": ["a.org"], "user_location": {}}, ""),
        ({"name": "search"}, "tools.0.web_search_20250305.name: Input should be 'web_search'"),
        ({"max_uses": 0}, "tools.0.web_search_20250305.max_uses"),
        ({"description": "x"}, "tools.0.web_search_20250305.description: Extra inputs are not permitted"),
        ({"allowed_domains": ["a"], "blocked_domains": ["b"]}, "Only one of allowed_domains and blocked_domains"),
    ],
)
def test_the_search_of_the_provider_is_a_tool_of_its_own_form(more: Json, words: str) -> None:
    tool = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8, **more}
    problem = validate(model_request(user("hi"), tools=[tool]))
    assert bool(problem) is bool(words) and (not problem or words in problem.message)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"{", "The request body is not valid JSON"),
        (b"\xff", "The request body is not valid JSON"),
        (b"[]", "The request body is not a JSON object"),
        (b'{"a": "\\ud83d"}', "no low surrogate in string"),
    ],
)
def test_a_body_that_is_no_clean_json_object_is_refused(raw: bytes, words: str) -> None:
    problem = parse(raw)
    assert isinstance(problem, Problem)
    assert words in problem.message


def test_an_escaped_pair_of_surrogates_is_a_character() -> None:
    assert parse(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}
