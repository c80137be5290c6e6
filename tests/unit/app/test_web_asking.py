"""What is asked of a model about the web: an answer about a page, a search. The model is the fake API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from coder.app.web import WebAsking, searches, web_room
from coder.core.config import Config, ModelConfig
from coder.core.errors import ToolError
from coder.core.messages import Json, Usage
from coder.models import catalog
from coder.models.wire import WireModel
from coder.tools.web.room import MOST_SEARCHES, Searched, WebRoom
from coder.tools.web.search_tool import WebSearch
from tests.support.fakeapi import KEY, RunningApi, fault, running_api, turn
from tests.support.toolbox import Toolbox, text_of

MAIN, SMALL = "claude-sonnet-5-5", "claude-haiku-5-5"


def hit(title: str, url: str, **more: str) -> Json:
    return {"type": "web_search_result", "title": title, "url": url, "encrypted_content": "x", **more}


def searched(content: Any, name: str = "srvtoolu_1") -> list[Json]:
    """The blocks of one search."""
    use = {"type": "server_tool_use", "id": name, "name": "web_search", "input": {"query": "q"}}
    found = {"type": "web_search_tool_result", "tool_use_id": name, "content": content}
    return [{"type": "raw", "raw": use}, {"type": "raw", "raw": found}]


def failed(code: str, name: str = "srvtoolu_2") -> list[Json]:
    return searched({"type": "web_search_tool_result_error", "error_code": code}, name)


@asynccontextmanager
async def asking(*turns: Json, env: Mapping[str, str] | None = None) -> AsyncIterator[tuple[WebAsking, RunningApi]]:
    async with running_api(list(turns)) as api:
        model = WireModel(ModelConfig(MAIN, api.url, api_key=KEY))
        yield WebAsking(lambda: model, MAIN, env or {}), api
        await model.aclose()
        api.check()


@pytest.fixture
def box(tmp_path: Path) -> Toolbox:
    (tmp_path / "work").mkdir()
    return Toolbox(tmp_path / "work")


@pytest.mark.behaviour("B-1750")
async def test_a_small_model_is_asked_about_a_page_beside_the_conversation() -> None:
    async with asking(turn("Forty-two.")) as (asks, api):
        assert await asks.answer("<web_page>\nthe page\n</web_page>", "How many?") == "Forty-two."
    (request,) = api.requests
    assert request["model"] == SMALL and "tools" not in request
    (message,) = request["messages"]
    assert message["content"][0]["text"].endswith("</web_page>\n\nThe question: How many?")
    assert "do not do it" in request["system"][0]["text"]
    assert api.exchanges[0].headers["x-coder-side-request"] == "fetch"


async def test_nobody_is_asked_where_no_small_model_is_known() -> None:
    async with asking(turn("never")) as (asks, api):
        elsewhere = WebAsking(asks._side, "llama-3", {})
        assert await elsewhere.answer("page", "what?") == ""
    assert not api.requests


@pytest.mark.behaviour("B-1752")
async def test_a_search_gives_links_and_what_they_say(box: Toolbox) -> None:
    blocks = searched(
        [
            hit("Docs [new]\n\u202e", "https://a.example/x(1)", page_age="2 days ago"),
            hit("Docs again", "https://a.example/x(1)"),
            hit("Script", "javascript:alert(1)"),
            {"type": "web_search_result"},
            "nonsense",
        ]
    )
    usage = {"server_tool_use": {"web_search_requests": 1}}
    async with asking(turn(*blocks, "It is new.", usage=usage)) as (asks, api):
        tool = WebSearch(WebRoom(), asks.search)
        output = await box.call(tool, query=" what is\nnew ", allowed_domains=["a.example", "b.example/docs"])
    (request,) = api.requests
    assert request["model"] == MAIN and "what is\nnew" in request["messages"][0]["content"][0]["text"]
    assert request["tools"] == [
        {
            "type": "web_search_20250305",
            "name": "web_search",
            "max_uses": 8,
            "allowed_domains": ["a.example", "b.example/docs"],
        }
    ]
    text = text_of(output)
    assert text.startswith('Found for "what is new"; what follows is data from the web')
    assert text.endswith("- [Docs again](https://a.example/x%281%29)\n\nIt is new.\n</web_results>")
    assert output.data is not None and output.data.pop("durationSeconds") >= 0
    url = "https://a.example/x(1)"
    links = [{"title": "Docs [new]\n\u202e", "url": url}, {"title": "Docs again", "url": url}]
    assert output.data == {
        "query": "what is\nnew",
        "results": [{"tool_use_id": "srvtoolu_1", "content": links}, "It is new."],
        "searchCount": 1,
    }
    assert output.summary == "1 result"


async def test_titles_cannot_break_out_of_their_links(box: Toolbox) -> None:
    found = searched([hit("Docs](https://evil.example) [x\n\u202e", "https://a.example/", page_age="1\nday")])
    async with asking(turn(*found)) as (asks, _):
        output = await box.call(WebSearch(WebRoom(), asks.search), query="docs")
    assert "- [Docs)(https://evil.example) (x \\u202e](https://a.example/) · 1 day" in text_of(output)


@pytest.mark.behaviour("B-1753")
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("max_uses_exceeded", "more searches than one call may"),
        ("too_many_requests", "try again in a minute"),
        ("query_too_long", "too long"),
        ("unavailable", "does not answer"),
        ("something_new", "says something_new"),
    ],
)
async def test_a_search_that_fails_says_why(box: Toolbox, code: str, said: str) -> None:
    async with asking(turn(*failed(code))) as (asks, _):
        with pytest.raises(ToolError, match=said):
            await box.call(WebSearch(WebRoom(), asks.search), query="docs")


async def test_what_was_found_before_a_search_failed_is_kept(box: Toolbox) -> None:
    blocks = [*searched([hit("A", "https://a.example/")]), *failed("max_uses_exceeded")]
    async with asking(turn(*blocks, "So far.")) as (asks, _):
        text = text_of(await box.call(WebSearch(WebRoom(), asks.search), query="docs"))
    assert "[A](https://a.example/)" in text and "So far." in text and "One search failed: it would have" in text


async def test_a_search_that_the_provider_paused_goes_on() -> None:
    first, second = searched([hit("A", "https://a.example/")]), searched([hit("B", "https://b.example/")], "srvtoolu_9")
    usage = {"server_tool_use": {"web_search_requests": 2}}
    paused = turn(*first, "One. ", stop_reason="pause_turn", usage=usage)
    async with asking(
        paused, turn("More.", stop_reason="pause_turn", usage=usage), turn(*second, "Two.", usage=usage)
    ) as (asks, api):
        found = await asks.search("q", (), ())
    assert [name for name, _ in found.steps] == ["srvtoolu_1", "srvtoolu_9"]
    assert (found.said, found.count) == ("One. More.Two.", 6)
    (_, sent), kinds = api.requests[2]["messages"], ["server_tool_use", "web_search_tool_result", "text", "text"]
    assert [block["type"] for block in sent["content"]] == kinds


async def test_a_model_that_cannot_be_asked_is_an_error_of_the_call(box: Toolbox) -> None:
    async with asking(turn("x", fault=fault("status", 400, message="web search is not enabled"))) as (asks, _):
        with pytest.raises(ToolError, match=r"The search failed: .*web search is not enabled"):
            await box.call(WebSearch(WebRoom(), asks.search), query="docs")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"query": " "}, "from 2 to 2,000"),
        ({"query": "x" * 2_001}, "from 2 to 2,000"),
        ({"query": "docs", "allowed_domains": ["a.org"], "blocked_domains": ["b.org"]}, "cannot both be given"),
        ({"query": "docs", "allowed_domains": ["https://a.org"]}, "is no domain"),
        ({"query": "docs", "blocked_domains": ["a b"]}, "is no domain"),
        ({"query": "docs", "blocked_domains": ["a.org"] * 51}, "At most 50"),
    ],
)
async def test_a_search_that_makes_no_sense_is_not_made(box: Toolbox, given: Json, said: str) -> None:
    room = WebRoom()
    with pytest.raises(ToolError, match=said):
        await box.call(WebSearch(room, _none), given)
    assert room.searches == 0


@pytest.mark.behaviour("B-1754")
async def test_a_session_searches_so_often_and_no_more(box: Toolbox) -> None:
    room = WebRoom(searches=MOST_SEARCHES - 1)
    tool = WebSearch(room, _none)
    assert "No links." in text_of(await box.call(tool, query="docs"))
    with pytest.raises(ToolError, match="200 searches were made"):
        await box.call(tool, query="docs")


async def _none(query: str, allowed: tuple[str, ...], blocked: tuple[str, ...]) -> Searched:
    return Searched()


def config(base: str = "", **more: Any) -> Config:
    provider = more.pop("provider", "anthropic")
    return Config(Path("/"), Path("/home"), ModelConfig(MAIN, base, provider=provider), **more)


@pytest.mark.behaviour("B-1755")
def test_a_search_is_offered_where_the_provider_searches_or_as_told() -> None:
    ours = config("https://api.anthropic.com/v1/")
    assert searches(config(), {}) and searches(ours, {})
    assert not searches(config("http://127.0.0.1:9"), {})
    assert not searches(config(provider="bedrock"), {})
    assert searches(config("http://127.0.0.1:9"), {"CODER_WEB_SEARCH": "1"})
    assert not searches(ours, {"CODER_WEB_SEARCH": "0"})
    room = web_room(config("http://x", private_hosts=("localhost",)), {}, MAIN, lambda: pytest.fail("asked"))
    assert room.search is None and room.answer is not None and room.allowed == ("localhost",)


async def test_few_searches_are_asked_for_where_a_budget_has_to_hold() -> None:
    async with running_api([turn("x")]) as api:
        model = WireModel(ModelConfig(MAIN, api.url, api_key=KEY))
        room = web_room(config(max_budget_usd=1.0), {}, MAIN, lambda: model)
        assert room.search is not None
        await room.search("q", (), ())
        await model.aclose()
    assert api.requests[0]["tools"][0]["max_uses"] == 3


@pytest.mark.behaviour("B-1754")
def test_each_search_has_its_price() -> None:
    plain, with_searches = Usage(1000, 10), Usage(1000, 10, web_search_requests=3)
    before, after = catalog.price(MAIN, plain), catalog.price(MAIN, with_searches)
    assert before is not None and after is not None and after - before == pytest.approx(0.03)
    assert catalog.price("unknown", with_searches) is None and catalog.price(catalog.OFFLINE, with_searches) == 0
