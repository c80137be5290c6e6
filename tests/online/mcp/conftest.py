"""What the tests with real servers share: the servers, fetched once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.real_servers import Shelf, shelf


@pytest.fixture(scope="session")
def servers() -> Iterator[Shelf]:
    with shelf() as found:
        yield found
