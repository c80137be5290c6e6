"""Checks of what is printed in each output format, and how the process ends. Must not know how a command is started."""

from __future__ import annotations

from coder.conformance.check import Check, expect, expect_equal
from coder.conformance.frames import kinds, of_type, only_result, strict
from coder.conformance.ground import Ground

STREAM = ("--output-format", "stream-json", "--verbose")
_ECHO = {"tool": "Bash", "input": {"command": "echo hi", "description": "say hi"}}


async def _text(ground: Ground) -> None:
    await ground.serve("Done.")
    done = await ground.run("-p", "go")
    done.clean()
    expect_equal(done.stdout, b"Done.\n", "stdout to be")


async def _json(ground: Ground) -> None:
    await ground.serve("Done.")
    done = await ground.run("-p", "go", "--output-format", "json")
    done.clean()
    found = done.document
    seen = (found.get("type"), found.get("subtype"), found.get("is_error"), found.get("result"))
    expect_equal(seen, ("result", "success", False, "Done."), "type, subtype, is_error and result to be")


async def _lines(ground: Ground) -> None:
    await ground.serve({"text": "Look: ü\u2028 { \n", **_ECHO}, "Done.")
    done = await ground.run("-p", "go", *STREAM)
    done.clean()
    strict(done.stdout)


async def _one_result(ground: Ground) -> None:
    await ground.serve(_ECHO, "Done.")
    done = await ground.run("-p", "go", *STREAM)
    only_result(done.frames)
    expect(done.frames[-1].get("type") == "result", "the result to come last", kinds(done.frames))


async def _max_turns(ground: Ground) -> None:
    await ground.serve({**_ECHO, "repeat": 5}, "never")
    done = await ground.run("-p", "go", "--max-turns", "1", *STREAM)
    found = only_result(done.frames)
    expect_equal((found.get("subtype"), found.get("is_error")), ("error_max_turns", True), "subtype and is_error to be")
    expect(done.code > 0, "an exit code that is not 0", done.code)


async def _no_key(ground: Ground) -> None:
    done = await ground.run("-p", "go", key=False)
    expect(done.code > 0, "an exit code that is not 0 without a key", done.code)
    expect((done.stdout + done.stderr).strip() != b"", "the reason", "nothing")


async def _partial(ground: Ground) -> None:
    await ground.serve("A text that comes in several pieces, one after the other.")
    done = await ground.run("-p", "go", "--include-partial-messages", *STREAM)
    done.clean()
    events = [frame.get("event") for frame in of_type(done.frames, "stream_event")]
    names = [event.get("type") for event in events if isinstance(event, dict)]
    wanted = ("message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_stop")
    order = [names.index(name) for name in wanted if name in names]
    expect(len(order) == len(wanted) and order == sorted(order), f"the events {', '.join(wanted)} in order", names)


async def _no_partial(ground: Ground) -> None:
    await ground.serve("Done.")
    done = await ground.run("-p", "go", *STREAM)
    only_result(done.frames)
    expect(not of_type(done.frames, "stream_event"), "no stream_event unless asked for", kinds(done.frames))


CHECKS = (
    Check("output-text", "§2", "text is the answer and a line end; stderr is empty", _text),
    Check("output-json", "§2", "json is one result object; stderr is empty", _json),
    Check("output-lines", "§2", "stream-json is one JSON object a line, whatever is said", _lines),
    Check("output-one-result", "§2", "a run has one result, at its end", _one_result),
    Check("output-max-turns", "§2", "--max-turns ends with error_max_turns and an exit code that is not 0", _max_turns),
    Check("output-no-key", "§2", "a run without a key fails with the reason", _no_key),
    Check("output-partial", "§2", "--include-partial-messages gives the events of the API", _partial),
    Check("output-no-partial", "§2", "nothing partial comes unasked", _no_partial),
)
