"""What servers answer, and what calls of their tools hold: foreign, bounded, never a crash."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.app.pictures import shrunk
from coder.app.reach.arguments import checked
from coder.app.reach.resources import Reading
from coder.app.reach.results import KEPT_FROM, output_of
from coder.app.reach.tools import McpTool, Settings
from coder.core.errors import ToolError
from coder.core.messages import Image, Json, Text
from coder.core.tools import ToolOutput
from coder.mcp.server import Answer, Offer, ServerTool, Standing
from tests.support.linked import MemoryLink, offered, server
from tests.support.pictures import png
from tests.support.toolbox import Toolbox

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
WORDS = ("type", "text", "image", "data", "audio", "resource", "blob", "uri", "mimeType", "resource_link")
BLOCKS = st.dictionaries(st.sampled_from(WORDS), st.sampled_from(WORDS) | JSON, max_size=5)


def made(
    folder: Path, *content: Json, limit: int | None = None, env: Mapping[str, str] | None = None, **more: Any
) -> ToolOutput:
    return output_of(Answer(content, **more), folder, "toolu_1", limit, env or {}, shrunk)


def text_of(output: ToolOutput) -> str:
    assert isinstance(output.content, tuple)
    return "".join(block.text for block in output.content if isinstance(block, Text))


def text(words: str) -> Json:
    return {"type": "text", "text": words}


@pytest.mark.behaviour("B-1631")
@pytest.mark.parametrize(
    ("block", "words"),
    [
        (text("hello"), "hello"),
        ({"type": "resource", "resource": {"uri": "a://b", "text": "inside"}}, "[resource a://b]\ninside"),
        ({"type": "resource", "resource": {"uri": "a://b"}}, "without content"),
        (
            {"type": "resource_link", "uri": "a://b", "name": "B", "title": "Bee"},
            "[resource to be read: a://b · Bee · B]",
        ),
        ({"type": "image", "data": "???", "mimeType": "image/png"}, "an image"),
        ({"type": "image", "data": "AAAA", "mimeType": "image/png"}, "3 bytes, kept in"),
        ({"type": "audio", "data": "AAAA", "mimeType": "audio/wav"}, "audio (audio/wav), 3 bytes, kept in"),
        ({"type": "hologram"}, "cannot be shown: hologram"),
        ({}, "cannot be shown: None"),
    ],
)
def test_what_each_kind_of_part_is_for_the_model(tmp_path: Path, block: Json, words: str) -> None:
    assert words in text_of(made(tmp_path, block))


@pytest.mark.behaviour("B-1631")
def test_pictures_are_sent_and_other_bytes_kept_for_their_owner_alone(tmp_path: Path) -> None:
    data = png(40, 30).data
    blob = {"uri": "a://b", "blob": base64.b64encode(b"\0\1").decode(), "mimeType": "application/pdf"}
    output = made(
        tmp_path, {"type": "image", "data": data, "mimeType": "image/png"}, {"type": "resource", "resource": blob}
    )
    assert isinstance(output.content, tuple) and any(isinstance(block, Image) for block in output.content)
    (kept,) = tmp_path.iterdir()
    assert kept.suffix == ".pdf" and kept.read_bytes() == b"\0\1" and kept.stat().st_mode & 0o777 == 0o600
    assert str(kept) in text_of(output) and data not in str(output.data)


@pytest.mark.behaviour("B-1632")
@pytest.mark.parametrize(
    ("length", "limit", "env", "whole"),
    [
        (KEPT_FROM, None, {}, True),
        (KEPT_FROM + 1, None, {}, False),
        (120_000, 200_000, {}, True),
        (500_001, 9_000_000, {}, False),
        (90_000, None, {"MAX_MCP_OUTPUT_TOKENS": "50000"}, True),
        (4_001, None, {"MAX_MCP_OUTPUT_TOKENS": "1000"}, False),
        (KEPT_FROM + 1, None, {"MAX_MCP_OUTPUT_TOKENS": "many"}, False),
    ],
)
def test_a_long_result_is_kept_in_a_file(
    tmp_path: Path, length: int, limit: int | None, env: dict[str, str], whole: bool
) -> None:
    output = made(tmp_path, text("x" * length), limit=limit, env=env)
    said = text_of(output)
    assert output.limit is not None and output.limit >= len(said)
    if whole:
        assert said == "x" * length and not list(tmp_path.iterdir())
    else:
        assert said.startswith("<persisted-output>") and said.rstrip().endswith("</persisted-output>")
        assert 2_000 <= said.count("x") < 2_100 and (tmp_path / "toolu_1.txt").read_text() == "x" * length
    assert ("large: about" in output.summary) == (length > 40_000)


def test_structured_content_is_told_where_there_is_no_text_and_errors_are_errors(tmp_path: Path) -> None:
    assert text_of(made(tmp_path, structured={"a": 1})) == '{"a": 1}'
    both = made(tmp_path, text("said"), structured={"a": 1}, is_error=True)
    assert text_of(both) == "said" and both.is_error and both.data is not None
    assert both.data["structuredContent"] == {"a": 1}
    assert "answered with nothing" in text_of(made(tmp_path))


@given(st.lists(BLOCKS, max_size=4), JSON)
def test_no_answer_is_a_crash(tmp_path_factory: pytest.TempPathFactory, content: list[Json], structured: Any) -> None:
    output = made(tmp_path_factory.getbasetemp() / "kept", *content, structured=structured)
    assert isinstance(output.content, tuple) and output.content
    assert all(block.text for block in output.content if isinstance(block, Text))


SCHEMA: Json = {
    "type": "object",
    "properties": {
        "path": {"type": "string"},
        "count": {"type": "integer"},
        "ratio": {"type": ["number", "null"]},
        "list": {"type": "array"},
        "mode": {"enum": ["a", "b"]},
        "odd": {"$ref": "#/x"},
    },
    "required": ["path"],
}


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({"path": "x", "count": 3, "ratio": None, "odd": object, "extra": 1}, ""),
        ({"path": "x", "count": 3.0, "list": [1]}, ""),
        ({}, "`path` is required, got nothing"),
        ({"path": 3}, "`path` is 3; expected string"),
        ({"path": "x", "count": True}, "`count` is true; expected integer"),
        ({"path": "x", "count": 1.5}, "`count` is 1.5; expected integer"),
        ({"path": "x", "ratio": "1"}, "expected number or null"),
        ({"path": "x", "mode": "c"}, 'expected one of ["a", "b"]'),
    ],
)
def test_what_is_surely_wrong_is_said_before_the_server_is_called(raw: Json, problem: str) -> None:
    if not problem:
        assert checked(SCHEMA, raw, "mcp__a__b") == raw
        return
    with pytest.raises(ToolError, match="mcp__a__b was not called") as caught:
        checked(SCHEMA, raw, "mcp__a__b")
    assert problem in str(caught.value) and "It takes `path` (string); `count` (integer), optional" in str(caught.value)


def test_a_list_sent_as_text_is_the_list_and_closed_schemas_are_closed() -> None:
    assert checked(SCHEMA, {"path": "[1]", "list": "[1, 2]"}, "t") == {"path": "[1]", "list": [1, 2]}
    with pytest.raises(ToolError, match="`extra`"):
        checked({**SCHEMA, "additionalProperties": False}, {"path": "x", "extra": 1}, "t")


@given(st.dictionaries(st.sampled_from(["type", "properties", "required", "additionalProperties"]), JSON), JSON)
def test_no_schema_is_a_crash(schema: Json, given_: Any) -> None:
    raw = given_ if isinstance(given_, dict) else {"a": given_}
    try:
        checked(schema, raw, "t")
    except ToolError as error:
        assert str(error)


@given(st.dictionaries(st.text(max_size=5), st.dictionaries(st.sampled_from(["type", "enum"]), JSON), max_size=3), JSON)
def test_no_property_is_a_crash(properties: Json, value: Any) -> None:
    try:
        checked({"properties": properties}, dict.fromkeys(properties, value), "t")
    except ToolError as error:
        assert str(error)


@dataclass
class One:
    """Implements `coder.app.reach.tools.Servers`."""

    link: MemoryLink

    def current(self, name: str) -> ServerTool | None:
        return None

    def held(self, name: str) -> str:
        return ""

    def changed(self, tool: ServerTool) -> str:
        return ""

    async def reached(self, server: str) -> MemoryLink:
        return self.link


@pytest.mark.behaviour("B-1875")
@pytest.mark.parametrize("of", ["a call", "a resource"])
async def test_a_picture_is_made_smaller_beside_what_else_goes_on(tmp_path: Path, of: str) -> None:
    threads: list[int] = []

    def shrink(image: Image) -> Image:
        threads.append(threading.get_ident())
        return image

    picture = {"type": "image", "data": png(2, 2).data, "mimeType": "image/png"}
    if of == "a call":
        link = MemoryLink(server("draws"), Offer())
        link.standing = Standing("connected")
        link.answer = lambda tool, given: Answer((picture,))
        tool = McpTool(offered("draws", "draw"), Settings(One(link), shrink, {}))
        await tool.run({}, Toolbox(tmp_path).context())
    else:
        await Reading(shrink, {}).output([picture], tmp_path, "toolu_1")
    assert len(threads) == 1 and threads[0] != threading.get_ident()
