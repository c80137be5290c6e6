"""How the test runners of Ruby, PHP, Elixir, shell and Perl end their reports, and TAP. Pure; each reader is total."""

from __future__ import annotations

import re

from coder.core.evidence import Tests
from coder.evidence.counts import items, number, together, whole

_RSPEC = re.compile(
    r"^(\d+) examples?, (\d+) failures?(?:, (\d+) pending)?(?:, (\d+) errors? occurred outside of examples)?$",
    re.MULTILINE,
)
_MINITEST = re.compile(
    r"^(\d+) (?:runs|tests), \d+ assertions, (\d+) failures, (\d+) errors(?:, (?:(\d+) pendings, )?\d+ omissions"
    r"|, (\d+) skips)?",
    re.MULTILINE,
)
_PHPUNIT_OK = re.compile(r"^OK \((\d+) tests?, \d+ assertions?\)$", re.MULTILINE)
_PHPUNIT = re.compile(r"^Tests: (\d+), Assertions: \d+((?:, [A-Za-z ]+: \d+)*)\.$", re.MULTILINE)
_PHPUNIT_COUNT = re.compile(r"([A-Z][A-Za-z ]*): (\d+)")
_PHPUNIT_NONE = re.compile(r"^No tests executed!$", re.MULTILINE)
_PEST = re.compile(r"^ *Tests: +((?:\d+ [a-z]+(?:, )?){1,8}) \(\d+ assertions?\)$", re.MULTILINE)
_PLAIN = re.compile(  # bats, ExUnit and others
    r"^ ?(?:\d+ (?:doctests?|propert(?:y|ies)), )*(\d+) tests?, (\d+) failures?((?:, \d+ [a-z ()]+){0,3})$",
    re.MULTILINE,
)
_PROVE = re.compile(r"^Files=\d+, Tests=(\d+),", re.MULTILINE)
_PROVE_RESULT = re.compile(r"^Result: (PASS|FAIL|NOTESTS)$", re.MULTILINE)
_PROVE_FAILED = re.compile(r"^[ \t]*Failed (\d+)/\d+ subtests", re.MULTILINE)
_PLAN = re.compile(r"^1\.\.(\d+)(?: |$)", re.MULTILINE)
_POINT = re.compile(r"^(not )?ok (\d+)\b([^\n]*)$", re.MULTILINE)
_DIRECTIVE = re.compile(r"#\s*(?:skip|todo)", re.IGNORECASE)


def rspec(text: str) -> Tests | None:
    made = []
    for total, failed, pending, errors in _RSPEC.findall(text):
        counted = whole("rspec", number(total), number(failed), number(pending))
        made.append(Tests("rspec", counted.passed, number(failed) + number(errors), counted.skipped))
    return together("rspec", made)


def minitest(text: str) -> Tests | None:
    return together(
        "minitest",
        (
            whole("minitest", number(total), number(failed) + number(errors), number(pending) + number(skips))
            for total, failed, errors, pending, skips in _MINITEST.findall(text)
        ),
    )


def phpunit(text: str) -> Tests | None:
    made = [Tests("phpunit", number(count), 0, 0) for count in _PHPUNIT_OK.findall(text)]
    for total, rest in _PHPUNIT.findall(text):
        found = {word: number(count) for word, count in _PHPUNIT_COUNT.findall(rest)}
        made.append(
            whole(
                "phpunit",
                number(total),
                found.get("Failures", 0) + found.get("Errors", 0),
                found.get("Skipped", 0) + found.get("Incomplete", 0),
            )
        )
    if not made and _PHPUNIT_NONE.search(text):
        return Tests("phpunit", 0, 0, 0)
    return together("phpunit", made)


def pest(text: str) -> Tests | None:
    made = []
    for line in _PEST.findall(text):
        found = items(line)
        skipped = sum(found.get(word, 0) for word in ("skipped", "todo", "todos", "incomplete"))
        made.append(Tests("pest", found.get("passed", 0), found.get("failed", 0), skipped))
    return together("pest", made)


def plain(text: str) -> Tests | None:
    made = []
    for total, failed, rest in _PLAIN.findall(text):
        found = items(rest)
        skipped = sum(count for word, count in found.items() if word.startswith(("skipped", "excluded")))
        made.append(whole("tests", number(total), number(failed), skipped))
    return together("tests", made)


def prove(text: str) -> Tests | None:
    result = _PROVE_RESULT.search(text)
    if result is None:
        return None
    total = sum(number(count) for count in _PROVE.findall(text))
    failed = sum(number(count) for count in _PROVE_FAILED.findall(text))
    return whole("prove", total, max(failed, int(result[1] == "FAIL")), 0)


def tap(text: str) -> Tests | None:
    """The plan and the numbered points that stand at the beginning of a line: those of subtests are set in."""
    plan = _PLAN.search(text)
    if plan is None:
        return None
    passed = failed = skipped = 0
    for bad, _, rest in _POINT.findall(text):
        if _DIRECTIVE.search(rest):
            skipped += 1
        elif bad:
            failed += 1
        else:
            passed += 1
    if not (passed or failed or skipped) and number(plan[1]):
        return None
    return Tests("tap", passed, failed, skipped)


READERS = (rspec, minitest, phpunit, pest, plain, prove)
