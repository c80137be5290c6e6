"""The table of docs/mcp_servers.md against the tests that it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "mcp_servers.md").read_text(encoding="utf-8")
REAL = ROOT / "tests" / "online" / "mcp"
NAMED = re.compile(r"`(test_\w+)`(?: \(`([\w/.]+)`\))?")
DEFINED = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)


def rows() -> list[list[str]]:
    """The cells of each row, without those that are heads of a table."""
    lines = [line for line in PAGE.splitlines() if line.startswith("|") and not line.startswith("|--")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[-1] != "Test"]


def defined_in(path: Path) -> set[str]:
    return set(DEFINED.findall(path.read_text(encoding="utf-8")))


@pytest.mark.behaviour("B-1822")
def test_every_row_names_a_test_that_there_is_or_says_why_not() -> None:
    real = {name for path in REAL.glob("test_*.py") for name in defined_in(path)}
    assert len(rows()) > 40
    for row in rows():
        named = NAMED.findall(row[-1])
        if row[1].startswith("no"):
            assert re.match(r"no: \w", row[1]) and not named, row
            continue
        assert named, row
        for name, path in named:
            assert name in (defined_in(ROOT / path) if path else real), row


@pytest.mark.behaviour("B-1822")
def test_every_test_with_a_server_that_others_made_stands_in_the_table() -> None:
    named = {name for row in rows() for name, _ in NAMED.findall(row[-1])}
    real = {name for path in REAL.glob("test_*.py") for name in defined_in(path)}
    # How others publish servers of the newer era is a matter of the table's third column.
    assert real - named <= {"test_a_server_of_the_newer_era_that_others_publish_is_spoken_to_in_it"}
