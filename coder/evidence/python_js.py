"""How the test runners of Python and JavaScript end their reports. Pure; each reader is total."""

from __future__ import annotations

import re

from coder.core.evidence import Tests
from coder.evidence.counts import items, number, together, whole

_PYTEST = re.compile(
    r"^=* ?((?:\d+ [a-z]+(?: passed)?(?:, )?){1,12}|no tests ran|no tests collected)"
    r" in \d[\d.]*(?:s| seconds)(?: \([\d:a-z, ]+\))? ?=*$",
    re.MULTILINE,
)
_PYTEST_WORDS = frozenset(
    (
        "passed",
        "failed",
        "error",
        "errors",
        "skipped",
        "xfailed",
        "xpassed",
        "deselected",
        "warning",
        "warnings",
        "rerun",
    )
)
_UNITTEST = re.compile(
    r"^Ran (\d+) tests? in [\d.]+s\n[ \t]*\n?^(OK|FAILED|NO TESTS RAN)\b(?: \(([^)\n]*)\))?", re.MULTILINE
)
_PAIR = re.compile(r"([a-z ]+)=(\d+)")
_JEST = re.compile(r"^Tests: +((?:\d+ [a-z]+, ){0,6})(\d+) total$", re.MULTILINE)
_JEST_SUITES = re.compile(r"^Test Suites: (?:\d+ skipped, )?(\d+) failed, ", re.MULTILINE)
_VITEST = re.compile(r"^ *Tests  +((?:\d+ [a-z ]+?(?: \| )?){1,6}) \((\d+)\)$|^ *Tests  +no tests$", re.MULTILINE)
_VITEST_FILES = re.compile(r"^ *Test Files  +(\d+) failed", re.MULTILINE)
_NO_FILES = re.compile(r"^No test(?:s| files) found, exiting with code", re.MULTILINE)
_MOCHA = re.compile(r"^ {1,4}(\d+) passing(?: \([^)\n]{1,20}\))?$", re.MULTILINE)
_MOCHA_REST = re.compile(r"^ {1,4}(\d+) (pending|failing)$", re.MULTILINE)
_NODE = re.compile(r"^(?:ℹ|#) (tests|pass|fail|cancelled|skipped|todo) +(\d+)$", re.MULTILINE)
_PLAYWRIGHT = re.compile(
    r"^ {2}(\d+) (passed|failed|skipped|flaky|did not run|interrupted)(?: \(([\d.]+m?s?|[\d.]+[mh])\))?$", re.MULTILINE
)
_BUN = re.compile(r"^Ran (\d+) tests across \d+ files?\.", re.MULTILINE)
_BUN_COUNT = re.compile(r"^ *(\d+) (pass|fail|skip|todo)$", re.MULTILINE)
_DENO = re.compile(
    r"^(?:ok|FAILED) \| (\d+) passed(?: \([^)\n]*\))? \| (\d+) failed(?: \| (\d+) ignored)?", re.MULTILINE
)
_AVA = re.compile(
    r"^ {2}(\d+) (?:tests?|known failures?|uncaught exceptions?) ?(passed|failed|skipped|todo)$", re.MULTILINE
)


def pytest(text: str) -> Tests | None:
    return together("pytest", map(_pytest_line, (m[1] for m in _PYTEST.finditer(text) if _is_pytest(m[1]))))


def _is_pytest(line: str) -> bool:
    words = {word.partition(" ")[2] for word in line.split(", ")}
    return line.startswith("no tests") or any(word in _PYTEST_WORDS or word.startswith("subtests") for word in words)


def _pytest_line(line: str) -> Tests:
    """What may fail and does counts as left out: a test that is marked so has stopped testing."""
    found = {} if line.startswith("no tests") else items(line)
    passed = found.get("passed", 0) + found.get("xpassed", 0)
    failed = sum(found.get(word, 0) for word in ("failed", "error", "errors"))
    return Tests("pytest", passed, failed, found.get("skipped", 0) + found.get("xfailed", 0))


def unittest(text: str) -> Tests | None:
    made = []
    for match in _UNITTEST.finditer(text):
        found = {word.strip(): number(count) for word, count in _PAIR.findall(match[3] or "")}
        failed = sum(found.get(word, 0) for word in ("failures", "errors", "unexpected successes"))
        failed = max(failed, 1) if match[2] == "FAILED" else failed
        skipped = found.get("skipped", 0) + found.get("expected failures", 0)
        made.append(whole("unittest", number(match[1]), failed, skipped))
    return together("unittest", made)


def jest(text: str) -> Tests | None:
    made = []
    for match in _JEST.finditer(text):
        found = items(match[1])
        made.append(
            Tests(
                "jest", found.get("passed", 0), found.get("failed", 0), found.get("skipped", 0) + found.get("todo", 0)
            )
        )
    if not made and not _NO_FILES.search(text):
        return None
    broken = sum(number(count) for count in _JEST_SUITES.findall(text))
    return _with_broken(together("jest", made) or Tests("jest", 0, 0, 0), broken)


def vitest(text: str) -> Tests | None:
    made = []
    for match in _VITEST.finditer(text):
        found = items(match[1] or "")
        skipped = found.get("skipped", 0) + found.get("todo", 0)
        failed = found.get("failed", 0)
        made.append(Tests("vitest", found.get("passed", 0) + found.get("expected fail", 0), failed, skipped))
    counted = together("vitest", made)
    broken = sum(number(count) for count in _VITEST_FILES.findall(text))
    return _with_broken(counted, broken) if counted is not None else None


def _with_broken(counted: Tests, files: int) -> Tests:
    """A file that could not be loaded has failed, although none of its tests is counted."""
    return Tests(counted.runner, counted.passed, max(counted.failed or 0, files), counted.skipped)


def mocha(text: str) -> Tests | None:
    passing = [number(count) for count in _MOCHA.findall(text)]
    if not passing:
        return None
    rest = {"pending": 0, "failing": 0}
    for count, word in _MOCHA_REST.findall(text):
        rest[word] += number(count)
    return Tests("mocha", sum(passing), rest["failing"], rest["pending"])


def node(text: str) -> Tests | None:
    found: dict[str, int] = {}
    for word, count in _NODE.findall(text):
        found[word] = found.get(word, 0) + number(count)
    if "pass" not in found or "tests" not in found:
        return None
    failed = found.get("fail", 0) + found.get("cancelled", 0)
    return Tests("node", found["pass"], failed, found.get("skipped", 0) + found.get("todo", 0))


def playwright(text: str) -> Tests | None:
    found: dict[str, int] = {}
    is_timed = False
    for count, word, time in _PLAYWRIGHT.findall(text):
        found[word] = found.get(word, 0) + number(count)
        is_timed = is_timed or bool(time)
    if not found or not ({"passed", "failed"} & set(found)) or not (is_timed or "failed" in found):
        return None
    failed = found.get("failed", 0) + found.get("interrupted", 0)
    passed = found.get("passed", 0) + found.get("flaky", 0)
    return Tests("playwright", passed, failed, found.get("skipped", 0) + found.get("did not run", 0))


def bun(text: str) -> Tests | None:
    if not _BUN.search(text):
        return None
    found = {word: number(count) for count, word in _BUN_COUNT.findall(text)}
    return Tests("bun", found.get("pass", 0), found.get("fail", 0), found.get("skip", 0) + found.get("todo", 0))


def deno(text: str) -> Tests | None:
    return together("deno", (Tests("deno", *map(number, match)) for match in _DENO.findall(text)))


def ava(text: str) -> Tests | None:
    found: dict[str, int] = {}
    for count, word in _AVA.findall(text):
        found[word] = found.get(word, 0) + number(count)
    if not found:
        return None
    return Tests("ava", found.get("passed", 0), found.get("failed", 0), found.get("skipped", 0) + found.get("todo", 0))


READERS = (pytest, unittest, jest, vitest, mocha, node, playwright, bun, deno, ava)
