"""Requests of a host that gives them one id."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from coder.frontends.stream_json.control import Control, RequestError

Json = dict[str, Any]


@pytest.mark.behaviour("B-2520")
@pytest.mark.parametrize("ends", ["settled", "closed", "cancelled"])
async def test_each_of_two_requests_of_one_id_is_answered_once(ends: str) -> None:
    told: list[Json] = []
    go = {name: asyncio.Event() for name in ("first", "second")}

    async def waits(request: Json) -> Json:
        await go[request["is"]].wait()
        return {"is": request["is"]}

    control = Control(told.append, {"waits": waits})
    for name in go:
        request = {"subtype": "waits", "is": name}
        control.take({"type": "control_request", "request_id": "same", "request": request})
    go["first"].set()
    while not told:
        await asyncio.sleep(0)
    for _ in range(3):  # what is done when a task has ended
        await asyncio.sleep(0)
    if ends == "settled":
        go["second"].set()
        await control.settled()
    elif ends == "cancelled":
        control.take({"type": "control_cancel_request", "request_id": "same"})
        await control.settled()
    await control.aclose()
    answers = [frame["response"] for frame in told]
    assert len(answers) == 2 and {each["request_id"] for each in answers} == {"same"}
    assert answers[0]["response"] == {"is": "first"}
    assert answers[1]["subtype"] == ("success" if ends == "settled" else "error")


async def test_an_error_without_words_is_no_success() -> None:
    told: list[Json] = []

    async def fails(request: Json) -> Json:
        raise RequestError("")

    control = Control(told.append, {"fails": fails})
    control.take({"type": "control_request", "request_id": "r1", "request": {"subtype": "fails"}})
    await control.settled()
    assert told[0]["response"] == {"subtype": "error", "request_id": "r1", "error": "it failed"}
