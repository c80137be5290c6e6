"""Patterns of `--json-schema`: what is done at once is looked at where we are, all others by a process of its own."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.app.structured_form import AnswerForm
from coder.app.structured_patterns import most_steps

pytestmark = pytest.mark.behaviour("B-2717")
ROOM = 10_000_000
PLAIN = [
    (r"^[A-Z]{2,4}-\d+$", "ABC-1234", "abc-1"),
    (r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$", "0b5c0c0e-0000-4000-8000-000000000000", "0b5c"),
    (r"^(foo|bar|baz)$", "bar", "bars"),
    (r"^https?://[^\s]+$", "https://example.org/a?b=c", "ftp://example.org"),
    (r"^[^@\s]+@[^@\s]+\.[^@\s]+$", "somebody@mail.example.org", "somebody"),
    (r"^v?\d+(\.\d+){0,2}(-[a-z]+)?$", "v1.22.333-rc", "v1.22.333.4"),
    (r"^(?P<year>\d{4})-\d{2}", "2026-11-30", "26-11"),
    (r"[]x]\]", "a]]", "a]"),
    (r"\S", "x", " "),
]
ENDLESS = [r"^(a+)+$", r"^(a|a)*$", r"^(a|aa){1,40}$", r"a*a*a*a*a*b", r"^(?=(a+)+$)", r"^(a)\1*$", r"^((a?){9}){9}$"]


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is there once a process was begun to look at patterns."""
    seen = tmp_path / "begun"
    program = tmp_path / "python-that-tells"
    program.write_text(f'#!/bin/sh\n: > "{seen}"\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    return seen


@pytest.mark.parametrize(("pattern", "fits", "not_so"), PLAIN)
async def test_plain_patterns_begin_no_process(begun: Path, pattern: str, fits: str, not_so: str) -> None:
    form = AnswerForm({"type": "object", "properties": {"a": {"type": "string", "pattern": pattern}}})
    assert form.problems({"a": fits}) == [] and await form.problems_apart({"a": fits}) == []
    (told,) = form.problems({"a": not_so})
    assert "does not match" in told and not begun.exists()


@pytest.mark.parametrize("schema", [{"pattern": r"^(?!x)"}, {"patternProperties": {"^x": {"type": "integer"}}}])
async def test_all_others_do(begun: Path, schema: dict[str, object]) -> None:
    form = AnswerForm({"type": "object", "properties": {"a": schema}})
    value = {"a": {"xy": "no"} if "patternProperties" in schema else "xy"}
    assert form.problems(value) == [] and await form.problems_apart(value) != [] and begun.exists()


async def test_many_that_are_short_are_together_too_long(begun: Path) -> None:
    form = AnswerForm({"type": "object", "properties": {"a": {"items": {"pattern": "a.*b.*c"}}}})
    value = {"a": ["a" * 150] * 80}
    assert form.problems(value) == [] and await form.problems_apart(value) != [] and begun.exists()


@pytest.mark.behaviour("B-2800")
async def test_many_patterns_and_one_that_is_long_are_not_even_compiled_here(begun: Path) -> None:
    for patterns in ([f"^{number}" for number in range(101)], ["|".join("ab" * 400)]):
        form = AnswerForm({"type": "object", "properties": {"a": {"anyOf": [{"pattern": each} for each in patterns]}}})
        assert form.problems({"a": "x" if len(patterns) > 1 else "a"}) == [] and not begun.exists()
    assert await form.problems_apart({"a": "a"}) == [] and begun.exists()


@pytest.mark.behaviour("B-2800")
@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(?:){9000000}x", "a"),
        ("(){9000000}x", "a"),
        (r"(?:\b){4000000}x", "a"),
        ("^(?:a|a){19}x", "a" * 30),
        (f"[{''.join(map(chr, range(0x1F300, 0x1F680, 2)))}]*x", "a" * 1_000),
        ("[" + "".join(f"\\U{code:08x}" for code in range(0x1F300, 0x1F39E, 2)) + "]*x", "a" * 1_000),
        ("^" + "()" * 300 + "(a?)" * 19 + "x", "a" * 30),
    ],
)
def test_nor_what_takes_long_or_much_memory_at_each_step(pattern: str, text: str) -> None:
    assert (most_steps(pattern, len(text)) or ROOM + 1) > ROOM


@pytest.mark.parametrize("pattern", ENDLESS)
def test_what_would_not_end_is_never_taken_for_plain(pattern: str) -> None:
    assert (most_steps(pattern, 60) or ROOM + 1) > ROOM


SIGNS = st.sampled_from(["a", "b", "[ab]", "[^a]", ".", r"\w", "$", "(a|b)", "(?:ab|a)", "(a?b?)", "(a+)", "(|a)"])
TIMES = st.sampled_from(["", "", "*", "+", "?", "*?", "{0}", "{2}", "{1,3}", "{2,}", "{,4}", "++"])
PATTERNS = st.lists(st.tuples(SIGNS, TIMES), min_size=1, max_size=7).map(lambda parts: "".join(map("".join, parts)))


@settings(deadline=None)
@given(PATTERNS, st.booleans(), st.text("ab", max_size=40))
def test_what_is_taken_for_plain_is_done_at_once(pattern: str, anchored: bool, text: str) -> None:
    """Two seconds for what takes less than a tenth."""
    pattern = "^" * anchored + pattern
    try:
        compiled = re.compile(pattern)
    except re.error:
        return
    for each in (text, text + "c", "a" * len(text) + "c"):
        steps = most_steps(pattern, len(each))
        if steps is not None and steps <= ROOM:
            since = time.process_time()
            compiled.search(each)
            assert time.process_time() - since < 2
