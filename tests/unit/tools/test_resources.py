"""Listing and reading what servers offer to be read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from coder.core.errors import ToolError
from coder.core.tools import READS_RESOURCES, Calls, Internal, ToolContext, ToolOutput
from coder.tools.resources import (
    ListMcpResources,
    ListMcpResourcesParams,
    Offered,
    ReadMcpResource,
    ReadMcpResourceParams,
)
from tests.support.toolbox import Toolbox, text_of


class Shelf:
    """Resources in memory; `late` servers connect when somebody waits for them."""

    def __init__(self, *offered: Offered, late: Sequence[str] = (), missing: Sequence[tuple[str, str]] = ()) -> None:
        self.all = offered
        self.there = sorted({each.server for each in offered} - set(late))
        self._late = late
        self._missing = missing
        self.read_of: list[tuple[str, str]] = []

    def offered(self) -> Sequence[Offered]:
        return [each for each in self.all if each.server in self.there]

    def servers(self) -> Sequence[str]:
        return self.there

    def missing(self) -> Sequence[tuple[str, str]]:
        return self._missing

    async def settle(self) -> None:
        self.there = [*self.there, *self._late]
        self._late = ()

    async def read(self, server: str, uri: str, context: ToolContext) -> ToolOutput:
        self.read_of.append((server, uri))
        return ToolOutput(f"what {uri} holds")


@pytest.fixture
def box(tmp_path: Path) -> Toolbox:
    return Toolbox(tmp_path)


DOCS = Offered("docs", "docs://guide", "Guide", "How to begin", "text/markdown")
USER = Offered("db", "db://users/{id}", is_template=True)


@pytest.mark.behaviour("B-1655")
async def test_resources_are_listed_a_line_each_and_those_of_one_server_alone(box: Toolbox) -> None:
    shelf = Shelf(DOCS, USER, late=["db"], missing=[("gone", "it failed\x1b[0m")])
    output = await box.call(ListMcpResources(shelf))
    first, second, last = text_of(output).splitlines()
    assert json.loads(first) == {
        "server": "docs",
        "uri": "docs://guide",
        "name": "Guide",
        "mimeType": "text/markdown",
        "description": "How to begin",
    }
    assert json.loads(second) == {"server": "db", "uriTemplate": "db://users/{id}"}
    assert last.startswith("Not asked: gone: it failed") and "\x1b" not in last
    assert output.data == {"resources": [json.loads(first), json.loads(second)]} and output.summary == "2 resources"
    assert text_of(await box.call(ListMcpResources(shelf), server="db")) == second
    assert text_of(await box.call(ListMcpResources(Shelf()))) == "No resources are offered."


@pytest.mark.behaviour("B-1655")
async def test_a_list_without_end_is_cut_and_said_to_be(box: Toolbox) -> None:
    many = [Offered("docs", f"docs://{number}\ud800", "n" * 10**5, "d" * 10**5) for number in range(500)]
    text = text_of(await box.call(ListMcpResources(Shelf(*many))))
    *lines, last = text.splitlines()
    assert len(text.encode("utf-8")) < 31_000 and len(json.loads(lines[0])["name"]) == 200
    assert last == f"[{500 - len(lines)} of 500 resources are left out: name a `server` to see fewer.]"


@pytest.mark.behaviour("B-1656")
async def test_reading_is_a_call_of_that_server_and_its_answer_is_passed_on(box: Toolbox) -> None:
    shelf = Shelf(DOCS, USER, late=["db"])
    tool = ReadMcpResource(shelf)
    params = ReadMcpResourceParams("db", "db://users/1")
    assert tool.access(params, box.workspace) == Calls("db", READS_RESOURCES)
    assert tool.summary(params) == "db db://users/1"
    assert ListMcpResources(shelf).access(ListMcpResourcesParams(), box.workspace) == Internal()
    assert text_of(await box.call(tool, server="db", uri="db://users/1")) == "what db://users/1 holds"
    assert shelf.read_of == [("db", "db://users/1")]


async def test_a_server_that_cannot_be_asked_is_refused_with_the_reason_and_the_others(box: Toolbox) -> None:
    shelf = Shelf(DOCS, missing=[("gone", "it needs a login")])
    with pytest.raises(ToolError, match=r"it cannot be asked: it needs a login\. Servers that can be asked: docs\."):
        await box.call(ReadMcpResource(shelf), server="gone", uri="x://y")
    with pytest.raises(ToolError, match="`server` is nope, and there is none so called"):
        await box.call(ListMcpResources(shelf), server="nope")
    assert shelf.read_of == []
