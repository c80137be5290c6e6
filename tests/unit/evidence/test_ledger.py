"""What the ledger makes of what it is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.evidence import Checked
from coder.evidence.ledger import Ledger

PASS, LESS = "12 passed in 0.1s", "10 passed in 0.1s"


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    return Ledger(str(tmp_path))


def pytest_run(book: Ledger, output: str, code: int = 0, command: str = "pytest -q") -> None:
    book.ran(command, code, output, is_failure=code != 0)


@pytest.mark.behaviour("B-1220")
def test_tests_are_told_against_the_run_before(book: Ledger) -> None:
    book.begin()
    pytest_run(book, PASS)
    assert book.evidence().before is None
    book.begin()
    assert (book.evidence().tests, book.evidence().before) == (None, None)
    pytest_run(book, "2 failed, 10 passed in 0.1s", 1)
    now = book.evidence()
    assert now.tests is not None and now.tests.failed == 2
    assert now.before is not None and now.before.passed == 12


@pytest.mark.behaviour("B-1220")
def test_fewer_tests_and_more_skipped_ones_of_one_command_are_doubts(book: Ledger) -> None:
    book.begin()
    pytest_run(book, PASS)
    pytest_run(book, "1 passed in 0.1s", command="pytest -q tests/test_a.py")  # another command: nothing to compare
    assert book.evidence().doubts == ()
    pytest_run(book, LESS)
    assert book.evidence().doubts == ("fewer tests than before: 10, were 12 (pytest -q)",)
    pytest_run(book, "10 passed, 2 skipped in 0.1s")
    assert book.evidence().doubts == ("more tests are skipped: 2, was none before (pytest -q)",)
    pytest_run(book, PASS)
    assert book.evidence().doubts == ()


@pytest.mark.behaviour("B-1220")
def test_a_deleted_test_file_is_a_doubt_unless_another_came_in_its_place(book: Ledger, tmp_path: Path) -> None:
    book.begin()
    book.changed(f"{tmp_path}/tests/test_a.py", "old", None)
    book.changed(f"{tmp_path}/shop.py", "old", None)
    assert book.evidence().doubts == ("1 test file was deleted: tests/test_a.py",)
    book.changed(f"{tmp_path}/tests/test_b.py", None, "old")
    assert book.evidence().doubts == ()


@pytest.mark.behaviour("B-1220")
@pytest.mark.parametrize(
    ("path", "doubts"),
    [("shop.py", ("not tested since the last change: shop.py",)), ("README.md", ()), ("dist/shop.js", ())],
)
def test_changes_after_the_last_test_run_are_doubts_where_tests_may_depend_on_them(
    book: Ledger, tmp_path: Path, path: str, doubts: tuple[str, ...]
) -> None:
    book.begin()
    pytest_run(book, PASS)
    book.edited(f"{tmp_path}/{path}")
    assert book.evidence().doubts == doubts
    pytest_run(book, PASS)
    assert book.evidence().doubts == ()


def test_a_file_that_is_as_it_was_is_not_changed(book: Ledger, tmp_path: Path) -> None:
    book.begin()
    book.changed(f"{tmp_path}/a.py", "one", "two")
    book.edited(f"{tmp_path}/a.py")
    assert book.evidence().changed == ("a.py",)
    book.changed(f"{tmp_path}/a.py", "two", "one")
    book.changed(f"{tmp_path}/__pycache__/a.pyc", None, "x")
    book.changed("/etc/other", "x", "y")
    assert (book.evidence().changed, book.evidence().files) == (("/etc/other",), 1)


@pytest.mark.behaviour("B-1218")
def test_a_run_of_an_earlier_run_bears_a_claim_out_while_nothing_changes(book: Ledger, tmp_path: Path) -> None:
    book.begin()
    pytest_run(book, PASS)
    book.begin()
    assert book.unbacked("tests") == ""
    book.edited(f"{tmp_path}/a.py")
    assert book.unbacked("tests") == "a.py changed after the last test run"


@pytest.mark.behaviour("B-1219")
@pytest.mark.parametrize(
    ("command", "code", "claim", "fact"),
    [
        ("make test", 0, "tests", ""),
        ("make test", 2, "tests", "the last test run ended with exit code 2 (make test)"),
        ("make test | tail -3", 0, "tests", ""),  # its code tells nothing: nobody knows
        ("cat tests/a.py", 0, "tests", "coder saw no test run"),
        ("pytest --version", 0, "tests", "coder saw no test run"),
        ("ruff check .", 0, "lint", ""),
        ("ruff check .", 1, "lint", "the last lint run ended with exit code 1 (ruff check .)"),
        ("npm run build", 1, "build", "the last build ended with exit code 1 (npm run build)"),
        ("ruff check .", 0, "checks", ""),
        ("ls", 0, "checks", "coder saw no check run"),
        ("ls", 0, "build", "coder saw no build"),
    ],
)
def test_what_bears_a_claim_out(book: Ledger, command: str, code: int, claim: str, fact: str) -> None:
    book.begin()
    book.ran(command, code, "", is_failure=code != 0)
    assert book.unbacked(claim) == fact  # type: ignore[arg-type]  # one of the claims


def test_a_passed_check_bears_everything_out_until_something_changes(book: Ledger, tmp_path: Path) -> None:
    book.begin()
    book.checked(Checked("./ci", 0, 1), "fine")
    assert book.unbacked("tests") == book.unbacked("lint") == ""
    book.edited(f"{tmp_path}/a.py")
    assert book.unbacked("lint") == "coder saw no lint run"


def test_what_the_person_ran_bears_out_and_is_no_deed_of_the_run(book: Ledger) -> None:
    book.begin()
    book.shown("pytest", PASS)
    assert book.unbacked("tests") == "" and book.evidence().commands == 0


def test_a_command_in_the_background_is_told_before_it_ends_and_counted_once(book: Ledger) -> None:
    book.begin()
    book.waits("b1", "pytest")
    assert [ran.code for ran in book.evidence().ran] == [None]
    book.ended("b1", "pytest", 1, "1 failed in 0.1s", 2.0, is_failure=True)
    now = book.evidence()
    assert (now.commands, now.failures, [ran.code for ran in now.ran]) == (1, 1, [1])


@given(st.lists(st.tuples(st.sampled_from(["pytest", "ls", "make", "x" * 9999]), st.integers(0, 255)), max_size=300))
def test_the_most_telling_commands_stay(told: list[tuple[str, int]]) -> None:
    book = Ledger("/shop")
    book.begin()
    for command, code in told:
        book.ran(command, code, "", is_failure=code != 0)
    now = book.evidence()
    assert now.commands == len(told) and now.failures == sum(code != 0 for _, code in told)
    assert len(now.ran) == min(len(told), 20)
    assert sum(ran.is_failure for ran in now.ran) == min(now.failures, 20)
    assert not told or now.failures >= 20 or now.ran[-1].command == told[-1][0][:500]
