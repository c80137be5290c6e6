"""What of the many cases of one test is run each time. Must not know the tests."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from zlib import crc32

import pytest

_MANY = 3  # cases of one test
_ONE_OF = 4
_ALWAYS_ALL = ("hostile", "trust", "red", "kill", "signals")  # what guards the person's machine and work


@pytest.hookimpl(tryfirst=True)  # before what is deselected is decided
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test with many cases, each a process or more, runs the first and a quarter of the others; `make soak` all."""
    here = Path(__file__).parent
    ours = [item for item in items if item.path.is_relative_to(here) and hasattr(item, "callspec")]
    cases = Counter(_test(item) for item in ours)
    begun: set[str] = set()
    for item in ours:
        test = _test(item)
        is_first, is_all = test not in begun, any(word in item.path.stem for word in _ALWAYS_ALL)
        begun.add(test)
        if cases[test] >= _MANY and not is_first and not is_all and crc32(item.nodeid.encode()) % _ONE_OF:
            item.add_marker(pytest.mark.soak)


def _test(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]
