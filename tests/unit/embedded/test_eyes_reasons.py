"""The page of embedding knows every way in which a run there can end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from coder.core.events import EndReason

PAGE = Path(__file__).parents[3] / "docs" / "embedding.md"
ELSEWHERE = {"not_begun", "prompt_tool_missing"}  # is raised there; a program is asked by its callback


@pytest.mark.behaviour("B-2855")
def test_every_reason_is_on_the_page() -> None:
    paragraph = re.search(r"How a run ended is a value:.*?\n\n", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert paragraph is not None
    assert set(get_args(EndReason)) - ELSEWHERE <= set(re.findall(r"`(\w+)`", paragraph[0]))
