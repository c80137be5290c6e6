"""docs/headless.md names every way in which a run ends, and every exit code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coder.frontends import exit_codes
from coder.frontends.stream_json import ended

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "headless.md").read_text("utf-8")
REASONS = {*ended._TERMINAL.values(), "aborted_tools", "model_error", "turn_setup_failed"}


@pytest.mark.behaviour("B-2546")
def test_every_end_is_explained() -> None:
    table = PAGE.partition("| `terminal_reason` |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.split("\n")[2:]))) == REASONS
    assert {*ended._SUBTYPES.values(), "success", "error_during_execution"} <= set(re.findall(r"`(\w+)`", PAGE))


@pytest.mark.behaviour("B-2546")
def test_every_exit_code_is_explained() -> None:
    table = PAGE.partition("## Exit codes")[2].partition("\n\n")[0]
    told = {int(code) for row in table.split("\n")[3:] for code in re.findall(r"\d+", row.split("|")[1])}
    codes = {value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)}
    assert told == codes | {129, 130, 143}
