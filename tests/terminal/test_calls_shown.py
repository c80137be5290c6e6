"""What calls leave on a real terminal: output, failures with their reasons, and what only looked in one row."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fakeapi import tool, turn
from tests.support.shop import SIZES, Shop, calm


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.behaviour("B-1007")
def test_ux_20_output_is_folded_and_ctrl_o_shows_all_of_it(tmp_path: Path, size: tuple[int, int]) -> None:
    shop = Shop.make(tmp_path)
    shop.program("npm", "seq -f 'passed %g' 1 30")
    shop.program("lint", "seq -f 'problem %g' 1 20; exit 2")
    shop.program("paged", f"cat > {tmp_path}/paged.txt", "echo PAGED", "read answer < /dev/tty")
    calls = (tool("Bash", command="npm test"), tool("Bash", command="lint all"))
    allowed = ("--allowed-tools", "Bash(npm *)", "Bash(lint *)")
    with shop.session([turn(*calls), turn("Ran.")], *allowed, size=size, env={"PAGER": "paged"}) as (term, _):
        calm(term)
        rows = term.history
        at = next(index for index, row in enumerate(rows) if row.startswith("✓ Bash npm test · "))
        assert rows[at + 1 : at + 5] == [
            "  passed 1",
            "  passed 2",
            "  passed 3",
            "  … 27 more lines · ctrl+o shows all",
        ]
        assert rows[at + 5].startswith("✗ Bash lint all · exit 2 · ")
        assert rows[at + 6 : at + 9] == ["  … 18 lines above · ctrl+o shows all", "  problem 19", "  problem 20"]
        term.send("half a thou")
        term.press("ctrl+o")
        term.wait("PAGED")
        paged = (tmp_path / "paged.txt").read_text()
        assert all(f"passed {number}\n" in paged for number in range(1, 31)) and "problem 1\n" in paged
        term.press("enter")
        term.wait("❯ half a thou")
        term.send("ght")
        term.wait("❯ half a thought")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.behaviour("B-1007")
def test_ux_21_a_call_that_was_not_run_leaves_its_reason(tmp_path: Path, size: tuple[int, int]) -> None:
    shop = Shop.make(tmp_path)
    calls = (tool("Frobnicate", now=True), tool("Grep", pattern="def ("))
    with shop.session([turn(*calls), turn("All is Done.")], size=size) as (term, _):
        calm(term)
        rows = term.history
        (unknown,) = [at for at, row in enumerate(rows) if row.startswith("✗ Frobnicate · ")]
        (bad,) = [at for at, row in enumerate(rows) if row.startswith('✗ Grep "def (" · ')]
        assert rows[unknown] == "✗ Frobnicate · not run: There is no tool 'Frobnicate'"
        assert rows[bad] == '✗ Grep "def (" · not run: a `(` is never closed'
        assert max(unknown, bad) < rows.index("All is Done.")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.behaviour("B-1008")
def test_ux_22_calls_that_only_look_are_one_row_and_a_failure_keeps_its_own(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    shop = Shop.make(tmp_path)
    (shop.place.project / "util.py").write_text("greet = 1\n")
    look = [tool("Read", file_path=str(shop.place.project / name)) for name in ("app.py", "util.py")]
    fails = tool("Read", file_path=str(shop.place.project / "none.py"))
    grep = tool("Grep", pattern="greet")
    script = [turn(*look, grep), turn("Looked."), turn(look[0], fails, grep), turn("Looked again.")]
    with shop.session(script, size=size) as (term, _):
        calm(term)
        (row,) = [row for row in term.history if row.startswith("✓ ")]
        assert row.startswith("✓ Read 2 files, searched 1 pattern · ")
        term.send("again\r")
        term.wait("Looked again.")
        rows = term.history[term.history.index("❯ again") :]
        assert "✗ Read none.py · failed: none.py does not exist" in rows
        assert any(row.startswith("✓ Read 1 file, searched 1 pattern · ") for row in rows)
