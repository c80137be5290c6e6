"""Who wins a vote: every rule, ties, and those who say nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.workflows.running.voting import combined, decide
from coder.workflows.workflow import Vote

A, B, C = "a", "b", "c"


@pytest.mark.parametrize(
    ("rule", "cast", "winner"),
    [
        ("majority", [A, A, B], A),
        ("majority", [A, B], None),
        ("majority", [A, A, B, C], None),
        ("majority", [A], A),
        ("majority", [], None),
        ("plurality", [A, A, B, C], A),
        ("plurality", [A, A, B, B, C], None),
        ("all", [A, A], A),
        ("all", [A, A, B], None),
        ("all", [True, True], True),
        ("all", [True, False], False),
        ("any", [False, True], True),
        ("any", [False, False], False),
        ("any", [A, B], None),
        ("majority", [1, True, 1], 1),  # 1 is not true
        ("majority", [None, None, A], None),
    ],
)
def test_the_rules(rule: Any, cast: list[Any], winner: Any) -> None:
    decided = decide(Vote(len(cast), rule), cast, 0)
    assert decided.winner == winner and isinstance(decided.winner, bool) == isinstance(winner, bool)


def test_without_a_winner_it_is_the_tie_value_and_the_counts_say_who_abstained() -> None:
    decided = decide(Vote(4, "majority", tie="fail"), [A, B], 2)
    assert (decided.winner, decided.is_tie, decided.words) == ("fail", True, "1 a, 1 b, 2 abstained")


def test_a_value_of_all_votes_has_what_anybody_found() -> None:
    votes = [{"on": A, "found": [1], "why": "x"}, {"on": B, "found": [2, 1], "why": "y"}, {"on": B, "found": None}]
    value = combined(votes, "on", decide(Vote(3, "majority"), [A, B, B], 0))
    assert value == {"on": B, "found": [1, 2] if value["found"][0] == 1 else [2, 1], "why": "y", "votes": {B: 2, A: 1}}


@given(st.lists(st.sampled_from([A, B, C]), max_size=9), st.sampled_from(["majority", "all", "any", "plurality"]))
def test_the_order_of_votes_never_decides(cast: list[str], rule: Any) -> None:
    decided = decide(Vote(9, rule), cast, 0)
    assert decided == decide(Vote(9, rule), cast[::-1], 0)
    assert decided.winner is None or cast.count(decided.winner) >= max(cast.count(each) for each in cast)
