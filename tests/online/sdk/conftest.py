"""What the tests with the public SDKs share: a stage for one conversation of each."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.sdk_stage import NodeStage, Stage
from tests.support.sdks import node_sdk, program_in


@pytest.fixture(autouse=True)
def swept() -> Iterator[None]:
    """What the SDK leaves open is collected while its warnings are ignored, and not in a test of others."""
    yield
    gc.collect()


@pytest.fixture
def stage(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Where a conversation of the Python SDK takes place. Its readers of sessions look where coder writes."""
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(place.home / ".coder"))
    return Stage(place, program_in(tmp_path))


@pytest.fixture(scope="session")
def package() -> Iterator[Path]:
    """The TypeScript SDK."""
    with node_sdk() as found:
        yield found


@pytest.fixture
def node(package: Path, place: Place, tmp_path: Path) -> NodeStage:
    """Where a conversation of the TypeScript SDK takes place."""
    return NodeStage(package, place, program_in(tmp_path))
