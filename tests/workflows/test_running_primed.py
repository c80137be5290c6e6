"""Siblings of a step read from the cache what the first of them put there."""

from __future__ import annotations

import pytest

from coder.core.events import AgentStarted, AnyEvent, StreamEvent, UsageReported
from tests.support.cli import Place
from tests.support.fakeapi import rule, running_api
from tests.workflows.test_running_in_session import Person, sitting, write

FLOW = "## look\nLook at {{n}}.\n```step\neach: {items: [one, two, three, four], as: n}\nparallel: 4\n"
FLOW += "agent: Explore\n```\n"


class Counting(Person):
    def __init__(self) -> None:
        super().__init__()
        self.usages: list[UsageReported] = []

    def emit(self, event: AnyEvent) -> None:
        super().emit(event)
        if isinstance(event, UsageReported):
            self.usages.append(event)


@pytest.mark.behaviour("B-2121")
async def test_all_but_the_first_sibling_read_the_cache(place: Place) -> None:
    write(place, FLOW)
    person = Counting()
    slow = rule({"last_user_contains": "Look at"}, "seen", wait=0.05)
    async with running_api({"rules": [slow]}) as api, sitting(place, person, api.url) as session:
        assert (await session.prompt("/flow")).reason == "done" and len(api.requests) == 4
        asked = [str(body["messages"]) for body in api.requests]
    assert "Look at one" in asked[0] and len({event.agent for event in person.usages}) == 4
    starts = [at for at, event in enumerate(person.events) if isinstance(event, AgentStarted)]
    first_byte = next(at for at, event in enumerate(person.events) if isinstance(event, StreamEvent))
    assert starts[0] < first_byte < starts[1], "the others wait for the first byte of the first"
    reads = sorted(event.usage.cache_read_input_tokens for event in person.usages)
    assert reads[0] == 0 and reads[1] > 1024, "the tools and the system prompt are one prefix for all of them"
