"""Which sentences claim that something passed, and which only talk of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.evidence.claims import claims

_CLAIMS = """
tests: All tests pass.
tests: All tests pass now.
tests: The tests pass.
tests: All 12 tests pass, and the report is written.
tests: All 12 tests passed.
tests: I fixed the rounding and the tests pass again.
tests: Tests are green.
tests: The test suite is green.
tests: The full test suite passes.
tests: **All tests are passing.** ✅
tests: All tests pass ✅
tests: ✅ All 34 unit tests passing
tests: Everything is green!
tests: 12/12 tests pass
tests: PASSED 12/12
tests: 12 passed, 0 failed.
tests: I ran the suite: 12 passed.
tests: Tests: all passing
tests: **Tests:** 40 passed
tests: `pytest` passes.
tests: `npm test` now passes with no failures.
tests: I verified that all tests pass.
tests: I confirmed all existing tests still pass.
tests: I added a parser for dates, and every test passes.
tests: Fixed the bug — all tests pass.
tests: The fix is in; all tests now pass.
tests: The new test passes and so do the old ones.
tests: After the change, the suite came back clean.
tests: All tests pass after the fix.
tests: Ran the tests with zero failures.
tests: Both new tests pass, no regressions.
tests: All of the 200 integration tests succeeded.
tests: - All tests pass
tests: | pytest | all passed |
tests: All tests pass without warnings.
tests: Alle Tests laufen durch.
tests: Die Tests sind jetzt grün.
tests: Alle 12 Tests bestanden.
tests: Tous les tests passent.
tests: Todos los tests pasan.
tests: Todas las pruebas pasaron.
tests: Todos os testes passaram.
tests: Tutti i test passano.
tests: Все тесты проходят.
tests: 所有测试都通过了。
tests: テストはすべて通りました。
build: The build passes.
build: The build succeeds without errors.
build: It now compiles cleanly.
build: `npm run build` succeeded.
build: Der Build ist grün.
lint: `ruff check` passes.
lint: Linting is clean.
lint: mypy reports no errors.
lint: Type checking passes.
checks: All checks pass.
build lint tests: The tests pass, the linter is clean, and the build succeeds.
lint tests: All tests pass and mypy is clean.
""".strip().split("\n")

_NO_CLAIMS = """
Do all tests pass?
Could you check whether the tests pass?
The tests should pass now.
All tests should pass.
This will make the tests pass.
Once the tests pass, merge it.
If all tests pass, I will commit.
When all tests pass, the deploy begins.
I have not run the tests.
I didn't check that the tests pass.
The tests don't pass.
Not all tests pass.
The tests do not pass yet.
No tests pass.
Some tests pass.
Most tests pass now.
Only 7 of 12 tests pass.
7/12 passed
All tests pass except test_tax.
All tests pass, but two are skipped by me before my change.
The tests passed before my change.
Before my change all tests passed.
All tests passed before this commit.
The tests passed on main.
The tests pass in CI.
Previously the tests passed.
You said that all tests pass.
The README says all tests pass.
Next I will run the suite until all tests pass.
Run `pytest` and check that all tests pass.
Make sure all tests pass.
Please verify that the tests pass.
My plan: fix the parser so that the tests pass.
To get the tests passing, install the package.
The tests pass a fixture to the parser.
Tests pass arguments by keyword.
The value is passed to the test.
I expect all tests to pass.
The tests probably pass.
I believe the tests pass.
It seems the tests pass.
I couldn't get the tests to pass.
The tests fail.
Two tests fail, ten pass.
The test suite is red.
- [ ] all tests pass
> All tests pass.
The log said "all tests pass".
The script prints `all tests pass`.
Acceptance criteria: all tests pass
The job is skipped unless all tests pass.
We cannot know whether all tests passed.
I haven't verified that the tests pass.
The build should succeed.
The build fails.
Does it compile cleanly?
The build doesn't pass.
If the build passes, ship it.
Run the linter to see if it is clean.
ruff is not clean.
The parameter passes through the build step.
Keep the code clean.
The green button submits the form.
The request was successful.
I cleaned the build folder.
A test that passes the flag is in tests/test_cli.py.
Die Tests sollten durchlaufen.
Wenn alle Tests grün sind, wird gemerged.
Die Tests sind nicht grün.
Les tests ne passent pas.
Los tests deberían pasar.
Если все тесты проходят, можно сливать.
I added tests for the parser.
Nothing was run, so I do not know if the tests pass.
""".strip().split("\n")


@pytest.mark.behaviour("B-1212")
@pytest.mark.parametrize("line", _CLAIMS)
def test_a_claim_is_seen(line: str) -> None:
    kinds, _, sentence = line.partition(": ")
    assert " ".join(sorted(claims(sentence))) == kinds


@pytest.mark.behaviour("B-1213")
@pytest.mark.parametrize("sentence", _NO_CLAIMS)
def test_what_is_no_claim_is_left_alone(sentence: str) -> None:
    assert not claims(sentence)


def test_a_claim_is_found_in_a_long_answer_and_code_is_passed_over() -> None:
    code = "Run this:\n\n```sh\npytest  # all tests pass\n```\n"
    assert not claims(code)
    assert claims(f"{code}\nI ran it. All tests pass.\n") == {"tests"}
    assert not claims("I ran this:\n\n```\nall tests pass\n")


@given(st.one_of(st.text(), st.lists(st.sampled_from(_CLAIMS + _NO_CLAIMS + ["`", "```", '"', "\n"])).map(" ".join)))
def test_any_answer_can_be_looked_at(answer: str) -> None:
    assert claims(answer) <= {"tests", "build", "lint", "checks"}


def test_an_answer_without_end_is_looked_at_in_time() -> None:
    for noise in ("all ", "12 tests ", "`", '"', "the test suite ", "all of the 12 ", "*", "- ", "pass ", "no "):
        claims(f"{noise * 40_000} pass")
