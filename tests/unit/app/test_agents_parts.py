"""The parts of agents by themselves: places, forms, sidecars, reports."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.app.subagents import sidecar
from coder.app.subagents.fitting import MOST, problems
from coder.app.subagents.places import Places
from coder.app.subagents.relay import doing
from coder.app.subagents.reporting import MOST as LONGEST
from coder.app.subagents.reporting import bounded
from coder.core.agents import Brief, Report
from coder.core.messages import Usage

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.integers(1, 3), st.lists(st.integers(0, 3), min_size=1, max_size=8))
def test_never_more_than_there_are_places_and_nobody_waits_for_ever(count: int, families: list[int]) -> None:
    """Each agent of `families` asks so many at once, and waits for them."""
    places, at_work, most = Places(count), 0, 0

    async def one(lent: asyncio.Lock | None, children: int) -> None:
        nonlocal at_work, most
        async with places.taken(lent):
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0)
            if children:
                at_work -= 1  # it waits for them
                own = asyncio.Lock()
                await asyncio.gather(*(one(own, 0) for _ in range(children)))
                at_work += 1
            at_work -= 1

    async def all_of_them() -> None:
        async with asyncio.timeout(10):
            await asyncio.gather(*(one(None, children) for children in families))

    asyncio.run(all_of_them())
    assert most <= count and at_work == 0


async def test_a_place_is_free_again_when_who_waits_for_it_or_has_it_is_cancelled() -> None:
    places = Places(1)

    async def one() -> None:
        async with places.taken():
            await asyncio.sleep(60)

    has, waits = asyncio.ensure_future(one()), asyncio.ensure_future(one())
    await asyncio.sleep(0)
    waits.cancel()
    has.cancel()
    await asyncio.wait({has, waits})
    async with asyncio.timeout(5), places.taken():
        pass


@given(JSON, JSON)
def test_no_form_and_no_value_is_too_odd_to_be_looked_at(schema: Any, value: Any) -> None:
    assert len(problems(schema, value)) <= MOST


@pytest.mark.parametrize(
    ("schema", "value", "wrong"),
    [
        ({"type": "integer"}, True, "`integer`"),
        ({"type": "integer"}, 2.0, ""),
        ({"type": ["string", "null"]}, None, ""),
        ({"items": {"type": "string"}}, ["a", 1], "[1]"),
        ({"properties": {"a": {"properties": {"b": {"type": "string"}}}}}, {"a": {"b": 1}}, "`a.b`"),
        ({"additionalProperties": {"type": "string"}}, {"a": 1}, "`a`"),
        ({"required": ["a"]}, {}, "`a` is required"),
        ({"type": "string", "maxLength": 2}, "abc", "at most 2"),
        ({"type": "number", "minimum": 1}, 0, "at least 1"),
        ({"const": 1}, 2, "expected 1"),
        ({"type": {"odd": 1}}, 2, ""),
        ({"type": [["odd"], "string"]}, 2, "`string`"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(schema: Any, value: Any, wrong: str) -> None:
    found = problems(schema, value)
    assert bool(found) == bool(wrong)
    assert wrong.strip("`") in " ".join(found)


@given(st.text(max_size=40), st.text(max_size=20), JSON.filter(lambda value: isinstance(value, dict)))
def test_what_is_kept_of_an_agent_comes_back(prompt: str, title: str, value: Any) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prompt, title = (text.encode("utf-8", "replace").decode() for text in (prompt, title))
        value = json.loads(json.dumps(value).encode("utf-8", "replace"))
        brief = Brief(prompt=prompt, title=title, kind="Explore", call="toolu_1", parent="a1", out={"type": "object"})
        report = Report(id="a2", kind="Explore", title=title, model="m", state="completed", value=value, usd=0.5)
        path = sidecar.transcript_of(folder, "a2")
        kept = sidecar.Kept("a2", path, brief, "k", "Explore", "m", 2, "completed", False, 7, report)
        sidecar.write(folder, kept)
        (back,) = sidecar.read_all(folder)
    assert (back.id, back.key, back.depth, back.state, back.order) == ("a2", "k", 2, "completed", 7)
    assert (back.brief.prompt, back.brief.title, back.brief.parent) == (prompt, title, "a1")
    assert back.report is not None and back.report.value == value and back.report.usage == Usage()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"prompt": 1}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"prompt": "x", "state": "running", "asked": 1}',
    ],
)
def test_a_damaged_sidecar_is_passed_over(tmp_path: Path, data: bytes) -> None:
    folder = tmp_path / "subagents"
    folder.mkdir()
    (folder / "agent-a1.meta.json").write_bytes(data)
    (folder / "agent-..meta.json").write_bytes(b"{}")
    (folder / "agent-a2.meta.json").mkdir()
    assert all(kept.id == "a1" for kept in sidecar.read_all(tmp_path))


def test_a_report_of_just_the_length_stays_whole(tmp_path: Path) -> None:
    assert bounded("a" * LONGEST, tmp_path, "a1") == ("a" * LONGEST, None)
    text, file = bounded("é" * (LONGEST + 1), tmp_path, "a1")
    assert file is not None and len(text) <= LONGEST and file.read_text(encoding="utf-8") == "é" * (LONGEST + 1)
    assert file.stat().st_mode & 0o77 == 0


def test_a_report_that_cannot_be_kept_says_so(tmp_path: Path) -> None:
    (tmp_path / "artifacts").write_text("in the way", encoding="utf-8")
    text, file = bounded("a" * 9_000, tmp_path, "a1")
    assert file is None and "could not be written" in text


def test_what_it_does_is_said_as_something_that_goes_on() -> None:
    assert doing("Read", "Read src/cart.py") == "reading src/cart.py"
    assert doing("Bash", "Bash npm test") == "running npm test"
    assert doing("mcp__x__y", "mcp__x__y query") == "mcp__x__y query"
