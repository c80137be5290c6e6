"""A report that quotes pages of the web: what stands on them is looked up while they are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.app.workflowing.checks import Citations
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
