"""Fixtures of the whole suite."""

from __future__ import annotations

import gc
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.support.cli import Place

# The same examples each time, so that what passes here passes there; `make soak` and `make fuzz` look for new ones.
settings.register_profile("seeded", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("searching", derandomize=False, deadline=None)
settings.load_profile("seeded")


gc.disable()  # until all is collected, which stays: looking through it again and again finds nothing


def pytest_collection_finish() -> None:
    gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-snapshots", action="store_true", help="write the snapshots anew instead of comparing")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, None]:
    """Captured output may hold half characters on purpose; a worker can only report whole ones."""
    outcome = yield
    report = outcome.get_result()
    report.sections = [(name, text.encode("utf-8", "replace").decode()) for name, text in report.sections]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty home and an empty project."""
    return Place.make(tmp_path)
