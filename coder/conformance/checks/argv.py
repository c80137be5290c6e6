"""Checks of the command line. Must not know how a command is started."""

from __future__ import annotations

import re

from coder.conformance.check import Check, expect, expect_equal
from coder.conformance.frames import Ended, only_result
from coder.conformance.ground import Ground

_DRIVEN = (
    *("--system-prompt", "", "--tools", "default", "--allowedTools", "Read,Bash(echo *)", "--max-turns", "5"),
    *("--disallowedTools", "WebSearch", "--permission-mode", "default", "--settings", "{}", "--mcp-config"),
    *('{"mcpServers":{}}', "--include-partial-messages", "--strict-mcp-config", "--setting-sources=", "--add-dir", "."),
)


async def _version(ground: Ground) -> None:
    done = await ground.run("-v")
    done.clean()
    expect(re.match(rb"\d+\.\d+\.\d+", done.stdout) is not None, "stdout to begin with a version X.Y.Z", done.stdout)


async def _unknown_flag(ground: Ground) -> None:
    api = await ground.serve("never")
    _refused(await ground.run("-p", "go", "--no-such-flag-as-this"))
    expect_equal(len(api.requests), 0, "requests to the API:")


async def _no_prompt(ground: Ground) -> None:
    _refused(await ground.run("-p"))


async def _bad_schema(ground: Ground) -> None:
    _refused(await ground.run("-p", "go", "--json-schema", '{"type": "nonsense"}'))


async def _driven(ground: Ground) -> None:
    """All that the SDKs pass, and never -p."""
    await ground.serve("Done.")
    async with ground.talk(*_DRIVEN) as wire:
        await wire.say("go")
        expect_equal((await wire.turn())[-1].get("result"), "Done.", "the result")
        await wire.clean()


async def _empty_tools(ground: Ground) -> None:
    api = await ground.serve("Done.")
    done = await ground.run("-p", "go", "--tools", "", "--output-format", "stream-json", "--verbose")
    done.clean()
    only_result(done.frames)
    expect(not api.requests[0].get("tools"), "no tools in the request", api.requests[0].get("tools"))


async def _piped(ground: Ground) -> None:
    api = await ground.serve("Done.")
    done = await ground.run("-p", "PROMPT-WORDS", stdin=b"PIPED-WORDS")
    done.clean()
    sent = repr(api.requests[0].get("messages"))
    expect("PROMPT-WORDS" in sent and "PIPED-WORDS" in sent, "both the prompt and what is piped in the request", sent)


def _refused(done: Ended) -> None:
    expect(done.code > 0, "an exit code that is not 0", done.code)
    expect(done.stdout == b"", "an empty stdout", done.stdout)
    expect(done.stderr.strip() != b"", "the reason on stderr", done.stderr)


CHECKS = (
    Check("argv-version", "§1", "-v prints a version first", _version),
    Check("argv-unknown-flag", "§1", "an unknown flag ends it before anything is sent, with the reason", _unknown_flag),
    Check("argv-no-prompt", "§1", "-p without a prompt ends with the reason", _no_prompt),
    Check("argv-bad-schema", "§1", "what is no JSON Schema ends it with the reason", _bad_schema),
    Check("argv-driven", "§1", "the flags of the SDKs are taken, empty ones too, without -p", _driven),
    Check("argv-empty-tools", "§1", '--tools "" gives the model no tools', _empty_tools),
    Check("argv-piped", "§1", "what is piped in is part of the prompt", _piped),
)
