"""Tools of real servers to search among (tests/data/tool_search), and a catalogue in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from coder.core.messages import Json
from coder.tools.finding.index import Findable

DATA = Path(__file__).parents[1] / "data" / "tool_search"


@cache
def real_tools() -> tuple[Findable, ...]:
    return tuple(
        Findable(
            name=full_name(f"{each['server']}/{each['name']}"),
            server=each["server"],
            title=each.get("title", ""),
            description=each["description"],
            parameters=tuple(each["parameters"].items()),
        )
        for each in read("tools.json")
    )


def read(name: str) -> list[Any]:
    found: list[Any] = json.loads((DATA / name).read_text(encoding="utf-8"))
    return found


def full_name(right: str) -> str:
    """`server/tool` as the model calls it."""
    server, tool = (re.sub(r"[^A-Za-z0-9_-]", "_", part) for part in right.split("/", 1))
    return f"mcp__{server}__{tool}"


class Shelf:
    """A catalogue. `arrives` is called when somebody waits for servers; `settled` counts how often that was."""

    def __init__(
        self,
        findables: Sequence[Findable],
        missing: Sequence[tuple[str, str]] = (),
        schema: Callable[[str], Json] = lambda name: {"type": "object", "properties": {}},
        arrives: Callable[[Shelf], None] = lambda shelf: None,
    ) -> None:
        self.all = list(findables)
        self.absent = list(missing)
        self.settled = 0
        self._schema = schema
        self._arrives = arrives

    def findables(self) -> Sequence[Findable]:
        return tuple(self.all)

    def definition(self, name: str) -> Json:
        found = next((each for each in self.all if each.name == name), None)
        if found is None:
            return {}
        return {"name": name, "description": found.description, "input_schema": self._schema(name)}

    async def settle(self) -> None:
        self.settled += 1
        self._arrives(self)

    def missing(self) -> Sequence[tuple[str, str]]:
        return self.absent
