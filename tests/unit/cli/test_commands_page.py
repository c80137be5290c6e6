"""The pages of `coder commands`: within 80 columns, one line for each in a pipe, nothing unseen in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from coder.app.commanding.rows import CommandRow, Shelf
from coder.cli.commands_page import check_lines, list_lines, plain_lines
from coder.commands.check import Examined
from coder.commands.definition import Mistake

HERE, HOME = Path("/srv/repo"), Path("/home/me")
NAMES = st.from_regex(r"[a-z][a-z:-]{0,60}", fullmatch=True)
ROWS = st.builds(
    CommandRow,
    st.sampled_from(["command", "skill", "agent"]),
    NAMES,
    st.just(HERE / ".claude" / "commands" / "x.md"),
    st.sampled_from(["built-in", "managed", "yours", "project", "added", "plugin"]),
    st.text(max_size=120),
    st.text(max_size=40),
    st.sampled_from(["", "/srv/repo/.claude/skills/x/SKILL.md comes first"]),
)


@pytest.mark.behaviour("B-1280")
@given(rows=st.lists(ROWS, max_size=6))
@example(rows=[CommandRow("command", "a" * 23, HERE / "x.md", "built-in", "", "0", "")])
def test_a_terminal_gets_at_most_80_columns_and_every_name_whole(rows: list[CommandRow]) -> None:
    lines = list(list_lines(Shelf(tuple(rows)), rows, HERE, HOME))
    assert all(cell_len(line) <= 80 and line.isprintable() for line in lines)
    whole = "\n".join(lines)
    assert all(row.name in whole for row in rows)
    assert "/srv/repo/.claude" not in whole


@pytest.mark.behaviour("B-1280")
@given(rows=st.lists(ROWS, max_size=6))
def test_a_pipe_gets_a_line_for_each(rows: list[CommandRow]) -> None:
    lines = list(plain_lines(rows))
    assert len(lines) == len(rows) and all(line.isprintable() for line in lines)


@pytest.mark.behaviour("B-1284")
@given(text=st.text(max_size=100), name=st.text(min_size=1, max_size=20))
def test_a_mistake_is_a_line_whatever_the_file_says(text: str, name: str) -> None:
    done = Examined((Mistake(HERE / name.replace("/", ""), 0, text),), {"command": 1})
    first, second = check_lines(done, HERE, HOME)
    assert first.isprintable() and ":1: error: " in first and second == "1 command: 1 error"
