"""Checks of answers by a schema. Must not know how a command is started, or what its tool for them is called."""

from __future__ import annotations

import json

from coder.conformance.check import Check, expect, expect_equal
from coder.conformance.checks.output import STREAM
from coder.conformance.frames import only_result
from coder.conformance.ground import Ground
from coder.core.messages import Json
from coder.replay.player import Call, Played, Player
from coder.replay.script import Turn, perform
from coder.replay.script_load import turn

FIELD = "conformance_word"
_SCHEMA = json.dumps({"type": "object", "properties": {FIELD: {"type": "string"}}, "required": [FIELD]})


class Handing(Player):
    """A model that hands in a value by whatever tool asks for one, and then says it is done."""

    def __init__(self, value: Json, *, forever: bool = False) -> None:
        self._value, self._forever = value, forever
        self._handed = False

    def play(self, call: Call) -> Played:
        return perform(self._turn(call.request), None, call)

    def is_known_thinking(self, thinking: str, signature: str) -> bool:
        return False

    def unfinished(self) -> str:
        return ""

    def _turn(self, request: Json) -> Turn:
        names = [tool.get("name") for tool in request.get("tools") or [] if FIELD in json.dumps(tool)]
        if not names or (self._handed and not self._forever):
            return turn("Done.", "conformance")
        self._handed = True
        return turn({"tool": names[0], "input": self._value}, "conformance")


async def _fits(ground: Ground) -> None:
    await ground.serve(player=Handing({FIELD: "für"}))
    done = await ground.run("-p", "go", "--json-schema", _SCHEMA, *STREAM)
    done.clean()
    found = only_result(done.frames)
    expect_equal(found.get("structured_output"), {FIELD: "für"}, "structured_output to be")
    expect_equal(found.get("subtype"), "success", "subtype to be")


async def _never_fits(ground: Ground) -> None:
    await ground.serve(player=Handing({FIELD: 1}, forever=True))
    done = await ground.run("-p", "go", "--json-schema", _SCHEMA, *STREAM)
    found = only_result(done.frames)
    expect_equal(found.get("subtype"), "error_max_structured_output_retries", "subtype to be")
    expect("structured_output" not in found, "no structured_output that does not fit", found.get("structured_output"))
    expect(done.code > 0, "an exit code that is not 0", done.code)


CHECKS = (
    Check("structured-fits", "§2", "--json-schema gives structured_output that fits", _fits),
    Check("structured-never-fits", "§2", "what never fits ends with an error of its own", _never_fits),
)
