"""How long a fan-out takes: five subagents whose model answers after a second, from the first start to the last
result."""

from __future__ import annotations

import asyncio
import os
import statistics
from pathlib import Path
from time import monotonic

from bench.report import Report
from coder.app.build import open_session
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.events import AgentEnded, AgentStarted, AnyEvent
from coder.core.requests import Deny, Reply, Request
from tests.support.fakeapi import fake_api, rule
from tests.support.fanout import DONE, GO, fan

AGENTS, DELAY, BAR = 5, 1.0, 1.8


class _Front:
    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {}

    def emit(self, event: AnyEvent) -> None:
        if isinstance(event, AgentStarted | AgentEnded):
            self.times.setdefault(type(event).__name__, []).append(monotonic())

    async def ask(self, request: Request) -> Reply:
        return Deny("nobody", nobody=True)


def agents(report: Report, folder: Path, runs: int) -> None:
    slow = rule({"user_regex": "^part"}, "Report.", wait=DELAY)
    with fake_api(fan([f"part {number}" for number in range(AGENTS)], slow)) as api:
        spans = [asyncio.run(_fanned_out(folder / f"agents{number}", api.url)) for number in range(min(runs, 3))]
    report.title(f"{AGENTS} subagents at once, {DELAY:g} s until each model answers")
    report.bar("first start to last result, median", statistics.median(spans), BAR, " s")
    report.figure("the slowest", f"{max(spans):.2f} s")


async def _fanned_out(folder: Path, url: str) -> float:
    home, project = folder / "home", folder / "project"
    home.mkdir(parents=True)
    project.mkdir()
    env = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "bench",
    }
    front = _Front()
    session = await open_session(load(Flags(permission_mode="bypassPermissions"), env, project), front)
    try:
        ended = await session.prompt(GO)
    finally:
        await session.aclose()
    assert ended.text == DONE, ended
    return front.times["AgentEnded"][-1] - front.times["AgentStarted"][0]
