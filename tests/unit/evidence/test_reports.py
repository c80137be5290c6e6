"""What is read out of the output of test runners."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core import evidence
from coder.evidence.testruns import report_of

_CORPUS = Path(__file__).parents[2] / "corpus" / "runner_reports.txt"


def _samples() -> Iterator[tuple[str, str, str]]:
    for sample in _CORPUS.read_text().split("\n$$$ ")[1:]:
        command, wanted, output = sample.split("\n", 2)
        yield command, wanted.removeprefix(">>> "), output


def _told(tests: evidence.Tests | None) -> str:
    if tests is None:
        return "nothing"
    counts = ("-" if count is None else str(count) for count in (tests.passed, tests.failed, tests.skipped))
    return f"{tests.runner}: {' '.join(counts)}"


@pytest.mark.behaviour("B-1210")
@pytest.mark.parametrize(("command", "wanted", "output"), list(_samples()))
def test_a_report_is_read_and_counted(command: str, wanted: str, output: str) -> None:
    assert _told(report_of(command, output)) == wanted


def test_the_corpus_is_read() -> None:
    assert len(list(_samples())) > 70


_LINES = st.sampled_from(
    [line for _, _, output in _samples() for line in output.split("\n") if any(map(str.isdigit, line))]
)


@given(
    st.one_of(
        st.text(),
        st.lists(_LINES, max_size=12).map("\n".join),
        st.lists(st.one_of(_LINES, st.text(max_size=20)), max_size=8).map("\n".join),
        st.tuples(_LINES, st.integers(0, 10**30)).map(lambda pair: pair[0].replace("1", str(pair[1]))),
    ),
    st.one_of(st.text(max_size=60), st.sampled_from(["pytest", "make test", "bats x | cat"])),
)
def test_whatever_is_printed_counts_are_never_negative(output: str, command: str) -> None:
    tests = report_of(command, output)
    if tests is not None:
        assert tests.runner
        assert all(count is None or count >= 0 for count in (tests.passed, tests.failed, tests.skipped))
        assert (tests.total is None) == (tests.passed is None)
        assert not (tests.is_empty and tests.is_pass)


@pytest.mark.behaviour("B-1211")
@pytest.mark.parametrize("output", ["no tests ran in 0.01s", "5 deselected in 0.01s", "3 skipped in 0.01s"])
def test_a_run_that_tested_nothing_is_no_pass(output: str) -> None:
    tests = report_of("pytest -q", output)
    assert tests is not None
    assert tests.is_empty
    assert not tests.is_pass


def test_long_lines_and_long_outputs_are_read_in_time() -> None:
    for noise in ("1 passed, " * 200_000, "= " * 500_000, "12 tests, " * 100_000, " \n" * 500_000, "{" * 300_000):
        report_of("pytest", noise)
        assert _told(report_of("pytest", noise + "\n3 passed in 0.01s\n")) == "pytest: 3 0 0"
