"""Runs one session in this process and prints what each turn cost, as JSON. bench.cases gives it its own process."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from coder.app.build import open_session
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.events import AnyEvent, ToolFinished, ToolStarted, TurnEnded
from coder.core.requests import Deny, Reply, Request


class Meter:
    """A front end that notes CPU time at the end of each turn, and when tools started and finished."""

    def __init__(self) -> None:
        self.turns = [time.process_time()]
        self.started: list[float] = []
        self.finished: list[float] = []

    def emit(self, event: AnyEvent) -> None:
        match event:
            case TurnEnded():
                self.turns.append(time.process_time())
            case ToolStarted():
                self.started.append(time.perf_counter())
            case ToolFinished():
                self.finished.append(time.perf_counter())
            case _:
                pass

    async def ask(self, request: Request) -> Reply:
        return Deny("nobody", nobody=True)


async def drive() -> dict[str, Any]:
    meter = Meter()
    config = load(Flags(permission_mode="bypassPermissions"), os.environ, Path.cwd())
    session = await open_session(config, meter)
    try:
        ended = await session.prompt("go")
    finally:
        await session.aclose()
    return {
        "reason": ended.reason,
        "error": ended.error,
        "cpu": [b - a for a, b in zip(meter.turns, meter.turns[1:], strict=False)],
        "tool_time": max(meter.finished, default=0.0) - min(meter.started, default=0.0),
        "maxrss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(drive())))
