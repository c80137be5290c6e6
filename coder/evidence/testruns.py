"""What a command's output says of the tests it ran. Pure and total; must not know how it was run.

A report that is nobody's own counts for nothing: `cat test.log` shows one, and has tested nothing.
"""

from __future__ import annotations

import re

from coder.core.evidence import Tests
from coder.evidence import compiled, python_js, scripting
from coder.evidence.counts import together
from coder.evidence.lines import only_shows, parts

_MOST = 200_000  # characters of the end that are looked at: reports come last
_WIDE = 2_000
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")
_READERS = (*python_js.READERS, *compiled.READERS, *scripting.READERS)
_NAMED = ("bats", "mix", "busted", "gleam")  # runners whose report does not tell whose it is


def report_of(command: str, output: str) -> Tests | None:
    """All the reports in it as one; None when it has none."""
    if only_shows(command):
        return None
    text = _readable(output)
    found = [tests for read in _READERS if (tests := read(text)) is not None]
    if not found and (tapped := scripting.tap(text)) is not None:  # others print it besides their own report
        found = [tapped]
    return together(" + ".join(dict.fromkeys(_named(each.runner, command) for each in found)), found)


def _named(runner: str, command: str) -> str:
    if runner not in ("tests", "tap"):
        return runner
    names = {part.words[0].rpartition("/")[2] for part in parts(command)}
    return next((name for name in _NAMED if name in names), runner)


def _readable(output: str) -> str:
    text = _ESCAPES.sub("", output[-_MOST:]).replace("\r\n", "\n")
    lines = (line.rpartition("\r")[2] for line in text.split("\n"))
    return "\n".join(line[:_WIDE].rstrip() if not line.startswith("{") else line for line in lines)
