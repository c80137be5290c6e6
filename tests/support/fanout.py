"""Scripts in which the model asks agents, and what a test may want to know of the API meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from coder.core.messages import Json
from tests.support.fakeapi import DEADLINE, RunningApi, fault, rule, tool

GO = "fan out"
DONE = "All is done."
BEHIND = {"last_tool_result_contains": "works in the background"}  # the reply to who was told so
STALLS = fault("stall", after=2, times="forever")
STALLED = rule({"user_regex": "^part"}, "Never.", fault=STALLS)  # an agent that never reports


def asks(*prompts: str, **more: Any) -> list[Json]:
    """Agent calls of one reply."""
    return [tool("Agent", description=f"about {prompt[:20]}", prompt=prompt, **more) for prompt in prompts]


def fan(prompts: Sequence[str], *rules: Json, **more: Any) -> Json:
    """A session that asks these agents in one reply and then ends. `rules` come first; an agent without one reports at
    once."""
    return {
        "rules": [
            *rules,
            rule({"last_user_contains": GO}, *asks(*prompts, **more)),
            rule({"user_regex": r"^(?P<words>part \S+)"}, "Report on {{words}}.", usage={"output_tokens": 7}),
            rule({"last_tool": "Agent"}, DONE),
        ]
    }


def results(body: Json) -> list[str]:
    """The texts of the results in a request's last message."""
    return [
        "".join(part["text"] for part in block["content"] if part["type"] == "text")
        for block in body["messages"][-1]["content"]
        if block["type"] == "tool_result"
    ]


def asked(body: Json) -> str:
    """The first words of the conversation that a request belongs to, behind what the place is."""
    blocks = [block for message in body["messages"] if message["role"] == "user" for block in message["content"]]
    words = [block["text"] for block in blocks if block["type"] == "text"]
    return next((text for text in words if not text.startswith("<environment>")), "")


def of(api: RunningApi, prompt: str) -> list[Json]:
    """The requests of one conversation, by how it begins."""
    return [body for body in api.requests if asked(body).startswith(prompt)]


def open_requests(api: RunningApi) -> int:
    """Requests that are being answered."""
    return sum(each.state == "open" and each.path.endswith("/messages") for each in api.exchanges)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not holds():
            await asyncio.sleep(0.005)
