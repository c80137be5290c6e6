from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from coder.app.titles import Titler, cheap_model, read_title
from coder.core.config import ModelConfig
from coder.core.events import AnyEvent, Event, RunStarted, UsageReported
from coder.core.messages import Message, Text
from coder.models.connecting import connect
from tests.support.agents import prompt
from tests.support.fakeapi import KEY, RunningApi, fault, running_api, turn


class Session:
    """What a titler is given: a model at the fake API, a place for the title, and ears."""

    def __init__(self, api: RunningApi, *, name: str = "claude-haiku-5-5", has_title: bool = False) -> None:
        self.titles: list[str] = []
        self.events: list[Event] = []
        config = ModelConfig("claude-sonnet-5-5", api.url, api_key=KEY, max_retries=0)
        self.model = connect(config)
        self.titler = Titler(self.model, name, self.titles.append, self._hear, has_title)

    def _hear(self, event: AnyEvent) -> None:
        self.events.append(event)

    async def hears(self, *prompts: Message, patience: float = 30.0) -> None:
        for each in prompts:
            self.titler.on(RunStarted(prompt=each))
        await self.titler.aclose(patience)
        await self.model.aclose()


@pytest.mark.behaviour("B-522")
async def test_a_small_model_finds_a_title_beside_the_run() -> None:
    async with running_api([turn('"Fix rounding in the cart."')]) as api:
        session = Session(api)
        await session.hears(prompt("The cart rounds <wrong>. " * 200), prompt("a second one asks nothing"))
    (body,) = api.requests
    (exchange,) = (each for each in api.exchanges if each.path.startswith("/v1/messages"))
    assert session.titles == ["Fix rounding in the cart"]
    assert body["model"] == "claude-haiku-5-5" and body["max_tokens"] == 40 and "tools" not in body
    assert exchange.headers["x-coder-side-request"] == "title"
    assert len(json.dumps(body)) < 3000 and "<first_message>" in json.dumps(body["messages"])
    (used,) = session.events
    assert isinstance(used, UsageReported) and (used.purpose, used.model) == ("title", "claude-haiku-5-5")
    assert used.usage.output_tokens > 0


@pytest.mark.behaviour("B-522")
@pytest.mark.parametrize("kind", [fault("status", 529), fault("status", 401), fault("cut", after=3)])
async def test_a_title_that_cannot_be_had_is_no_matter(kind: dict[str, object]) -> None:
    async with running_api([turn("A title", fault=kind)]) as api:
        session = Session(api)
        await session.hears(prompt("hello"))
    assert session.titles == []


@pytest.mark.behaviour("B-522")
@pytest.mark.parametrize(("name", "has_title", "words"), [("", False, "x"), ("m", True, "x"), ("m", False, " \n")])
async def test_nobody_is_asked_where_there_is_no_need(name: str, has_title: bool, words: str) -> None:
    async with running_api([turn("never")]) as api:
        session = Session(api, name=name, has_title=has_title)
        await session.hears(prompt(words))
    assert api.requests == [] and session.titles == []


async def test_the_end_of_a_session_does_not_wait_for_a_title() -> None:
    async with running_api([turn("late", wait=60)]) as api:
        session = Session(api)
        async with asyncio.timeout(20):
            await session.hears(prompt("hello"), patience=0)
    assert session.titles == []


@pytest.mark.parametrize(
    ("reply", "title"),
    [
        ("Fix the cart", "Fix the cart"),
        ("  «Warenkorb reparieren».  ", "Warenkorb reparieren"),
        ("# Fix **the** cart\n", "Fix **the** cart"),
        ("Fix\x1b[31m the cart", "Fix [31m the cart"),
        ("I cannot do that.\nBut here is a poem", ""),
        ("x" * 81, ""),
        ("", ""),
    ],
)
def test_a_reply_that_is_no_title_is_none(reply: str, title: str) -> None:
    assert read_title(Message("assistant", (Text(reply),))) == title


@pytest.mark.behaviour("B-522")
@pytest.mark.parametrize(
    ("named", "asked"),
    [
        ("", "claude-haiku-5-5"),
        ("claude-haiku-4-5", "claude-haiku-4-5"),
        ("claude-opus-5-5", ""),
        ("somebody-elses-model", ""),
    ],
)
def test_only_a_model_known_to_be_cheap_is_asked(named: str, asked: str) -> None:
    assert cheap_model({"ANTHROPIC_DEFAULT_HAIKU_MODEL": named}) == asked


@pytest.mark.behaviour("B-522")
async def test_a_headless_run_asks_for_no_title(tmp_path: Path) -> None:
    from tests.support.talks import Talk

    async with running_api([turn("Done.")]) as api:
        await Talk.at(tmp_path, api.url).say("hello")
    assert len(api.requests) == 1


def test_a_server_of_ones_own_is_not_asked_for_a_model_it_may_not_have() -> None:
    assert cheap_model({}, "qwen3") == ""
    assert cheap_model({"ANTHROPIC_DEFAULT_HAIKU_MODEL": "claude-haiku-5-5"}, "qwen3") == "claude-haiku-5-5"
    assert cheap_model({}, "sonnet") != ""
