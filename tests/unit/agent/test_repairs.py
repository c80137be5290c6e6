"""users.md 2 and S8-S11: nothing in a conversation may make every later request fail."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from coder.agent.history import History
from coder.agent.room import Room
from coder.core.edits import ContextEdit, applied
from coder.core.events import Notice
from coder.core.messages import Document, Image, Json, Message, Meta, Text, Thinking, ToolResult, ToolUse, Usage
from coder.core.tools import ToolContext, ToolOutput
from coder.models.retry import MAX_RETRIES
from tests.property.test_history_invariant import sendable
from tests.support.engine import AnyParams, FakeTool, Recorder
from tests.support.fakeapi import fault, running_api, thinking, tool_input, turn
from tests.support.mixed import engine_on
from tests.support.pictures import png

PDF = Document("application/pdf", "JVBERi0xLjQK")


class Shows(FakeTool):
    """Answers with the given blocks."""

    def __init__(self, *blocks: Text | Image | Document) -> None:
        super().__init__("Show")
        self._blocks = blocks

    async def run(self, params: AnyParams, context: ToolContext) -> ToolOutput:
        return ToolOutput(self._blocks)


def asked(*blocks: Text | Image | Document) -> Message:
    return Message("user", blocks, Meta(kind="prompt"))


def blocks_of(request: Json) -> list[Json]:
    return [block for message in request["messages"] for block in message["content"]]


def media_in(request: Json) -> list[str]:
    found = []
    for block in blocks_of(request):
        inner = block["content"] if block["type"] == "tool_result" else [block]
        found += [part["type"] for part in inner if part["type"] in ("image", "document")]
    return found


def refusal(message: str, status: int = 400, times: int = 1) -> Json:
    return fault("status", status, message=message, times=times)


# What the API says, and what must be gone afterwards. messages.0 is the place, then a text, a picture and a document;
# messages.1 the reply with thinking, a text and two calls; messages.2 their results: a text with a picture, a document.
REFUSALS = {
    "a picture of the prompt": (
        "messages.0.content.2.image.source.base64: image exceeds 5 MB maximum: 6 bytes > 5 bytes",
        ["document", "image", "document"],
    ),
    "too many large pictures": (
        "messages.2.content.0.tool_result.content.1.image.source.base64.data: At least one of the image dimensions "
        "exceed max allowed size for many-image requests: 2000 pixels",
        ["image", "document", "document"],
    ),
    "a picture, unnamed": ("Could not process image", ["image", "document", "document"]),
    "a document, unnamed": ("The PDF specified was not valid.", ["image", "document", "image"]),
    "a document of the prompt": (
        "messages.0.content.3.document.source.base64.data: document cannot be empty",
        ["image", "image", "document"],
    ),
    "a signature": (
        "messages.1.content.0: Invalid `signature` in `thinking` block",
        ["image", "document", "image", "document"],
    ),
    "a signature, unnamed": ("Invalid signature in thinking block", ["image", "document", "image", "document"]),
    "an empty text": (
        "messages.1.content.1: text content blocks must be non-empty",
        ["image", "document", "image", "document"],
    ),
    "a call": (
        "messages.1.content.2.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,200}$'",
        ["image", "document", "document"],
    ),
    "a result": ("messages.2.content.1.tool_result: this output is not allowed", ["image", "document", "image"]),
}


@pytest.mark.behaviour("B-572")
@pytest.mark.parametrize("name", REFUSALS)
async def test_what_the_api_refuses_is_left_out_and_the_session_goes_on(tmp_path: Path, name: str) -> None:
    said, left = REFUSALS[name]
    log: list[Message | ContextEdit] = []
    history = History(log.append, edit_sink=log.append)
    recorder = Recorder()
    calls = [tool_input("Show", {}, id="t1"), tool_input("File", {}, id="t2")]
    turns = [
        turn(thinking("Look."), "Looking.", *calls),
        turn("Done.", fault=refusal(said)),
        turn("Still here."),
        turn("Resumed."),
    ]
    file = Shows(PDF)
    file.name = "File"
    tools = [Shows(Text("shown:"), png(20, 10)), file]
    room = Room(folder=tmp_path)
    async with running_api(turns) as api:
        async with engine_on(api, room, recorder, tools, history) as engine:
            ended = await engine.agent.run(asked(Text("What is this?"), png(30, 30), PDF))
            assert (ended.reason, ended.text) == ("done", "Done."), ended.error
            assert (await engine.agent.run(asked(Text("And now?")))).reason == "done"
        loaded = History(messages=replayed(log))
        async with engine_on(api, room, Recorder(), tools, loaded) as engine:
            assert (await engine.agent.run(asked(Text("And now?")))).text == "Resumed."
    assert media_in(api.requests[-1]) == left
    [notice] = recorder.of(Notice)
    assert notice.text.startswith("The API refused ") and "left out from now on" in notice.text
    assert api.context_edits == ["leave out what the API refused"]
    assert len(api.requests) == 5
    sendable(loaded.view)


def replayed(log: Sequence[Message | ContextEdit]) -> tuple[Message, ...]:
    messages: tuple[Message, ...] = ()
    for entry in log:
        messages = (*messages, entry) if isinstance(entry, Message) else applied(messages, entry)
    return messages


@pytest.mark.behaviour("B-572")
async def test_a_request_too_large_loses_its_largest_pictures_first(tmp_path: Path) -> None:
    turns = [turn("Done.", fault=refusal("Request exceeds the maximum size", 413))]
    large, small = png(1200, 1200, padding=90_000), png(30, 30)
    async with running_api(turns) as api, engine_on(api, Room(folder=tmp_path), Recorder(), [FakeTool("x")]) as engine:
        assert (await engine.agent.run(asked(Text("See."), small, large, small))).reason == "done"
    assert media_in(api.requests[-1]) == ["image", "image"]
    texts = [block["text"] for block in blocks_of(api.requests[-1]) if block["type"] == "text"]
    assert any(text.startswith("[A picture (image/png, 1200x1200, ") for text in texts)


@pytest.mark.behaviour("B-572")
async def test_a_paused_turn_that_goes_on_with_thinking_bricks_nothing(tmp_path: Path) -> None:
    """Both parts are one message to the API, which wants thinking at its beginning only."""
    turns = [
        turn("I begin.", stop_reason="pause_turn"),
        turn(thinking("Hm."), "I go on.", tool_input("Show", {})),
        turn("Done."),
        turn("Still here."),
    ]
    recorder = Recorder()
    async with (
        running_api(turns, allow_violations=True) as api,
        engine_on(api, Room(folder=tmp_path), recorder, [Shows(Text("z"))]) as engine,
    ):
        ended = await engine.agent.run(asked(Text("See.")))
        assert (ended.reason, ended.text) == ("done", "Done."), ended.error
        assert (await engine.agent.run(asked(Text("And now?")))).text == "Still here."
    assert len(api.violations) == 1 and "Expected `thinking`" in api.violations[0]
    assert [notice.text[:29] for notice in recorder.of(Notice)] == ["The API refused thinking that"]
    assert "thinking" not in [block["type"] for block in blocks_of(api.requests[-1])]


@pytest.mark.behaviour("B-572")
@pytest.mark.parametrize("place", ["messages.0.content.1", "messages.2.content.0"])
async def test_what_was_left_out_once_is_not_left_out_again(tmp_path: Path, place: str) -> None:
    """The API refuses the same place over and over: leaving out a placeholder helps nobody."""
    turns = [turn("x", tool_input("Show", {})), turn("y", fault=refusal(f"{place}: this is not allowed", times=20))]
    recorder = Recorder()
    async with running_api(turns) as api, engine_on(api, Room(folder=tmp_path), recorder, [Shows(Text("z"))]) as engine:
        ended = await engine.agent.run(asked(Text("See.")))
    assert ended.reason == "model_error" and "this is not allowed" in ended.error
    assert len(recorder.of(Notice)) == 1 and len(api.requests) == 3


@pytest.mark.behaviour("B-572")
async def test_a_refusal_that_no_repair_helps_ends_the_run_and_says_why(tmp_path: Path) -> None:
    shows = [turn(tool_input("Show", {})) for _ in range(6)]
    turns = [*shows, turn("x", fault=refusal("No picture pleases me", times=5)), turn("Fine.")]
    async with (
        running_api(turns) as api,
        engine_on(api, Room(folder=tmp_path), Recorder(), [Shows(png(9, 9))]) as engine,
    ):
        ended = await engine.agent.run(asked(Text("See.")))
        assert ended.reason == "model_error" and "No picture pleases me" in ended.error
        assert len(api.requests) == 6 + 5 <= MAX_RETRIES
        assert media_in(api.requests[-1]) == ["image"] * 2
        again = await engine.agent.run(asked(Text("And now?")))
    assert again.reason == "done"


async def test_a_refusal_about_no_block_is_reported_at_once(tmp_path: Path) -> None:
    recorder = Recorder()
    turns = [turn("x", fault=refusal("max_tokens: 5 > 4, which is the maximum allowed"))]
    async with running_api(turns) as api, engine_on(api, Room(folder=tmp_path), recorder, [FakeTool("x")]) as engine:
        ended = await engine.agent.run(asked(Text("See."), png(10, 10)))
    assert ended.reason == "model_error" and len(api.requests) == 1 and recorder.of(Notice) == []


@pytest.mark.behaviour("B-573")
async def test_many_screenshots_and_one_more(tmp_path: Path) -> None:
    """S8: pictures that are fine one by one are too large once there are more than twenty."""
    recorder = Recorder()
    screens = [png(1170, 2532)] * 20
    turns = [turn("Seen."), turn("Seen too.")]
    async with running_api(turns) as api, engine_on(api, Room(folder=tmp_path), recorder, [FakeTool("x")]) as engine:
        await engine.agent.run(asked(Text("These."), *screens))
        await engine.agent.run(asked(Text("And this."), png(800, 600)))
    assert len(media_in(api.requests[0])) == 20 and media_in(api.requests[1]) == ["image"]
    assert api.context_edits == ["left out media"] and "were left out" in recorder.of(Notice)[0].text


@pytest.mark.behaviour("B-573")
def test_what_no_request_may_carry_is_made_smaller_or_told() -> None:
    made = png(400, 300)
    shrunk: list[Image] = []

    def shrink(image: Image) -> Image | None:
        shrunk.append(image)
        return made if len(shrunk) == 1 else None

    history = History(shrink=shrink)
    mislabelled = Image("image/jpeg", made.data)
    given = (png(3000, 10), png(9000, 10), png(2100, 10), mislabelled, Image("image/png", ""), Document("x", ""))
    history.commit(asked(*given))
    [message] = history.messages
    assert message.content[0] == made and message.content[2:4] == (given[2], made)
    told = [block.text for block in message.content if isinstance(block, Text)]
    assert told[0] == "[A picture (image/png, 9000x10, 486 bytes) was left out: it was too large to be sent.]"
    assert told[1].startswith("[A picture (image/png, 0 bytes) was left out: it was empty.")
    assert told[2] == "[A document (0 bytes) was left out: it was empty.]"
    assert history.cleaned(message) is message and len(shrunk) == 4


@pytest.mark.behaviour("B-575")
async def test_nothing_empty_and_no_half_character_is_sent(tmp_path: Path) -> None:
    """S9, S10: the fake API refuses both, as the real one does."""
    blank = Shows(Text("  \n"))
    cut = FakeTool("Cut", lambda raw: "an emoji cut in two: \ud83d")
    failing = FakeTool("Fail", lambda raw: 1 / 0)
    calls = [tool_input(name, {}) for name in ("Show", "Cut", "Fail")]
    async with (
        running_api([turn("Look.", *calls), turn("Done.")]) as api,
        engine_on(api, Room(folder=tmp_path), Recorder(), [blank, cut, failing]) as engine,
    ):
        ended = await engine.agent.run(asked(png(10, 10), Text("")))
    assert ended.reason == "done"
    results = [block for block in blocks_of(api.requests[-1]) if block["type"] == "tool_result"]
    assert results[0]["content"] == [] and results[1]["content"][0]["text"].endswith("two: \ufffd")


@pytest.mark.behaviour("B-575")
def test_an_error_without_words_is_given_some() -> None:
    history = History()
    history.commit(asked(Text("go")))
    history.commit(Message("assistant", (ToolUse("t", "Read", {}),)))
    history.commit(Message("user", (ToolResult("t", (Text(" "),), is_error=True),)))
    assert history.messages[-1].content == (ToolResult("t", (Text("(It failed without a message.)"),), is_error=True),)


def signed(model: str, *blocks: Text | Thinking | ToolUse) -> Message:
    meta = Meta(kind="reply", model=model, usage=Usage(input_tokens=10))
    return Message("assistant", (Thinking(f"by {model}", "EsigA=="), *blocks), meta)


@pytest.mark.behaviour("B-574")
async def test_a_conversation_changes_its_model_and_changes_back(tmp_path: Path) -> None:
    """S11. The fake API refuses thinking that it did not sign; here each model signs its own."""
    log: list[Message | ContextEdit] = []
    turns = [
        turn(thinking("A thinks."), tool_input("x", {})), turn("A1."),
        turn(thinking("B thinks."), tool_input("x", {})), turn("B1."),
        turn(thinking("A again."), "A2."),
    ]  # fmt: skip
    async with running_api(turns) as api:
        for model in ("claude-one-1", "claude-two-2", "claude-one-1"):
            history = History(log.append, replayed(log))
            async with engine_on(api, Room(folder=tmp_path), Recorder(), [FakeTool("x")], history, model) as engine:
                assert (await engine.agent.run(asked(Text(f"Go, {model}.")))).reason == "done"
    thoughts = [[b["thinking"] for b in blocks_of(body) if b["type"] == "thinking"] for body in api.requests]
    assert thoughts == [[], ["A thinks."], [], ["B thinks."], ["A thinks."]]
    assert api.context_edits == ["another model"] * 2


@pytest.mark.behaviour("B-574")
@pytest.mark.parametrize(
    ("wrote", "asks", "kept"),
    [
        ("claude-one-1", "claude-one-1", True),
        ("claude-one-1-20260101", "claude-one-1", True),
        ("us.anthropic.claude-one-1-20260101-v1:0", "claude-one-1", True),
        ("claude-one-1@20260101", "claude-one-1", True),
        ("claude-two-2", "claude-one-1", False),
        ("some-proxy-name", "claude-one-1", True),
        ("", "claude-one-1", True),
    ],
)
def test_thinking_is_kept_for_the_model_that_wrote_it(wrote: str, asks: str, kept: bool) -> None:
    history = History(messages=[asked(Text("go")), signed(wrote, Text("Hm."))])
    history.project_for(asks)
    assert isinstance(history.view[1].content[0], Thinking) is kept
    assert isinstance(history.messages[1].content[0], Thinking)
