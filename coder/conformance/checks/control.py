"""Checks of what a host asks beside its messages. Must not know how a command is started."""

from __future__ import annotations

from coder.conformance.check import Check, expect, expect_equal
from coder.conformance.frames import of_type
from coder.conformance.ground import Ground

_OTHER_MODEL = "claude-opus-4-5"


async def _initialize(ground: Ground) -> None:
    async with ground.talk() as wire:
        about = await wire.ask("initialize", hooks=None)
        await wire.clean()
    lists = [name for name in ("commands", "models", "agents") if not isinstance(about.get(name), list)]
    expect(not lists, "lists of commands, models and agents", sorted(about))
    unnamed = [each for each in about["commands"] if "name" not in each or "description" not in each]
    expect(not unnamed, "each command with name and description", unnamed)


async def _initialize_agents(ground: Ground) -> None:
    """A line of 300 KB, as an SDK with many agents sends it."""
    await ground.serve("Done.")
    agent = {"description": "d" * 300_000, "prompt": "p"}
    async with ground.talk() as wire:
        await wire.ask("initialize", hooks=None, agents={"of-the-host": agent})
        await wire.say("go")
        await wire.turn()
        await wire.clean()
        listed = [name for frame in of_type(wire.seen, "system", "init") for name in frame.get("agents") or []]
    expect("of-the-host" in listed, "agents of initialize in init", listed)


async def _unknown(ground: Ground) -> None:
    async with ground.talk() as wire:
        name = await wire.request("of_tomorrow")
        await wire.ask("mcp_status")
        await wire.rest()
        answers = [frame["response"] for frame in of_type(wire.seen, "control_response")]
    found = [each.get("subtype") for each in answers if each.get("request_id") == name]
    expect_equal(found, ["error"], "an error in answer to an unknown request:")


async def _interrupt(ground: Ground) -> None:
    await ground.serve(
        {"text": "A text that never ends.", "delta": 4, "fault": {"kind": "stall", "after": 3}}, "Again."
    )
    async with ground.talk("--include-partial-messages") as wire:
        await wire.say("go")
        await wire.until(lambda frame: frame.get("type") == "stream_event", "a stream_event")
        name = await wire.request("interrupt")
        come = await wire.turn()
        kinds_of = [frame.get("type") for frame in come if frame.get("type") in ("control_response", "result")]
        expect_equal(kinds_of, ["control_response", "result"], "the answer before the result:")
        expect_equal((await wire.answer(name)).get("subtype"), "success", "the answer to be")
        expect_equal(come[-1].get("terminal_reason"), "aborted_streaming", "terminal_reason to be")
        await wire.say("again")
        expect((await wire.turn())[-1].get("is_error") is False, "the next message to be answered", wire.seen[-1])
        await wire.rest()


async def _interrupt_idle(ground: Ground) -> None:
    async with ground.talk() as wire:
        await wire.ask("interrupt")
        await wire.clean()
        expect(not of_type(wire.seen, "result"), "no result where nothing ran", wire.seen)


async def _set_model(ground: Ground) -> None:
    api = await ground.serve("First.", "Second.")
    async with ground.talk() as wire:
        await wire.say("one")
        await wire.turn()
        await wire.ask("set_model", model=_OTHER_MODEL)
        await wire.say("two")
        await wire.turn()
        await wire.clean()
    models = [request.get("model") for request in api.requests]
    expect(models[0] != _OTHER_MODEL == models[-1], f"{_OTHER_MODEL} to be asked from then on", models)


async def _set_mode(ground: Ground) -> None:
    path = ground.project / "written.txt"
    await ground.serve({"tool": "Write", "input": {"file_path": str(path), "content": "x\n"}}, "Done.")
    async with ground.talk() as wire:
        await wire.ask("set_permission_mode", mode="acceptEdits")
        await wire.say("go")
        await wire.turn()
        await wire.clean()
    expect(path.exists(), "acceptEdits to hold from then on", "the file was not written")


async def _no_bypass(ground: Ground) -> None:
    async with ground.talk() as wire:
        found = await wire.answer(await wire.request("set_permission_mode", mode="bypassPermissions"))
        await wire.rest()
    expect_equal(found.get("subtype"), "error", "the answer to be")


async def _queries(ground: Ground) -> None:
    async with ground.talk() as wire:
        servers = await wire.ask("mcp_status")
        usage = await wire.ask("get_context_usage")
        await wire.clean()
    expect(isinstance(servers.get("mcpServers"), list), "a list mcpServers", servers)
    wanted = ("categories", "totalTokens", "maxTokens", "percentage", "model", "memoryFiles", "mcpTools", "gridRows")
    missing = [name for name in wanted if name not in usage]
    expect(not missing, f"{', '.join(wanted)} in the answer", sorted(usage))


CHECKS = (
    Check("control-initialize", "§6", "initialize is answered with commands, models and agents", _initialize),
    Check("control-agents", "§6", "agents of initialize are there, however long the line", _initialize_agents),
    Check("control-unknown", "§6", "an unknown request is answered with an error", _unknown),
    Check(
        "control-interrupt",
        "§6",
        "interrupt is answered, then ends the turn with a result; more can be said",
        _interrupt,
    ),
    Check("control-interrupt-idle", "§6", "interrupt is answered where nothing runs", _interrupt_idle),
    Check("control-model", "§6", "set_model counts from the next request on", _set_model),
    Check("control-mode", "§6", "set_permission_mode counts from then on", _set_mode),
    Check("control-no-bypass", "§6", "bypassPermissions is not to be had later", _no_bypass),
    Check("control-queries", "§6", "mcp_status and get_context_usage are answered", _queries),
)
