"""What finding a tool among a thousand costs, and how often it is found."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.report import Report
from coder.tools.finding.alike import Meanings
from coder.tools.finding.index import Index
from tests.support.findables import full_name, read, real_tools

_TOOLS = 1_000
_RANKS = (1, 3, 5)


def finding_tools(report: Report, folder: Path, runs: int) -> None:
    many = [replace(tool, name=f"{tool.name}_{number}") for number in range(4) for tool in real_tools()][:_TOOLS]
    built = []
    for _ in range(runs):
        began = time.process_time()
        index = Index(many)
        index.search("create an issue", 5)
        built.append((time.process_time() - began) * 1000)
    pairs = read("pairs.json")
    asked = []
    for pair in pairs:
        began = time.process_time()
        index.search(pair["query"], 5)
        asked.append((time.process_time() - began) * 1000)
    report.title(f"Finding a tool among {_TOOLS:,}")
    report.bar("indexing and the first query: CPU", statistics.median(built), 100, " ms")
    report.bar("a query: CPU, median", statistics.median(asked), 5, " ms")
    report.bar("a query: CPU, the slowest", max(asked), 5, " ms")
    for name, used in (("as it is", Index(real_tools())), ("without synonyms", Index(real_tools(), Meanings((), ())))):
        for part, among in (("all 200", pairs), ("held out 100", pairs[100:])):
            shares = [f"@{most} {_recall(used, among, most):.3f}" for most in _RANKS]
            report.figure(f"recall, {name}, {part}", ", ".join(shares))


def _recall(index: Index, among: list[Any], most: int) -> float:
    found = 0
    for pair in among:
        right = {full_name(each) for each in pair["tools"]}
        found += any(hit.name in right for hit in index.search(pair["query"], most))
    return found / len(among)
