"""Fixtures of the terminal tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

_WIDE = 120  # columns
_ONE_OF = 3


@pytest.hookimpl(tryfirst=True)  # before what is deselected is decided
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A terminal that is starved by its neighbours may be late once: such a test is tried once more, and the summary
    counts it as rerun. What is run in two widths is run in the wide one here and there; `make soak` runs all."""
    here = Path(__file__).parent
    for item in items:
        if not item.path.is_relative_to(here):
            continue
        item.add_marker(pytest.mark.flaky(reruns=1))
        if _is_wide(item) and crc32(item.nodeid.encode()) % _ONE_OF:
            item.add_marker(pytest.mark.soak)


def _is_wide(item: pytest.Item) -> bool:
    given = getattr(item, "callspec", None)
    params = given.params if given is not None else {}
    size = params.get("size")
    return params.get("columns") == _WIDE or (isinstance(size, tuple) and size[0] == _WIDE)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder with a short name: what is shown of it must not depend on who runs the tests."""
    with tempfile.TemporaryDirectory(prefix="ct-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Path(folder).resolve()
