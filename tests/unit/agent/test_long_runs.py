from __future__ import annotations

import gc
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from coder.core.events import AnyEvent, TurnEnded
from coder.core.messages import Json, Message, Meta, Text, ToolUse, Usage
from coder.core.model import Completed, ModelEvent, ModelRequest
from tests.support.agents import Engine, prompt
from tests.support.engine import FakeTool, Recorder

TURNS = 500
OUTPUT = 2_000  # bytes of a result; with the reply and what Python adds, a turn is about 5 kB


class Endless:
    """Calls one tool again and again, and keeps nothing of what it was asked."""

    def __init__(self) -> None:
        self._turn = 0

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        self._turn += 1
        usage = Usage(input_tokens=1_000, output_tokens=20)
        call = ToolUse(f"t{self._turn}", "look", {"file_path": f"/project/{self._turn}"})
        content = (Text(f"Looking at {self._turn}."), call) if self._turn < TURNS else (Text("Done."),)
        meta = Meta(api_id=f"msg_{self._turn}", model="m", stop_reason="tool_use", usage=usage)
        yield Completed(Message("assistant", content, meta), "tool_use", usage)

    async def aclose(self) -> None:
        pass


class Measuring(Recorder):
    """Keeps no event; notes how much memory is in use at some turns."""

    def __init__(self) -> None:
        super().__init__()
        self.used: dict[int, int] = {}

    def emit(self, event: AnyEvent) -> None:
        if isinstance(event, TurnEnded) and event.turn in (100, 300, 499):
            gc.collect()
            self.used[event.turn] = tracemalloc.get_traced_memory()[0]


@pytest.mark.behaviour("B-578")
async def test_500_turns_hold_their_messages_and_little_more(capsys: pytest.CaptureFixture[str]) -> None:
    def output(raw: Json) -> str:
        return f"{raw['file_path']} " + "x" * OUTPUT

    recorder = Measuring()
    engine = Engine(Endless(), [FakeTool("look", output, pauses=0)], recorder=recorder, policies=())
    tracemalloc.start()
    try:
        await engine.agent.run(prompt())
    finally:
        tracemalloc.stop()
    early = (recorder.used[300] - recorder.used[100]) / 200
    late = (recorder.used[499] - recorder.used[300]) / 199
    with capsys.disabled():
        print(f"\nmemory a turn: {early:,.0f} bytes at turns 100-300, {late:,.0f} at 300-499, {OUTPUT:,} of output")
    assert late < 1.1 * early and late < OUTPUT + 5_000
    assert len(engine.history.messages) == 2 * TURNS
