"""R25: the whole first request of a fixed scenario, so that any change of what the model reads is a visible diff."""

from __future__ import annotations

import json
import platform
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, turn

SNAPSHOT = Path(__file__).with_name("first_request.json")
BYTES = 25_500


@pytest.fixture
def request_body(place: Place) -> dict[str, Any]:
    with fake_api([turn("ok")]) as api:
        place.coder("-p", "fix the failing test", url=api.url)
    return api.requests[0]


def canonical(body: dict[str, Any], place: Place) -> str:
    text = json.dumps(body, indent=1, ensure_ascii=False)
    text = text.replace(str(place.project), "/project").replace(f"{sys.platform} ({platform.machine()})", "<platform>")
    return re.sub(r"Date: \d{4}-\d\d-\d\d", "Date: <today>", text) + "\n"


@pytest.mark.behaviour("B-004")
def test_the_first_request_is_the_one_reviewed(
    request_body: dict[str, Any], place: Place, pytestconfig: pytest.Config
) -> None:
    found = canonical(request_body, place)
    if pytestconfig.getoption("--update-snapshots"):
        SNAPSHOT.write_text(found, encoding="utf-8")
    assert found == SNAPSHOT.read_text(encoding="utf-8"), "see CLAUDE.md: --update-snapshots, then read the diff"


@pytest.mark.behaviour("B-004")
def test_the_first_request_stays_small(request_body: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    parts = {f"tool {tool['name']}": tool for tool in request_body["tools"]}
    parts |= {"system": request_body["system"], "messages": request_body["messages"]}
    sizes = {name: len(json.dumps(part, ensure_ascii=False).encode()) for name, part in parts.items()}
    total = len(json.dumps(request_body, ensure_ascii=False).encode())
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    with capsys.disabled():
        print(f"\nfirst request: {total} bytes; largest parts: {largest}")
    assert total < BYTES
