"""What accounting for a request costs: its fingerprint, its ledger line and its budget, over a long conversation."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from bench.report import Report
from coder.app.accounts import Accounts
from coder.core.messages import Message, Text, ToolResult, ToolUse, Usage
from coder.core.model import Completed, ModelEvent, ModelRequest, ToolSpec
from coder.models import catalog
from coder.models.budget import Budget
from coder.models.metered import MeteredModel
from coder.telemetry.ledger_file import LedgerFile

TURNS = 500
BAR = 2.0  # ms a request
TOOLS = tuple(ToolSpec(f"Tool{n}", "What it does. " * 60, {"type": "object"}) for n in range(25))


class Instant:
    """Answers at once, so that only the accounting is measured."""

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        message = Message("assistant", (Text("ok"),))
        yield Completed(message, "end_turn", Usage(10, 10, 100, 1_000))

    async def aclose(self) -> None:
        pass


def accounting(report: Report, folder: Path, runs: int) -> None:
    times = asyncio.run(_conversation(folder / "accounting"))
    ledger = next((folder / "accounting" / "ledger").glob("*.jsonl"))
    report.title(f"Accounting for a request (one conversation of {TURNS} turns, 3 kB results, a budget, a ledger)")
    report.bar("CPU, median", statistics.median(times), BAR, " ms")
    report.bar("CPU, 95th percentile", sorted(times)[int(len(times) * 0.95)], BAR, " ms")
    report.figure("the last request", f"{times[-1]:.2f} ms")
    report.figure("ledger", f"{ledger.stat().st_size / TURNS:.0f} bytes a request")


async def _conversation(home: Path) -> list[float]:
    accounts = Accounts("bench", home, LedgerFile(home))
    budget = Budget(1e6, 10**12, catalog.price, catalog.dearest)
    model = MeteredModel(Instant(), accounts.record, budget=budget)
    request = ModelRequest("claude-sonnet-5-5", (), ("You are a coding agent. " * 250,), TOOLS, mark_system=True)
    messages: tuple[Message, ...] = (Message("user", (Text("go"),)),)
    times = []
    for turn in range(TURNS):
        asked = replace(request, messages=messages, marks=((len(messages) - 1, 0),))
        started = time.process_time()
        async for _ in model.stream(asked):
            pass
        times.append((time.process_time() - started) * 1000)
        call = ToolUse(f"t{turn}", "Tool1", {"file_path": f"src/{turn}.py"})
        result = ToolResult(call.id, (Text(f"{turn} " * 800),))
        messages = (*messages, Message("assistant", (Text("Next."), call)), Message("user", (result,)))
    accounts.close()
    return times
