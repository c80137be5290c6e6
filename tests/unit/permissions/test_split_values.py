from __future__ import annotations

import pytest

from coder.permissions.splitting import split_rules


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        ("Read,Edit", ["Read", "Edit"]),
        ("Bash(git log *, x) Bash(a (b) c)", ["Bash(git log *, x)", "Bash(a (b) c)"]),
        (" , ", []),
        ("Bash(open", ["Bash(open"]),
        ("x)y Read", ["x)y", "Read"]),
    ],
)
def test_values_of_the_command_line_are_split_outside_parentheses(value: str, rules: list[str]) -> None:
    assert split_rules(value) == rules
