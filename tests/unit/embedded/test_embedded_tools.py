"""Functions of a program as tools: what the model is told of them, and what comes of a call."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from coder import CoderError, Options, Result, Session, ToolDone, query, tool
from coder.frontends.embedded.channel import NAME, Functions
from tests.support.fakeapi import running_api, tool_input, turn


@dataclass
class Size:
    width: int
    height: int = 1


def shelf(
    label: Annotated[str, "what stands on it"],
    size: Size,
    kind: Literal["wood", "steel"] = "wood",
    notes: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Builds a shelf."""
    return {"label": label, "area": size.width * size.height, "kind": kind, "notes": notes}


async def asked(functions: Functions, method: str, **params: Any) -> dict[str, Any]:
    answer = await functions.send(NAME, {"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    assert answer is not None and answer["id"] == 1
    return answer


async def called(function: Any, **arguments: Any) -> tuple[str, bool]:
    made = tool(function)
    answer = await asked(Functions((made,)), "tools/call", name=made.name, arguments=arguments)
    return answer["result"]["content"][0]["text"], answer["result"]["isError"]


@pytest.mark.behaviour("B-2313")
async def test_the_signature_is_what_the_model_is_told() -> None:
    (listed,) = (await asked(Functions((tool(shelf),)), "tools/list"))["result"]["tools"]
    assert (listed["name"], listed["description"]) == ("shelf", "Builds a shelf.")
    form = listed["inputSchema"]
    assert form["required"] == ["label", "size"]
    assert form["properties"]["label"] == {"type": "string", "description": "what stands on it"}
    assert form["properties"]["kind"]["enum"] == ["wood", "steel"]
    assert form["properties"]["size"]["properties"]["width"] == {"type": "integer"}
    assert "annotations" not in listed
    marked = tool(name="look", description="Looks.", reads_only=True)(shelf)
    (listed,) = (await asked(Functions((marked,)), "tools/list"))["result"]["tools"]
    assert (listed["name"], listed["description"], listed["annotations"]) == ("look", "Looks.", {"readOnlyHint": True})


@pytest.mark.behaviour("B-2313")
async def test_a_call_gets_what_it_asks_for_and_every_failure_is_an_answer() -> None:
    async def later(name: str) -> str:
        await asyncio.sleep(0)
        return f"hello {name}"

    def fails() -> None:
        raise ValueError("the shop is closed")

    assert await called(later, name="Bo") == ("hello Bo", False)
    text, is_error = await called(shelf, label="a", size={"width": 2, "height": 3})
    assert ('"area": 6' in text, is_error) == (True, False)
    assert await called(fails) == ("ValueError: the shop is closed", True)
    text, is_error = await called(shelf, label="a", size={"width": "wide"})
    assert is_error and "size.width" in text
    text, is_error = await called(shelf, size={"width": 1}, extra=1)
    assert is_error and "`label` is required" in text and "`extra`" in text


@pytest.mark.behaviour("B-2313")
async def test_the_protocol_around_it() -> None:
    functions = Functions((tool(shelf),))
    assert (await asked(functions, "initialize", protocolVersion="2025-06-18"))["result"]["capabilities"] == {
        "tools": {}
    }
    assert (await asked(functions, "ping"))["result"] == {}
    assert (await asked(functions, "resources/list"))["error"]["code"] == -32601
    assert (await asked(functions, "tools/call", name="none"))["error"]["code"] == -32602
    assert await functions.send(NAME, {"method": "notifications/initialized"}) is None
    assert await functions.send(NAME, {"method": "notifications/cancelled", "params": {"requestId": 9}}) is None


@pytest.mark.behaviour("B-2313")
async def test_a_call_that_is_called_off_ends() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def waits() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    functions = Functions((tool(waits),))
    running = asyncio.create_task(asked(functions, "tools/call", name="waits"))
    await began.wait()
    await functions.send(NAME, {"method": "notifications/cancelled", "params": {"requestId": 1}})
    assert (await running)["result"]["isError"] and ended.is_set()


def anything(*values: str) -> str:
    return ""


def strange(value: Path) -> str:
    return ""


@pytest.mark.behaviour("B-2313")
@pytest.mark.parametrize("function", [anything, strange])
def test_what_no_json_can_fill_is_refused_when_it_is_made(function: Any) -> None:
    with pytest.raises(CoderError, match=function.__name__):
        tool(function)


@pytest.mark.behaviour("B-2313")
async def test_a_tool_of_the_program_needs_no_question_unless_it_says_so(tmp_path: Path) -> None:
    done: list[str] = []

    def note(text: str) -> str:
        done.append(text)
        return "noted"

    @tool(asks=True)
    def order(text: str) -> str:
        done.append(text)
        return "ordered"

    calls = [tool_input(f"mcp__program__{name}", {"text": name}) for name in ("note", "order")]
    async with running_api([turn(*calls), turn("Over.")]) as api:
        env = {**api.env, "HOME": str(tmp_path), "CODER_CONFIG_DIR": str(tmp_path / "home")}
        options = Options(cwd=tmp_path, env=env, tools=[note, order], builtin_tools=[])
        told = [each async for each in query("Go.", options)]
        offered = [each["name"] for each in api.requests[0]["tools"]]
    assert done == ["note"]
    first = next(each for each in told if isinstance(each, ToolDone))
    assert (first.name, first.text) == (calls[0]["name"], "noted")
    ended = told[-1]
    assert isinstance(ended, Result)
    assert [each.name for each in ended.denied] == ["mcp__program__order"]
    assert {"mcp__program__note", "mcp__program__order"} <= set(offered)
    assert not {"Bash", "Read", "Edit"} & set(offered)


@pytest.mark.behaviour("B-2313")
async def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CoderError, match="two tools of the program are called shelf"):
        async with Session(Options(cwd=tmp_path, tools=[shelf, tool(name="shelf")(anyone)])):
            pass


def anyone() -> None:
    pass
