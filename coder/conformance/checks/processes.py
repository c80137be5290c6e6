"""Checks of signals, of slow readers and of what is left behind. Must not know how a command is started."""

from __future__ import annotations

import asyncio
import os
import signal

from coder.conformance.check import Check, Skipped, Unmet, expect
from coder.conformance.checks.output import STREAM
from coder.conformance.frames import kinds, of_type, only_result
from coder.conformance.ground import MARK, Ground
from coder.conformance.leftovers import can_look, marked

_LONG = 200_000  # characters of a text that no pipe holds
_SLOW = 1.0  # seconds that nothing is read
_SLEEP = {"tool": "Bash", "input": {"command": "sleep 300 & sleep 300", "description": "sleep"}}


async def _signalled(ground: Ground, number: signal.Signals) -> None:
    await ground.serve({**_SLEEP, "text": "Now."}, "never")
    async with ground.talk("--allowedTools", "Bash(sleep *)") as wire:
        await wire.say("go")
        await wire.calls("Bash")
        wire.signal(number)
        await wire.rest(ends=False)
    code = wire.process.returncode
    expect(code in (128 + number, -number), f"exit code {128 + number}", code)
    expect(len(of_type(wire.seen, "result")) <= 1, "at most one result", kinds(wire.seen))
    await _nothing_left(ground)


async def _terminated(ground: Ground) -> None:
    await _signalled(ground, signal.SIGTERM)


async def _interrupted(ground: Ground) -> None:
    await _signalled(ground, signal.SIGINT)


async def _left_behind(ground: Ground) -> None:
    if not can_look():
        raise Skipped("this system has no /proc to look for processes in")
    call = {"command": "sleep 300", "description": "sleep", "run_in_background": True}
    await ground.serve({"tool": "Bash", "input": call}, "Done.")
    done = await ground.run("-p", "go", "--allowedTools", "Bash(sleep *)", *STREAM)
    done.clean()
    expect(not only_result(done.frames).get("permission_denials"), "the call to be allowed", done.frames[-1])
    await _nothing_left(ground)


async def _nothing_left(ground: Ground) -> None:
    if not can_look():
        return
    for _ in range(200):  # nobody tells of the end of what is not our child
        if not (left := marked(MARK, ground.mark)):
            return
        await asyncio.sleep(0.05)
    raise Unmet("no process to be left behind", left)


async def _slow_reader(ground: Ground) -> None:
    text = "0123456789abcdef" * (_LONG // 16)
    await ground.serve({"text": text, "delta": 64})
    async with ground.talk("--include-partial-messages") as wire:
        await wire.say("go")
        await asyncio.sleep(_SLOW)
        await wire.turn()
        await wire.rest()
    results = of_type(wire.seen, "result")
    expect(
        len(results) == 1 and results[0].get("result") == text, "the whole text in one result", kinds(wire.seen[-3:])
    )


async def _reader_gone(ground: Ground) -> None:
    """Whoever read has left: it must end, and leave nothing behind."""
    await ground.serve({"text": "0123456789abcdef" * (_LONG // 16), "delta": 64}, {"text": "x"})
    reading, writing = os.pipe()
    try:
        process = await ground.writing_to(writing, "-p", "go", *STREAM)
    finally:
        os.close(writing)
        os.close(reading)
    try:
        async with asyncio.timeout(ground.patience):
            await process.communicate()
    except TimeoutError:
        raise Unmet("the process to end when its reader has left", "it runs on") from None
    await _nothing_left(ground)


CHECKS = (
    Check("signal-term", "§10", "SIGTERM ends it with 143, and all that it runs", _terminated),
    Check("signal-int", "§10", "SIGINT ends it with 130, and all that it runs", _interrupted),
    Check("left-behind", "§10", "nothing runs on when it has ended", _left_behind),
    Check("slow-reader", "§10", "a reader that is late misses nothing", _slow_reader),
    Check("reader-gone", "§10", "it ends when its reader has left", _reader_gone),
)
