"""Prints what the hunts amounted to. The figures travel from the workers with the reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.fuzz.sandbox import bubblewrap
from tests.fuzz.scratch import Scratch

_SUMMED = ("inputs", "allowed", "runs", "tokens shown", "excused", "holes")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    """One for all tests of a file: it puts itself back."""
    with Scratch(tmp_path_factory.mktemp("scratch")) as made:
        yield made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    found = [
        (name, value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, value in report.user_properties
    ]
    without = sorted({str(value) for name, value in found if name == "guard"})
    if without:
        terminalreporter.section(f"fuzz with one guard off: a hole for each of {len(without)}")
        for line in without:
            terminalreporter.line(line)
    hunts = [value for name, value in found if name == "fuzz" and isinstance(value, dict)]
    if not hunts:
        return
    terminalreporter.section(f"fuzz, {'in bubblewrap' if bubblewrap() else 'without a sandbox'}")
    distinct: set[str] = set()
    for kind in dict.fromkeys(hunt["profile"] for hunt in hunts):
        mine = [hunt for hunt in hunts if hunt["profile"] == kind]
        sums = Counter[str]()
        for hunt in mine:
            sums.update({name: hunt[name] for name in _SUMMED})
        here = {f"{kind} {key}" for hunt in mine for key in hunt["hashes"]}
        distinct |= here
        figures = ", ".join(f"{sums[name]:,} {name}" for name in _SUMMED)
        terminalreporter.line(f"{kind}: {len(mine)} seeds, {figures}, {len(here):,} distinct commands run")
    terminalreporter.line(f"in all: {len(distinct):,} distinct commands run")
    for line in sorted({str(value) for name, value in found if name == "open hole"}):
        terminalreporter.line(f"open: {line}")
