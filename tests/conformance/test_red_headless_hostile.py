"""Commands that say what no coder says: the verdict is on them, and nothing else happens."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from coder.conformance.bounded import read_all
from coder.conformance.catalogue import chosen
from coder.conformance.check import Unmet, Verdict
from coder.conformance.frames import strict
from coder.conformance.running import verdicts

FIRST = "req_1_conformance"
ABOUT = {"commands": [7], "models": [], "agents": []}
ODD: list[Any] = [
    {"type": "control_response", "response": 7},
    {"type": "control_response"},
    {"type": ["x"], "subtype": {}},
    {"type": "assistant", "message": {"content": [7, None, {"type": "tool_use"}]}},
    {"type": "control_request", "request": 7, "request_id": []},
    {
        "type": "control_response",
        "response": {"request_id": "req_1_conformance", "subtype": "success", "response": ABOUT},
    },
    {"type": "stream_event", "event": 7},
    {"type": "result", "modelUsage": [1], "result": {}, "total_cost_usd": "x"},
]


async def judged(tmp_path: Path, frames: list[Any], *names: str, patience: float = 2.0) -> list[Verdict]:
    said = tmp_path / "said"
    said.write_text("".join(json.dumps(frame) + "\n" for frame in frames))
    command = ["sh", "-c", f"cat '{said}'; cat >/dev/null"]
    return [each async for each in verdicts(chosen(names), command, patience=patience)]


@pytest.mark.behaviour("B-2519")
async def test_frames_of_the_wrong_kinds_are_a_verdict(tmp_path: Path) -> None:
    names = ("control-initialize", "control-unknown", "init-fields")
    found = await judged(tmp_path, [*ODD, *ODD], *names)
    assert [each.state for each in found] == ["fail"] * len(names)
    assert any("of the kinds they must be" in each.expected for each in found)


@pytest.mark.behaviour("B-2519")
async def test_what_has_no_end_is_not_read_to_its_end() -> None:
    stream = asyncio.StreamReader()
    stream.feed_data(b"y\n" * 40_000)
    with pytest.raises(Unmet, match="an end of stdout"):
        await read_all(stream, "stdout", most=70_000)
    stream.feed_eof()
    assert len(await read_all(stream, "stdout")) < 80_000


@pytest.mark.behaviour("B-2519")
@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\r"])
def test_what_some_readers_take_for_a_line_end_is_none_of_a_line(end: str) -> None:
    strict(b'{"a": "\\u2028"}\n')
    with pytest.raises(Unmet, match="line 1 of stdout"):
        strict(json.dumps({"a": "b"}).replace("b", end).encode() + b"\n")


@pytest.mark.behaviour("B-2519")
async def test_a_turn_without_its_beginning_fails(tmp_path: Path) -> None:
    init, result = {"type": "system", "subtype": "init"}, {"type": "result"}
    (found,) = await judged(tmp_path, [init, result, result], "turns-several")
    assert found.seen == "[1, 0]"


@pytest.mark.behaviour("B-2519")
async def test_a_message_of_nobody_fails_what_looks_at_it(tmp_path: Path) -> None:
    message = {"role": "assistant", "model": "m", "content": []}
    frames = [{"type": "assistant", "parent_tool_use_id": parent, "message": message} for parent in ("toolu_x", None)]
    told = [(await judged(tmp_path, [frame, {"type": "result"}], "assistant-shape"))[0].expected for frame in frames]
    assert "one message id for each of two replies" in told[1]
    assert told[0] == "parent_tool_use_id null, outside of agents" != told[1]
