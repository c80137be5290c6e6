"""A server that asks on and on: the person is not worn down."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.core.events import Notice
from coder.core.messages import Json
from coder.core.requests import Deny, Reply, ServerAnswer
from coder.mcp.server import Offer
from tests.support.fakeapi import running_api, turn
from tests.support.linked import MemoryLink, MemoryLinks, server
from tests.support.talks import Talk
from tests.unit.app.reach.test_reach_session import Place

SERVER = server("asks")
SAMPLE: Json = {"messages": [{"role": "user", "content": {"type": "text", "text": "What now?"}}], "maxTokens": 9}
FORM: Json = {"message": "Tell me", "requestedSchema": {"properties": {"city": {"type": "string"}}}}
SECRET: Json = {"message": "T", "requestedSchema": {"properties": {"pin": {"type": "string"}}, "required": ["pin"]}}


@pytest.mark.behaviour("B-1862")
@pytest.mark.parametrize(
    ("kind", "params", "replies", "asked"),
    [
        ("elicit", FORM, [ServerAnswer("decline")] * 20, 5),
        ("elicit", FORM, [ServerAnswer("decline")] * 4 + [ServerAnswer("accept", {})] + [Deny("no")] * 15, 10),
        ("elicit", SECRET, [Deny("no")] * 20, 0),
        ("sample", SAMPLE, [Deny("no")] * 20, 5),
    ],
)
async def test_a_server_that_was_told_no_five_times_asks_nobody_more(
    kind: str, params: Json, replies: list[Reply], asked: int, tmp_path: Path
) -> None:
    async with running_api([turn("Never.")]) as api:
        place = Place(Talk.at(tmp_path, api.url))
        place.front._replies = replies
        links = MemoryLinks(MemoryLink(SERVER, Offer()))
        session = await place.open(links, begun=True)
        host = links.host
        assert host is not None
        for _ in range(20):
            await (host.elicit(SERVER, params) if kind == "elicit" else host.sample(SERVER, params))
        await session.aclose()
    assert len(place.front.asked) == asked
    told = [event.text for event in place.front.of(Notice)]
    assert len(told) <= 7 and sum("was told no 5 times" in text for text in told) == 1
