"""How the test runners of Go, Rust, Java, .NET, C++, Swift and Dart end their reports. Pure; each reader is total."""

from __future__ import annotations

import json
import re

from coder.core.evidence import Tests
from coder.evidence.counts import number, together, whole

_GO_PACKAGE = re.compile(r"^(ok|FAIL)[ \t]+(\S+)[ \t]+(\(cached\)|[\d.]+s|\[[^\]\n]+\])(.*)$", re.MULTILINE)
_GO_NONE = re.compile(r"^\?[ \t]+\S+[ \t]+\[no test files\]", re.MULTILINE)
_GO_TEST = re.compile(r"^--- (PASS|FAIL|SKIP): (\S+) \(", re.MULTILINE)
_GO_SUM = re.compile(
    r"^DONE (?:\d+ runs, )?(\d+) tests?(?:, (\d+) skipped)?(?:, (\d+) failures?)?(?:, (\d+) errors?)? in ", re.MULTILINE
)
_CARGO = re.compile(r"^test result: (?:ok|FAILED)\. (\d+) passed; (\d+) failed; (\d+) ignored;", re.MULTILINE)
_NEXTEST = re.compile(r"^ *Summary \[[^\]\n]*\] +[\d/]+ tests? run: ([^\n]{0,200})$", re.MULTILINE)
_NEXTEST_COUNT = re.compile(r"(\d+) (passed|failed|timed out|skipped|exec failed)")
_SUREFIRE = re.compile(
    r"^(?:\[\w+\] )?Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)(.*)$", re.MULTILINE
)
_MAVEN_NONE = re.compile(r"^(?:\[INFO\] )?No tests (?:to run|were executed)", re.MULTILINE)
_GRADLE = re.compile(r"^(\d+) tests? completed(?:, (\d+) failed)?(?:, (\d+) skipped)?$", re.MULTILINE)
_GRADLE_CASE = re.compile(r"^\S.{0,300} > .{1,300} (PASSED|FAILED|SKIPPED)$", re.MULTILINE)
_GRADLE_TASK = re.compile(r"^> Task (?::[\w.-]+)*:(?:\w*[tT]est\w*)((?: [A-Z-]+)?)$", re.MULTILINE)
_GRADLE_END = re.compile(r"^BUILD (SUCCESSFUL|FAILED) in ", re.MULTILINE)
_COMPILES = re.compile(r"compile|classes|resources", re.IGNORECASE)
_DOTNET = re.compile(
    r"^[ \t]*(?:Passed|Failed|Skipped)! +- Failed: +(\d+), Passed: +(\d+), Skipped: +(\d+), Total: +\d+", re.MULTILINE
)
_DOTNET_SUM = re.compile(
    r"^[ \t]*Test summary: total: (\d+), failed: (\d+), succeeded: (\d+), skipped: (\d+)", re.MULTILINE
)
_VSTEST = re.compile(r"^Total tests: (\d+)((?:\n[ \t]+(?:Passed|Failed|Skipped): \d+){0,4})", re.MULTILINE)
_VSTEST_COUNT = re.compile(r"(Passed|Failed|Skipped): (\d+)")
_CTEST = re.compile(r"^\d+% tests passed, (\d+) tests? failed out of (\d+)", re.MULTILINE)
_CTEST_NONE = re.compile(r"^No tests were found!!!", re.MULTILINE)
_GTEST = re.compile(r"^\[=+\] (\d+) tests? from \d+ test (?:suite|case)s? ran\.", re.MULTILINE)
_GTEST_COUNT = re.compile(r"^\[ +(PASSED|FAILED|SKIPPED) +\] (\d+) tests?", re.MULTILINE)
_XCTEST = re.compile(
    r"^[ \t]*Executed (\d+) tests?, with (?:(\d+) tests? skipped and )?(\d+) failures? \(", re.MULTILINE
)
_SCALATEST = re.compile(r"Tests: succeeded (\d+), failed (\d+), canceled (\d+), ignored (\d+), pending (\d+)")
_FLUTTER = re.compile(
    r"^\d\d:\d\d \+(\d+)(?: ~(\d+))?(?: -(\d+))?: (?:All tests passed!|Some tests failed\.)", re.MULTILINE
)


def go(text: str) -> Tests | None:
    if summed := _GO_SUM.findall(text):
        return together(
            "go test", (whole("go test", number(n), number(f) + number(e), number(s)) for n, s, f, e in summed)
        )
    if '"Action":"' in text and (told := _go_json(text)) is not None:
        return told
    packages = _GO_PACKAGE.findall(text)
    cases = [word for word, _ in _GO_TEST.findall(text)]
    if not packages and not (cases and "FAIL" in text) and not _GO_NONE.search(text):
        return None
    bad = sum(word == "FAIL" for word, *_ in packages)
    ran = [each for each in packages if each[0] == "ok" and "[no tests to run]" not in each[3]]
    failed = max(cases.count("FAIL"), bad)
    passed = cases.count("PASS") if "PASS" in cases else None if ran or failed else 0
    return Tests("go test", passed, failed, cases.count("SKIP"))


def _go_json(text: str) -> Tests | None:
    """`go test -json`: one object a line. Subtests count with their test, a package that does not build as one."""
    counts = {"pass": 0, "fail": 0, "skip": 0}
    failing: set[str] = set()
    broken: set[str] = set()
    is_told = False
    for line in text.split("\n"):
        if not line.startswith("{"):
            continue
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            continue
        action, test, package = (said.get(key) for key in ("Action", "Test", "Package"))
        if action not in ("pass", "fail", "skip") or not isinstance(package, str):
            continue
        is_told = True
        if isinstance(test, str):
            if "/" not in test:
                counts[action] += 1
                failing |= {package} if action == "fail" else set()
        elif action == "fail":
            broken.add(package)
    if not is_told:
        return None
    return Tests("go test", counts["pass"], counts["fail"] + len(broken - failing), counts["skip"])


def cargo(text: str) -> Tests | None:
    made = [Tests("cargo test", *map(number, match)) for match in _CARGO.findall(text)]
    for summary in _NEXTEST.findall(text):
        found = {word: number(count) for count, word in _NEXTEST_COUNT.findall(summary)}
        failed = sum(found.get(word, 0) for word in ("failed", "timed out", "exec failed"))
        made.append(Tests("cargo test", found.get("passed", 0), failed, found.get("skipped", 0)))
    return together("cargo test", made)


def maven(text: str) -> Tests | None:
    """Each class has a line, and each module one for all of its classes: those are the ones to add up."""
    found = _SUREFIRE.findall(text)
    sums = [each for each in found if "Time elapsed" not in each[4]] or found
    made = [whole("maven", number(n), number(f) + number(e), number(s)) for n, f, e, s, _ in sums]
    if not made and _MAVEN_NONE.search(text):
        return Tests("maven", 0, 0, 0)
    return together("maven", made)


def gradle(text: str) -> Tests | None:
    """It gives numbers only where something failed, or where it is told to show each test."""
    if found := _GRADLE.findall(text):
        return together("gradle", (whole("gradle", *map(number, each)) for each in found))
    ended = _GRADLE_END.search(text)
    cases = _GRADLE_CASE.findall(text) if ended else []
    if cases:
        return Tests("gradle", cases.count("PASSED"), cases.count("FAILED"), cases.count("SKIPPED"))
    tasks = [m for m in _GRADLE_TASK.finditer(text) if not _COMPILES.search(m[0])]
    if ended is None or not tasks:
        return None
    states = [task[1].strip() for task in tasks]
    if all(state == "NO-SOURCE" for state in states):
        return Tests("gradle", 0, 0, 0)
    failed = sum(state == "FAILED" for state in states)
    return Tests("gradle", None, failed, None) if failed or ended[1] == "SUCCESSFUL" else None


def dotnet(text: str) -> Tests | None:
    made = [Tests("dotnet test", number(p), number(f), number(s)) for f, p, s in _DOTNET.findall(text)]
    if not made:
        made = [Tests("dotnet test", number(p), number(f), number(s)) for _, f, p, s in _DOTNET_SUM.findall(text)]
    if not made:
        for total, rest in _VSTEST.findall(text):
            found = {word: number(count) for word, count in _VSTEST_COUNT.findall(rest)}
            skipped, failed = found.get("Skipped", 0), found.get("Failed", 0)
            made.append(Tests("dotnet test", found.get("Passed", number(total) - failed - skipped), failed, skipped))
    if not made and "No test is available in" in text:
        return Tests("dotnet test", 0, 0, 0)
    return together("dotnet test", made)


def ctest(text: str) -> Tests | None:
    made = [whole("ctest", number(total), number(failed), 0) for failed, total in _CTEST.findall(text)]
    return together("ctest", made) or (Tests("ctest", 0, 0, 0) if _CTEST_NONE.search(text) else None)


def gtest(text: str) -> Tests | None:
    if not _GTEST.search(text):
        return None
    found = {"PASSED": 0, "FAILED": 0, "SKIPPED": 0}
    for word, count in _GTEST_COUNT.findall(text):
        found[word] += number(count)
    return Tests("googletest", found["PASSED"], found["FAILED"], found["SKIPPED"])


def xctest(text: str) -> Tests | None:
    """Every suite has a line; the last one is that of all."""
    found = _XCTEST.findall(text)
    if not found:
        return None
    total, skipped, failed = map(number, found[-1])
    return whole("swift test", total, failed, skipped)


def scalatest(text: str) -> Tests | None:
    made = []
    for found in _SCALATEST.findall(text):
        passed, failed, cancelled, ignored, pending = map(number, found)
        made.append(Tests("scalatest", passed, failed, cancelled + ignored + pending))
    return together("scalatest", made)


def flutter(text: str) -> Tests | None:
    made = [Tests("flutter test", number(p), number(f), number(s)) for p, s, f in _FLUTTER.findall(text)]
    return together("flutter test", made)


READERS = (go, cargo, maven, gradle, dotnet, ctest, gtest, xctest, scalatest, flutter)
