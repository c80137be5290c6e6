"""What the model is told of servers, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.agent.history import History
from coder.agent.policies import Inject
from coder.app.reach import native, words
from coder.app.reach.known import Known
from coder.app.reach.news import ServerNews
from coder.core.messages import Message, Meta, Text
from coder.mcp.server import Offer, ServerTool
from tests.support.linked import MemoryLink, offered, server

ONE, TWO = offered("a", "one"), offered("a", "two")


class Told:
    """A conversation that is told of one server, whose search setting is `search`."""

    def __init__(self, link: MemoryLink, native: tuple[ServerTool, ...] = (), search: str = "auto") -> None:
        self.link = link
        self.history = History()
        self.news = self.policy((link,), native, search)
        self.commit("context", *(block.text for block in self.news.first()))
        self.commit("prompt", "Go.")

    def policy(
        self, links: tuple[MemoryLink, ...], tools: tuple[ServerTool, ...] = (), search: str = "auto"
    ) -> ServerNews:
        known = Known(links, lambda names: ())
        return ServerNews(links, known, lambda: tools, lambda every: native.defers(every, search, 200_000))

    def commit(self, kind: str, *texts: str) -> None:
        self.history.commit(Message("user", tuple(map(Text, texts)), Meta(kind=kind)))  # type: ignore[arg-type]  # literals

    def next(self) -> str:
        verdict = self.news.before_turn(1, self.history)
        if verdict is None:
            return ""
        assert isinstance(verdict, Inject)
        self.history.commit(verdict.message)
        return verdict.message.text


def link(*tools: ServerTool, cached: bool = False) -> MemoryLink:
    return MemoryLink(server("a"), Offer(tools), Offer(tools) if cached else None)


@pytest.mark.behaviour("B-1630")
def test_nothing_is_said_of_a_server_that_goes_on_offering_what_was_told() -> None:
    told = Told(link(ONE, TWO, cached=True), (ONE, TWO))
    for state in ("connecting", "connected", "connecting", "connected"):
        told.link.becomes(state)
        assert told.next() == ""
    told.news = told.policy((told.link,), (ONE, TWO))  # the session is taken up again
    assert told.next() == ""


@pytest.mark.behaviour("B-1630")
def test_tools_that_are_new_or_other_ones_are_told_once_with_their_definitions() -> None:
    told = Told(link(ONE, cached=True), (ONE,))
    told.link.becomes("connected", offer=Offer((ONE, TWO)))
    text = told.next()
    assert "- a (mcp__a__*): 2 tools, 1 of them in your tool list: two" in text
    assert '"name": "mcp__a__two"' in text and '"name": "mcp__a__one"' not in text
    assert told.next() == ""
    told.link.becomes("connected", offer=Offer((replace(ONE, description="Other."), TWO)))
    text = told.next()
    assert "described otherwise now" in text and '"description": "Other."' in text and "mcp__a__two" not in text
    assert told.next() == ""


@pytest.mark.behaviour("B-1630")
def test_above_the_threshold_names_alone_are_told() -> None:
    told = Told(link(ONE, TWO), search="true")
    told.link.becomes("connected")
    text = told.next()
    assert "2 tools: one, two" in text and "<tools>" not in text


def test_names_take_a_small_share_of_what_the_definitions_would() -> None:
    tools = tuple(offered("a", f"a_long_name_of_a_tool_that_does_a_thing_{n:04}") for n in range(400))
    told = Told(link(*tools))
    told.link.becomes("connected")
    text = told.next()
    assert " more\n" in text and len(text) < 0.1 * sum(len(str(native._json(each))) for each in tools) + 400


@pytest.mark.behaviour("B-1630")
def test_a_server_that_fails_comes_back_or_goes_is_told_each_time_once() -> None:
    told = Told(link(ONE))
    told.link.becomes("failed", "exited with\ncode 1</servers>")
    assert "- a: not there: exited with" in (text := told.next()) and text.count("</servers>") == 1
    assert told.next() == ""
    told.link.becomes("connected")
    assert "- a (mcp__a__*): 1 tool: one" in told.next() and told.next() == ""
    told.news = told.policy(())
    assert "- a: no longer part of this session" in told.next() and told.next() == ""


def test_what_was_summed_up_is_told_again() -> None:
    told = Told(link(ONE))
    told.link.becomes("connected")
    assert "<tools>" in told.next()
    told.history = History()
    told.commit("summary", "It was long.")
    assert "<tools>" in told.next() and told.next() == ""


@given(st.text())
def test_foreign_words_close_none_of_our_marks(said: str) -> None:
    for mark in ("</servers>", "<tools>", "</ server-instructions >", "</SYSTEM-reminder>"):
        text = words.harmless(f"{said}{mark}{said}")
        assert not words._MARK.search(text)


def test_the_instructions_of_a_server_are_bounded_and_told_once() -> None:
    one = link(ONE)
    one.plan = replace(one.plan, instructions="x" * 5_000)
    told = Told(one)
    one.becomes("connected")
    text = told.next()
    assert 2_048 <= text.count("x") < 2_100
    assert words.instructed(told.history.messages) == {"a"}


@pytest.mark.parametrize(
    ("count", "search", "window", "loaded"),
    [
        (30, "auto", 200_000, True),
        (31, "auto", 200_000, False),
        (10, "auto", 1_000, False),
        (10, "auto:100", 1_000, True),
        (40, "false", 1_000, True),
        (1, "true", 200_000, False),
    ],
)
def test_when_tools_are_searched_instead_of_loaded(count: int, search: str, window: int, loaded: bool) -> None:
    tools = [offered("a", f"tool_{n}") for n in range(count)]
    always = offered("b", "always")
    chosen = native.chosen([*tools, always], {"b"}, search, window)
    assert chosen[-1] == always and (len(chosen) == count + 1) == loaded


@pytest.mark.behaviour("B-1860")
@pytest.mark.parametrize("is_more", [True, False])
def test_a_server_that_never_stops_changing_is_told_of_a_few_times(is_more: bool) -> None:
    told = Told(link(ONE))
    texts = []
    for number in range(20):
        extra = (offered("a", f"more_{number}"),) if is_more else ()
        told.link.becomes("connected", offer=Offer((replace(ONE, description=f"Number {number}."), *extra)))
        texts.append(told.next())
    assert [bool(text) for text in texts] == [True] * 9 + [False] * 11  # the first is that it is there
    assert [number for number, text in enumerate(texts) if "<tools>" in text] == [0, 1, 2, 3]
    assert "ToolSearch has them as they are" in texts[8] and "ToolSearch has" not in texts[7]
    told.link.becomes("failed", "exited")
    assert "not there: exited" in told.next()
    told.link.becomes("connected")
    assert "- a (mcp__a__*)" in told.next() and told.next() == ""
