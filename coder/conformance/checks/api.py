"""Checks of an API that fails, and of how requests begin. Must not know how a command is started."""

from __future__ import annotations

from coder.conformance.check import Check, expect, expect_equal
from coder.conformance.checks.output import STREAM
from coder.conformance.frames import only_result
from coder.conformance.ground import Ground
from coder.core.messages import Json

_ECHO = {"tool": "Bash", "input": {"command": "echo hi", "description": "say hi"}}


async def _survives(ground: Ground, fault: Json) -> None:
    api = await ground.serve({"text": "A text in several pieces, then done.", "delta": 4, "fault": fault})
    done = await ground.run("-p", "go", *STREAM)
    found = only_result(done.frames)
    wanted = ("A text in several pieces, then done.", False)
    expect_equal((found.get("result"), found.get("is_error")), wanted, "the answer of another try:")
    expect_equal(done.code, 0, "the exit code to be")
    expect(len(api.requests) > 1, "another request", len(api.requests))


async def _rate_limited(ground: Ground) -> None:
    await _survives(ground, {"kind": "status", "status": 429, "retry_after": 1})


async def _overloaded(ground: Ground) -> None:
    await _survives(ground, {"kind": "status", "status": 529, "retry_after": 1})


async def _cut(ground: Ground) -> None:
    await _survives(ground, {"kind": "cut", "before_headers": True})


async def _cut_within(ground: Ground) -> None:
    """Whether it asks again or says so: there is a result, and no half text passes as an answer."""
    await ground.serve(
        {"text": "A text in several pieces, then done.", "delta": 4, "fault": {"kind": "cut", "after": 4}}
    )
    found = only_result((await ground.run("-p", "go", *STREAM)).frames)
    whole = found.get("result") == "A text in several pieces, then done."
    expect(whole or found.get("is_error") is True, "the whole answer, or a failure", found)


async def _refused(ground: Ground) -> None:
    fault = {"kind": "status", "status": 400, "message": "WORDS-OF-THE-API", "times": 20}
    await ground.serve({"text": "never", "fault": fault})
    done = await ground.run("-p", "go", *STREAM)
    found = only_result(done.frames)
    seen = (found.get("subtype"), found.get("is_error"), found.get("terminal_reason"), found.get("api_error_status"))
    wanted = ("success", True, "api_error", 400)
    expect_equal(seen, wanted, "subtype, is_error, terminal_reason, api_error_status to be")
    expect("WORDS-OF-THE-API" in str(found.get("result")), "the words of the API in the result", found.get("result"))
    expect(done.code > 0, "an exit code that is not 0", done.code)
    expect_equal(done.frames[-1].get("type"), "result", "the last message to be")


async def _refused_over_stdin(ground: Ground) -> None:
    fault = {"kind": "status", "status": 400, "times": 20}
    await ground.serve({"text": "never", "fault": fault})
    async with ground.talk() as wire:
        await wire.say("go")
        result = (await wire.turn())[-1]
        await wire.rest()
    expect(result.get("is_error") is True, "a failed result", result)
    expect((wire.process.returncode or 0) > 0, "an exit code that is not 0 at the end", wire.process.returncode)


async def _prefix(ground: Ground) -> None:
    api = await ground.serve({**_ECHO, "text": "One.", "thinking": "hm"}, {**_ECHO, "text": "Two."}, "Three.", "Four.")
    async with ground.talk() as wire:
        await wire.say("go")
        await wire.turn()
        await wire.say("on")
        await wire.turn()
        await wire.clean()
    expect_equal(len(api.requests), 4, "requests to the API:")
    expect(not api.context_edits, "nothing of the past to be changed", api.context_edits)
    ground.check_prefixes()


CHECKS = (
    Check("api-rate-limit", "§9", "429 with retry-after: it tries again", _rate_limited),
    Check("api-overload", "§9", "529: it tries again", _overloaded),
    Check("api-no-answer", "§9", "a connection that is cut before an answer: it tries again", _cut),
    Check("api-cut", "§9", "half an answer never passes as a whole one", _cut_within),
    Check("api-refusal", "§9", "a refusal is one failed result, its status, and an exit code that is not 0", _refused),
    Check("api-refusal-driven", "§9", "the same where it is driven over stdin", _refused_over_stdin),
    Check("api-prefix", "§9", "each request begins with the whole one before it", _prefix),
)
