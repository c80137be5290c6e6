"""Checks of messages over stdin and of its end. Must not know how a command is started."""

from __future__ import annotations

from coder.conformance.check import Check, expect, expect_equal
from coder.conformance.frames import kinds, of_type, only_result
from coder.conformance.ground import Ground
from coder.conformance.wire import Wire, said

STDIO = ("--permission-prompt-tool", "stdio")
TOUCH = {"tool": "Bash", "input": {"command": "touch made", "description": "make a file"}}


async def _several(ground: Ground) -> None:
    await ground.serve("First.", "Second.")
    async with ground.talk() as wire:
        await wire.say("one")
        told = [await wire.turn()]
        await wire.say("two")
        told.append(await wire.turn())
        await wire.clean()
    inits = [len(of_type(each, "system", "init")) for each in told]
    expect_equal(inits, [1, 1], "the number of system/init of each turn to be")
    first, second = (each[-1] for each in told)
    expect_equal((first.get("result"), second.get("result")), ("First.", "Second."), "the results to be")
    expect_equal(second.get("session_id"), first.get("session_id"), "the session to stay")
    costs = [each.get("total_cost_usd", 0) for each in (first, second)]
    expect(costs[0] < costs[1], "costs to add up over the process", costs)
    ground.check_prefixes()


async def _queued(ground: Ground) -> None:
    await ground.serve({"text": "First.", "wait": 0.5}, "Second.")
    async with ground.talk() as wire:
        await wire.send(said("one"), said("two"))
        texts = [(await wire.turn())[-1].get("result") for _ in range(2)]
        await wire.clean()
    expect_equal(texts, ["First.", "Second."], "one result for each message:")


async def _end_while_running(ground: Ground) -> None:
    await ground.serve({"text": "Done.", "wait": 1.0})
    done = await ground.said("go")
    expect_equal(only_result(done.frames).get("result"), "Done.", "the result after the end of the input to be")
    done.clean()


async def _end_while_idle(ground: Ground) -> None:
    async with ground.talk() as wire:
        await wire.clean()
        expect(not of_type(wire.seen, "result"), "no result where nothing was said", kinds(wire.seen))


async def _stays(ground: Ground) -> None:
    """After a result it goes on until its input ends: a request is answered then."""
    await ground.serve("Done.")
    async with ground.talk() as wire:
        await wire.say("go")
        await wire.turn()
        await wire.ask("set_permission_mode", mode="plan")
        await wire.clean()


async def _end_while_asked(ground: Ground) -> None:
    await ground.serve(TOUCH, "Then not.")
    async with ground.talk(*STDIO, answers={"can_use_tool": None}) as wire:
        await wire.say("go")
        await wire.until(lambda frame: frame.get("type") == "control_request", "a question about the call")
        await _denied_at_the_end(ground, wire)


async def _denied_at_the_end(ground: Ground, wire: Wire) -> None:
    only_result(await wire.rest())
    expect(not (ground.project / "made").exists(), "the call to be denied when the input ends", "it was run")


async def _noise(ground: Ground) -> None:
    """Lines of tomorrow and lines that are none."""
    await ground.serve("Done.")
    async with ground.talk() as wire:
        await wire.send({"type": "of_tomorrow", "x": [1]}, {"type": "keep_alive"})
        wire.write(b"\r\n\n")
        await wire.say("go")
        expect_equal((await wire.turn())[-1].get("result"), "Done.", "the result to be")
        await wire.clean()


async def _replayed(ground: Ground) -> None:
    await ground.serve("Done.")
    name = "6f1d3c52-3c0e-4f57-9a0e-0c1f5a1b2c3d"
    async with ground.talk("--replay-user-messages") as wire:
        await wire.say("go", uuid=name)
        frames = await wire.turn()
        await wire.clean()
    found = [frame.get("uuid") for frame in of_type(frames, "user") if frame.get("isReplay") is True]
    expect_equal(found, [name], "each message to come back with its uuid:")


CHECKS = (
    Check("turns-several", "§5", "one process takes several messages; costs add up", _several),
    Check("turns-queued", "§5", "what is said while it works has a result of its own", _queued),
    Check("turns-stay", "§5", "it goes on after a result, until its input ends", _stays),
    Check("end-while-running", "§5", "the end of the input ends no turn", _end_while_running),
    Check("end-while-idle", "§5", "the end of the input ends a process that has nothing to do", _end_while_idle),
    Check("end-while-asked", "§5", "what is asked when the input ends is denied", _end_while_asked),
    Check("input-noise", "§5", "blank lines and messages of tomorrow change nothing", _noise),
    Check("input-replayed", "§5", "--replay-user-messages gives each message back with its uuid", _replayed),
)
