"""Fixtures of the whole suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import Place


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-snapshots", action="store_true", help="write the snapshots anew instead of comparing")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty home and an empty project."""
    return Place.make(tmp_path)
