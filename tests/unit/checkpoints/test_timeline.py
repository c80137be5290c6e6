"""Points that are not in the journal find their place among those that are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.checkpoints.changelog import ChangeSet, Mark
from coder.checkpoints.timeline import Timeline


def mark(id: str, when: float) -> Mark:
    return Mark(id, id, when)


def changed(id: str, when: float) -> ChangeSet:
    return ChangeSet(id, "command", id, (), when)


def after(timeline: Timeline, id: str) -> list[str]:
    found = timeline.find(id)
    assert found is not None
    return [each.id for each in timeline.since(found)]


@pytest.mark.parametrize("when", [50.0, 150.0, 250.0])
def test_a_clock_that_was_set_does_not_move_a_message_before_an_earlier_one(when: float) -> None:
    records: list[Mark | ChangeSet] = [mark("p1", 100), changed("k1", 101), mark("p3", 200), changed("k3", 201)]
    timeline = Timeline(records, [mark("p1", 100), mark("p2", when), mark("p3", 200)])
    assert [each.mark.id for each in timeline.stretches()] == ["p1", "p2", "p3"]
    assert after(timeline, "p3") == ["k3"]
    if when > 101:
        assert after(timeline, "p2") == ["k3"]


def test_a_message_that_changed_nothing_finds_its_place_by_its_time() -> None:
    records: list[Mark | ChangeSet] = [mark("p1", 100), changed("k1", 101), changed("back", 103)]
    assert after(Timeline(records, [mark("p1", 100), mark("p2", 102)]), "p2") == ["back"]
    assert after(Timeline(records, [mark("p1", 100), mark("p2", 104)]), "p2") == []


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=12))
def test_points_stay_in_the_order_of_the_conversation(made: list[tuple[bool, int]]) -> None:
    told = [mark(f"p{index}", when) for index, (_, when) in enumerate(made)]
    records = [each for each, (kept, _) in zip(told, made, strict=True) if kept]
    found = [each.mark for each in Timeline(records, told).stretches()]
    assert found == told
