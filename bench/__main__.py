"""Prints every figure with its bar. Exits 1 when one is missed, so that a release script can rely on it."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench import cases, commands, sessions, terminal
from bench.accounting import accounting
from bench.agents import agents
from bench.checkpoints import checkpoints
from bench.finding import finding_tools
from bench.git_context import git_context
from bench.git_reading import git_reading
from bench.headless import headless_formats, long_result
from bench.report import Report
from bench.servers import servers
from bench.who import who


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="counted runs of each short command (default 7)")
    parser.add_argument("--only", help="run the cases whose name contains this")
    arguments = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="coder-bench-") as folder:
        every = (
            *(*cases.ALL, *terminal.ALL, checkpoints, git_context, git_reading, accounting),
            *(*sessions.ALL, *commands.ALL, who, finding_tools, servers, agents),
            *(headless_formats, long_result),
        )
        for case in every:
            if arguments.only is None or arguments.only in case.__name__:
                case(report, Path(folder), arguments.runs)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
