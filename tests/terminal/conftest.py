"""Fixtures of the terminal tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A terminal that is starved by its neighbours may be late once: such a test is tried once more, and the summary
    counts it as rerun."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder with a short name: what is shown of it must not depend on who runs the tests."""
    with tempfile.TemporaryDirectory(prefix="ct-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Path(folder).resolve()
