"""docs/faults.md names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_in_the_table_of_faults_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", (ROOT / "docs" / "faults.md").read_text(encoding="utf-8"))
    texts = {file: (ROOT / "tests" / file) for file, _ in named}
    assert len(named) > 80 and [file for file, path in texts.items() if not path.is_file()] == []
    found = {
        file: set(re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8"))) for file, path in texts.items()
    }
    assert [f"{file}::{name}" for file, name in named if name not in found[file]] == []
