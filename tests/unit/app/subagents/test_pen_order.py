"""The pen of a work tree: who writes when. Agents are coroutines over a real `Pen`; what they change is a list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.agent.ports import Watched
from coder.app.subagents.pen import Pen
from coder.core.requests import Effect
from coder.core.tools import Runs, Writes
from coder.permissions.gitdrops import Drop

CALL = Watched("Bash make", Runs("make"), (), ())


class Kept:
    """Checkpoints that see whether calls overlap."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.now = 0

    async def before_asking(self, drop: Drop) -> str:
        self.calls.append(f"drop {drop.text}")
        return "kept"

    @asynccontextmanager
    async def around(self, call: Watched) -> AsyncIterator[None]:
        self.now += 1
        assert self.now == 1, "one call is noted at a time"
        self.calls.append(call.summary)
        try:
            yield
        finally:
            self.now -= 1


@dataclass
class Part:
    """What an agent does, one after the other: "write", or another agent that it asks, in the foreground or not. It is
    cancelled after so many of its steps."""

    steps: tuple[str | tuple[Part, bool], ...]
    cancelled: int | None = None


@dataclass
class Stage:
    pen: Pen = field(default_factory=lambda: Pen(Kept()))
    between: dict[str, frozenset[str]] = field(default_factory=dict)  # between first change and end, with ancestors
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    count: int = 0

    def check(self) -> None:
        for (one, above), (other, beyond) in combinations(self.between.items(), 2):
            assert one in beyond or other in above, f"{one} and {other} both write"

    async def play(self, part: Part, ancestors: frozenset[str] = frozenset()) -> None:
        self.count += 1
        id = f"a{self.count}"
        port = self.pen.around(id, ancestors)
        try:
            for number, step in enumerate(part.steps):
                await asyncio.sleep(0)
                if number == part.cancelled:
                    raise asyncio.CancelledError
                if isinstance(step, str):
                    async with port.around(CALL):
                        self.between[id] = ancestors
                        self.check()
                        await asyncio.sleep(0)
                else:
                    await self._ask(step, ancestors | {id}, part.cancelled == number + 1)
        except asyncio.CancelledError:
            if part.cancelled is None:
                raise
        finally:
            self.between.pop(id, None)
            self.pen.release(id)

    async def _ask(self, step: tuple[Part, bool], ancestors: frozenset[str], stop: bool) -> None:
        child = asyncio.create_task(self.play(step[0], ancestors))
        self.tasks.append(child)
        if stop:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            child.cancel()
        if step[1]:
            await asyncio.wait([child])


def parts() -> st.SearchStrategy[Part]:
    cancelled = st.one_of(st.none(), st.integers(0, 3))
    leaf = st.builds(Part, st.lists(st.just("write"), max_size=2).map(tuple), cancelled)

    def more(inner: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
        step = st.one_of(st.just("write"), st.tuples(inner, st.booleans()))
        return st.builds(Part, st.lists(step, max_size=4).map(tuple), cancelled)

    return st.recursive(leaf, more, max_leaves=6)


async def played(every: Sequence[Part]) -> None:
    stage = Stage()
    async with asyncio.timeout(20):
        await asyncio.gather(*(stage.play(part) for part in every))
        while waiting := [task for task in stage.tasks if not task.done()]:
            await asyncio.wait(waiting)
    for task in stage.tasks:
        assert task.cancelled() or task.exception() is None
    assert stage.pen.holders == ()


@pytest.mark.behaviour("B-1990")
@given(st.lists(parts(), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_no_two_agents_of_different_lines_write_at_a_time_and_none_waits_for_ever(every: list[Part]) -> None:
    asyncio.run(played(every))


async def write(pen: Pen, id: str, said: list[str | None], *ancestors: str) -> None:
    async with pen.around(id, ancestors, said.append).around(CALL):
        pass


@pytest.mark.behaviour("B-1990")
async def test_one_that_waits_is_told_for_whom_and_goes_on_in_its_turn() -> None:
    pen = Pen(Kept())
    said: dict[str, list[str | None]] = {"b": [], "c": []}
    await write(pen, "a", [])
    second = asyncio.create_task(write(pen, "b", said["b"]))
    await asyncio.sleep(0)
    third = asyncio.create_task(write(pen, "c", said["c"]))
    await asyncio.sleep(0)
    pen.release("a")
    pen.release("a")
    await second
    assert pen.holders == ("b",) and not third.done()
    pen.release("b")
    await third
    assert said == {"b": ["a", None], "c": ["a", "b", None]}


@pytest.mark.behaviour("B-1990")
async def test_one_that_is_cancelled_while_it_waits_never_holds_it() -> None:
    pen = Pen(Kept())
    await write(pen, "a", [])
    said: list[str | None] = []
    waiting = asyncio.create_task(write(pen, "b", said))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    pen.release("a")
    assert pen.holders == () and said == ["a", None]


@pytest.mark.behaviour("B-1990")
async def test_a_child_of_the_holder_writes_before_others_that_waited_longer() -> None:
    pen = Pen(Kept())
    await write(pen, "a", [])
    other = asyncio.create_task(write(pen, "b", []))
    await asyncio.sleep(0)
    await write(pen, "child", [], "main", "a")
    assert pen.holders == ("a", "child")
    pen.release("a")
    await asyncio.sleep(0)
    assert not other.done(), "the child has not ended"
    pen.release("child")
    await other


async def test_the_main_agent_needs_no_pen_but_calls_come_one_after_the_other() -> None:
    kept = Kept()
    pen = Pen(kept)
    await write(pen, "a", [])
    said: list[str | None] = []
    async with pen.main.around(CALL):
        more = asyncio.create_task(write(pen, "a", said))
        drop = asyncio.create_task(pen.around("b").before_asking(Drop("git gc", ())))
        for _ in range(3):
            await asyncio.sleep(0)
        assert not more.done() and not drop.done()
    await more
    assert await drop == "kept" and said == ["main", None] and pen.holders == ("a",)
    assert kept.calls == ["Bash make", "Bash make", "Bash make", "drop git gc"]


@pytest.mark.behaviour("B-1990")
async def test_what_stays_in_a_work_tree_of_its_own_needs_no_pen(tmp_path: Path) -> None:
    kept = Kept()
    pen = Pen(kept)
    await write(pen, "a", [])
    port = pen.around("b", apart=tmp_path)
    inside, beside = tmp_path / "x.py", tmp_path.parent / "x.py"
    for call in (CALL, Watched("Edit", Writes((inside,)), (), (inside,))):
        async with port.around(call):
            pass
    assert pen.holders == ("a",) and kept.calls == ["Bash make"]
    for call in (
        Watched("Edit", Writes((beside,)), (), (beside,)),
        Watched("Bash rm", Runs("rm"), (Effect("deletes", "x", beside),), ()),
    ):
        waiting = asyncio.create_task(_entered(port.around(call)))
        await asyncio.sleep(0)
        assert not waiting.done()
        waiting.cancel()


async def _entered(manager: object) -> None:
    async with manager:  # type: ignore[attr-defined]  # as the executor enters it
        pass
