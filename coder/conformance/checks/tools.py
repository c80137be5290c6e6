"""Checks of calls and of what happens to those that nobody allowed. Must not know how a command is started."""

from __future__ import annotations

from coder.conformance.check import Check, expect, expect_equal
from coder.conformance.checks.output import STREAM
from coder.conformance.frames import blocks, of_type, only_result
from coder.conformance.ground import Ground

TOUCH = {"tool": "Bash", "input": {"command": "touch made", "description": "make a file"}}


async def _round_trip(ground: Ground) -> None:
    (ground.project / "note.txt").write_text("WORDS-OF-THE-FILE\n", encoding="utf-8")
    path = str(ground.project / "note.txt")
    api = await ground.serve({"tool": "Read", "input": {"file_path": path}, "id": "toolu_conformance01"}, "Done.")
    done = await ground.run("-p", "go", *STREAM)
    done.clean()
    last = api.requests[-1]["messages"][-1]
    expect(len(api.requests) == 2 and "WORDS-OF-THE-FILE" in repr(last), "the file in what the model is told", last)
    ids = [block.get("tool_use_id") for block in blocks(done.frames, "tool_result", "user")]
    expect_equal(ids, ["toolu_conformance01"], "the result to be of the call")


async def _denied(ground: Ground) -> None:
    api = await ground.serve(TOUCH, "Then not.")
    done = await ground.run("-p", "go", *STREAM)
    found = only_result(done.frames)
    expect_equal((found.get("subtype"), found.get("result")), ("success", "Then not."), "the run to go on:")
    names = [each.get("tool_name") for each in found.get("permission_denials") or []]
    expect_equal(names, ["Bash"], "permission_denials to name")
    expect(not (ground.project / "made").exists(), "the call not to be run", "it was")
    told = [block for block in api.requests[-1]["messages"][-1]["content"] if block.get("type") == "tool_result"]
    expect([block.get("is_error") for block in told] == [True], "an error as the result of the call", told)


async def _allowed(ground: Ground) -> None:
    await ground.serve(TOUCH, "Done.")
    done = await ground.run("-p", "go", "--allowedTools", "Bash(touch *)", *STREAM)
    done.clean()
    expect(not only_result(done.frames).get("permission_denials"), "no denials", done.frames[-1])
    expect((ground.project / "made").exists(), "the call to be run", "it was not")


async def _deny_wins(ground: Ground) -> None:
    await ground.serve(TOUCH, "Then not.")
    flags = ("--allowedTools", "Bash(touch *)", "--disallowedTools", "Bash(touch made)")
    done = await ground.run("-p", "go", *flags, *STREAM)
    only_result(done.frames)
    expect(not (ground.project / "made").exists(), "a denial to beat what allows", "the call was run")


async def _tool_removed(ground: Ground) -> None:
    api = await ground.serve("Done.")
    done = await ground.run("-p", "go", "--disallowedTools", "Bash", *STREAM)
    only_result(done.frames)
    names = [tool.get("name") for tool in api.requests[0].get("tools", [])]
    expect("Bash" not in names and bool(names), "a tool that is denied as a whole not to be offered", names)
    listed = of_type(done.frames, "system", "init")[0].get("tools")
    expect("Bash" not in (listed or []), "it not to be in `tools` of init", listed)


async def _accept_edits(ground: Ground) -> None:
    path = ground.project / "written.txt"
    await ground.serve({"tool": "Write", "input": {"file_path": str(path), "content": "x\n"}}, "Done.")
    done = await ground.run("-p", "go", "--permission-mode", "acceptEdits", *STREAM)
    done.clean()
    expect(path.exists(), "acceptEdits to let a file be written", "there is none")


CHECKS = (
    Check("tool-round-trip", "§4", "the model is told what its call gave", _round_trip),
    Check("tool-denied", "§4", "what nobody allows is denied, listed, and the run goes on", _denied),
    Check("tool-allowed", "§4", "--allowedTools lets a call through", _allowed),
    Check("tool-deny-wins", "§4", "a denial beats what allows", _deny_wins),
    Check("tool-removed", "§4", "a tool that is denied as a whole is not offered", _tool_removed),
    Check("tool-accept-edits", "§4", "acceptEdits lets files be written", _accept_edits),
)
