"""Which call made which step: alike steps of one second are counted, and what two sessions saw at once is one."""

from __future__ import annotations

from coder.app.who.steps import Noted, owners_of
from coder.app.who.values import Turn
from coder.checkpoints.refmoves import RefMoves
from coder.git.reflog import Step

RESET = Step("a" * 40, "a" * 40, 100, "reset: moving to HEAD")


def noted(session: str, began: float, when: float, count: int = 1) -> Noted:
    record = RefMoves(f"k{began}", "command", "git reset", "/p/.git", "/p", (), (RESET,) * count, began, when)
    return Noted(record, Turn(session))


def test_alike_steps_of_one_second_are_each_somebodys() -> None:
    first, second = noted("one", 100.1, 100.2, 2), noted("one", 100.3, 100.4)
    assert owners_of([second, first]) == {(RESET, 0): [first], (RESET, 1): [first], (RESET, 2): [second]}


def test_a_step_that_two_sessions_saw_at_once_is_one() -> None:
    long, short = noted("one", 99.0, 110.0), noted("two", 100.1, 100.2)
    assert owners_of([long, short]) == {(RESET, 0): [long, short]}
