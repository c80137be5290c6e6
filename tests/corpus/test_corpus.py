"""The corpus is well formed: unique ids and commands, bash accepts each one, each names its source.

It must know nothing of the gate; what the gate answers is measured elsewhere.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = {
    "readonly_commands.jsonl": ({"id", "command", "source"}, {"outside"}, 220),
    "everyday_needs_rules.jsonl": ({"id", "command", "source", "why"}, set[str](), 60),
}


def entries(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", FILES)
def test_entries_have_their_keys_and_name_a_source(name: str) -> None:
    needed, optional, least = FILES[name]
    rows = entries(name)
    assert len(rows) >= least
    for row in rows:
        assert needed <= set(row) <= needed | optional, row
        assert all(isinstance(row[key], str) and str(row[key]).strip() for key in needed), row
        assert "\n" not in str(row["command"]), row
        assert row.get("outside", True) is True, row


def test_ids_and_commands_are_unique_over_both_lists() -> None:
    rows = [row for name in FILES for row in entries(name)]
    for key in ("id", "command"):
        values = [str(row[key]) for row in rows]
        assert sorted(v for v in set(values) if values.count(v) > 1) == [], key


@pytest.mark.parametrize("name", FILES)
def test_bash_accepts_every_command(name: str) -> None:
    refused = []
    for row in entries(name):
        checked = subprocess.run(["bash", "-n", "-c", str(row["command"])], capture_output=True, text=True, check=False)
        if checked.returncode or checked.stderr:
            refused.append((row["id"], checked.stderr))
    assert refused == []
