from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from coder.core.errors import ErrorKind, ModelError
from coder.core.messages import Block, Message, Meta, Opaque, Text, Thinking, ToolUse
from coder.core.model import Completed, ModelEvent, ModelRequest, Switched
from coder.models.fallback import FallbackModel, without_thinking
from coder.models.scripted import events, reply

ONE, TWO, THREE = "claude-sonnet-5-5", "claude-opus-4-1", "local-model"
HELLO = Message("user", (Text("hi"),))
Answer = Callable[[ModelRequest], ModelError | None]


class Server:
    """Answers as the model that was asked, unless `fails` says otherwise."""

    def __init__(self, fails: Answer = lambda request: None) -> None:
        self.fails = fails
        self.requests: list[ModelRequest] = []

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        self.requests.append(request)
        if (error := self.fails(request)) is not None:
            raise error
        for event in events(reply("ok", model=request.model)):
            yield event

    async def aclose(self) -> None:
        pass

    @property
    def asked(self) -> list[str]:
        return [request.model for request in self.requests]


def failing(kind: ErrorKind, *names: str) -> Answer:
    error = ModelError("Not now.", kind, retryable=True)
    return lambda request: error if request.model in names else None


def request(*messages: Message, model: str = ONE) -> ModelRequest:
    return ModelRequest(model, messages or (HELLO,), max_tokens=64_000, thinking=True, effort="high")


def model_of(server: Server, *fallbacks: str, limited: bool = False) -> FallbackModel:
    return FallbackModel(server, server, fallbacks, limited=limited)


async def run(model: FallbackModel, asked: ModelRequest) -> list[ModelEvent]:
    return [event async for event in model.stream(asked)]


def wrote(name: str, *blocks: Block) -> Message:
    return Message("assistant", blocks, Meta(kind="reply", model=name))


@pytest.mark.behaviour("B-541")
@pytest.mark.parametrize("kind", ["overloaded", "server", "timeout", "not_found"])
async def test_a_model_that_cannot_be_had_is_replaced_by_the_next(kind: ErrorKind) -> None:
    server = Server(failing(kind, ONE, TWO))
    found = await run(model_of(server, TWO, THREE), request())
    assert server.asked == [ONE, TWO, THREE]
    told = [event.message for event in found if isinstance(event, Switched)]
    assert len(told) == 2 and told[0].startswith(f"{ONE} ") and told[0].endswith(f"this turn goes to {TWO}.")
    assert isinstance(found[-1], Completed)


@pytest.mark.parametrize("kind", ["auth", "invalid", "too_long", "connection", "budget", "token_budget", "rate_limit"])
async def test_other_failures_are_the_same_for_every_model(kind: ErrorKind) -> None:
    server = Server(failing(kind, ONE))
    with pytest.raises(ModelError) as caught:
        await run(model_of(server, TWO), request())
    assert (caught.value.kind, server.asked) == (kind, [ONE])


@pytest.mark.behaviour("B-543")
async def test_a_rate_limit_is_a_reason_where_that_was_asked_for() -> None:
    server = Server(failing("rate_limit", ONE))
    await run(model_of(server, TWO, limited=True), request())
    assert server.asked == [ONE, TWO]


async def test_the_last_failure_is_reported_when_no_model_is_left() -> None:
    server = Server(failing("overloaded", ONE, TWO))
    with pytest.raises(ModelError, match=r"Not now\."):
        await run(model_of(server, TWO), request())


@pytest.mark.behaviour("B-541")
async def test_a_request_is_fitted_to_the_model_it_goes_to() -> None:
    server = Server(failing("overloaded", ONE))
    await run(model_of(server, TWO), request())
    first, second = server.requests
    assert (first.max_tokens, first.thinking, first.effort) == (64_000, True, "high")
    assert (second.max_tokens, second.thinking, second.effort) == (32_000, False, None)


@pytest.mark.behaviour("B-542")
async def test_the_rest_of_a_run_stays_with_the_model_that_answers_and_the_next_message_does_not() -> None:
    server = Server(failing("overloaded", ONE))
    model = model_of(server, TWO)
    await run(model, request())
    await run(model, request(HELLO, wrote(TWO, Text("ok")), HELLO))
    assert server.asked == [ONE, TWO, TWO]
    server.fails = lambda request: None
    model.start_over()
    await run(model, request(HELLO, wrote(TWO, Text("ok")), HELLO))
    assert server.asked[3:] == [ONE]


@pytest.mark.behaviour("B-542")
async def test_no_model_is_sent_what_another_one_signed() -> None:
    mine = wrote("claude-sonnet-5-5-20261001", Thinking("mine", "s1"), Text("a"))
    theirs = wrote(TWO, Thinking("theirs", "s2"), Opaque({"type": "redacted_thinking"}), ToolUse("t", "Read", {}))
    server = Server()
    model = model_of(server)
    asked = request(HELLO, mine, HELLO, theirs, HELLO)
    await run(model, asked)
    await run(model, asked)
    first, second = (sent.messages for sent in server.requests)
    assert first[1] is mine and first[3].content == (ToolUse("t", "Read", {}),)
    assert first[3] is second[3]  # so that it need not be serialised again


async def test_two_models_that_nobody_knows_may_be_one() -> None:
    server = Server()
    message = wrote("gateway-name", Thinking("kept", "s"), Text("a"))
    await run(model_of(server), request(HELLO, message, HELLO, model="my-alias"))
    assert server.requests[0].messages[1] is message and not server.requests[0].headers


@pytest.mark.behaviour("B-542")
async def test_a_change_of_the_model_is_announced_as_an_edit_of_the_context() -> None:
    server = Server(failing("overloaded", ONE))
    model = model_of(server, TWO)
    mine = wrote(ONE, Text("a"))
    await run(model, request(HELLO, mine, HELLO))
    await run(model, request(HELLO, mine, HELLO, wrote(TWO, Text("b")), HELLO))
    model.start_over()
    server.fails = lambda request: None
    await run(model, request(HELLO, mine, HELLO, wrote(TWO, Text("b")), HELLO))
    headers = [sent.headers.get("x-coder-context-edit") for sent in server.requests]
    assert server.asked == [ONE, TWO, TWO, ONE]
    assert headers == [None, "fallback model", None, "fallback model"]


async def test_a_resumed_conversation_of_another_model_is_announced_too() -> None:
    server = Server()
    await run(model_of(server), request(HELLO, wrote(TWO, Text("b")), HELLO))
    assert server.requests[0].headers == {"x-coder-context-edit": "fallback model"}


def test_a_reply_of_thinking_alone_stays_as_it_is() -> None:
    message = wrote(ONE, Thinking("x", "s"))
    assert without_thinking(message) is message


async def test_going_back_after_a_try_that_was_refused_is_announced_once_more() -> None:
    server = Server(failing("overloaded", ONE))
    model = model_of(server, TWO)
    asked = request(HELLO, wrote(TWO, Text("b")), HELLO)
    await run(model, asked)
    headers = [sent.headers.get("x-coder-context-edit") for sent in server.requests]
    assert (server.asked, headers) == ([ONE, TWO], ["fallback model", "fallback model"])
