"""A report that quotes pages of the web: what stands on them is looked up while they are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coder.app.workflowing.checks import Citations
from coder.app.workflowing.met import met, transcripts_in
from coder.tools.web.cache import Kept
from coder.tools.web.page import Page
from coder.tools.web.room import WebRoom

URL = "https://docs.example.org/caching"


@pytest.mark.behaviour("B-2083")
@pytest.mark.parametrize(
    ("report", "wrong"),
    [
        (f'Entries live five minutes, {URL}: "Entries are kept for five minutes."', ""),
        (f'Entries live five minutes, {URL}: "Entries are kept for five hours."', "not on the page"),
        ('As https://docs.example.org/other says: "Entries are kept for five hours."', ""),
    ],
)
async def test_what_a_report_quotes_from_a_page_stands_on_it(tmp_path: Path, report: str, wrong: str) -> None:
    room = WebRoom()
    check = Citations(lambda: (tmp_path,), lambda path: True, room.texts)
    assert not await check(report), "no page is known yet"
    page = Page("How it works\n\nEntries are kept\nfor five minutes.")
    room.cache.keep("http://docs.example.org/caching", Kept(URL, 9, 200, "OK", page))
    said = await check(report)
    assert (wrong in said) if wrong else not said


@pytest.mark.behaviour("B-2124")
@pytest.mark.parametrize(
    ("call", "is_read"),
    [
        ({"name": "WebFetch", "input": {"url": URL, "prompt": "x"}}, True),
        ({"name": "WebFetch", "input": {"url": URL}, "is_error": True}, False),
        ({"name": "Read", "input": {"file_path": "a"}, "content": f"see {URL} there"}, True),
        ({"name": "WebSearch", "input": {"query": "x"}, "content": URL}, False),
        ({"name": "Write", "input": {"file_path": "a", "content": URL}}, False),
        ({"name": "Submit", "input": {"text": URL}}, False),
        ({"name": "Agent", "input": {"prompt": URL}, "content": URL}, False),
    ],
)
async def test_an_address_that_no_call_came_to_read_is_said_to_be_unread(
    tmp_path: Path, call: dict[str, Any], is_read: bool
) -> None:
    folder = tmp_path / "session" / "subagents"
    folder.mkdir(parents=True)
    use = {"type": "tool_use", "id": "t1", "name": call["name"], "input": call["input"]}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": call.get("content", "ok")}
    result |= {"is_error": True} if call.get("is_error") else {}
    said = {"type": "text", "text": f"I read {URL}."}
    rows = [{"message": {"content": content}} for content in ([use, said], [result], "words")]
    lines = [json.dumps(row) for row in (*rows, [1], {"message": [], "x": '"tool_'})]
    (folder / "agent-a1.jsonl").write_bytes("\n".join(lines).encode() + b'\n{"tool_\xff\n')
    (folder / "agent-a2.jsonl").mkdir()
    found = transcripts_in(folder.parent, tmp_path / "session.jsonl")
    check = Citations(lambda: (tmp_path,), lambda path: True, dict, lambda: met(found))
    noted = await check(f"Entries live five minutes ({URL}#how).")
    assert ("no page of this address was read" in noted) is not is_read, noted
    assert not await Citations(lambda: (tmp_path,), lambda path: True)(f"As {URL} says."), "nobody knows"
