"""`coder conformance` against this coder, and against some with one defect."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import sys
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from coder.cli.conformance_page import as_json, rows_of_verdict, summary
from coder.cli.main import run
from coder.conformance.catalogue import CHECKS, chosen
from coder.conformance.check import SHOWN, Unmet, Verdict
from coder.conformance.frames import strict
from coder.core.errors import ConfigError
from tests.support.cli import Done, Place
from tests.support.processes import is_alive, until

BROKEN = Path(__file__).with_name("broken.py")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
NAMES = [check.name for check in CHECKS]

# What fails for each defect: all of these, and nothing else.
_NEEDS_RESULT = (
    *("argv-driven", "argv-empty-tools", "output-json", "output-one-result", "output-max-turns", "output-no-partial"),
    *("structured-*", "result-fields", "tool-denied", "tool-allowed", "tool-deny-wins", "tool-removed", "turns-*"),
    *("end-while-running", "end-while-asked", "input-*", "control-agents", "control-interrupt", "control-model"),
    *("control-mode", "ask-*", "hook-*", "host-*", "session-resume", "session-continue", "session-fork", "session-id"),
    *("transcript-*", "api-*", "left-behind", "slow-reader"),
)
_CODE = (
    *("argv-unknown-flag", "argv-no-prompt", "argv-bad-schema", "output-max-turns", "output-no-key"),
    *("structured-never-fits", "session-unknown", "api-refusal", "api-refusal-driven", "signal-*"),
)
DEFECTS: dict[str, tuple[str, ...]] = {
    "honest": (),
    "banner": (
        *("argv-version", "argv-unknown-flag", "argv-no-prompt", "argv-bad-schema"),
        *("output-text", "output-json", "output-lines"),
    ),
    "swallows-code": _CODE,
    "drops-result": _NEEDS_RESULT,
    "quits-at-eof": ("end-while-running", "end-while-asked", "api-refusal-driven"),
    "ignores-unknown": ("control-unknown",),
    "unsigned": ("assistant-shape",),
    "same-ids": ("message-ids", "input-replayed"),
    "forgets-denials": ("tool-denied", "ask-denied"),
    "calls-failures-fine": ("output-max-turns", "api-refusal", "api-refusal-driven"),
    "says-yes-alone": ("ask-allowed", "ask-denied"),
    "leaves-something": ("signal-*", "left-behind", "reader-gone"),
}
# The same in little: one check that fails, and one that does not although it has to do with it.
SAMPLES: dict[str, tuple[str, str]] = {
    "banner": ("output-text", "end-while-idle"),
    "drops-result": ("output-json", "control-initialize"),
    "ignores-unknown": ("control-unknown", "control-interrupt-idle"),
    "says-yes-alone": ("ask-allowed", "ask-unasked"),
}


def conforms(place: Place, *args: str, timeout: float = 170.0) -> Done:
    return place.coder("conformance", "--json", *args, timeout=timeout)


def against(defect: str) -> tuple[str, str]:
    return "--against", shlex.join([sys.executable, str(BROKEN), defect])


def failed(done: Done) -> set[str]:
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["skipped"] == 0 and found["ok"] is (found["failed"] == 0) and done.stderr == ""
    assert done.code == (0 if found["ok"] else 1)
    return {check["name"] for check in found["checks"] if check["state"] == "fail"}


def only(names: Iterable[str]) -> list[str]:
    return [word for name in names for word in ("--only", name)]


@pytest.mark.behaviour("B-2290")
@pytest.mark.behaviour("B-2291")
def test_this_coder_passes_a_sample(place: Place) -> None:
    done = place.coder("conformance", *only(["output-lines", "host-server"]), env={"https_proxy": "http://127.0.0.1:9"})
    assert (done.code, done.stderr) == (0, "")
    assert re.search(r"(?m)^✓ output-lines +§2 +stream-json is one JSON object a line", done.stdout)
    assert done.stdout.endswith("\nAll 2 checks passed.\n")
    assert not list(place.home.iterdir()) and not list(place.project.iterdir())


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.behaviour("B-2290")
def test_this_coder_passes_all(place: Place) -> None:
    assert failed(conforms(place, timeout=500)) == set()


@pytest.mark.behaviour("B-2292")
@pytest.mark.parametrize("defect", SAMPLES)
def test_one_defect_fails_what_it_breaks(place: Place, defect: str) -> None:
    breaks, leaves = SAMPLES[defect]
    assert failed(conforms(place, *against(defect), *only([breaks, leaves]))) == {breaks}


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.behaviour("B-2292")
@pytest.mark.parametrize("defect", DEFECTS)
def test_one_defect_fails_all_that_it_breaks_and_no_more(place: Place, defect: str) -> None:
    wanted = {name for name in NAMES if any(fnmatchcase(name, pattern) for pattern in DEFECTS[defect])}
    assert failed(conforms(place, *against(defect), "--patience", "25", "--jobs", "4", timeout=800)) == wanted


@pytest.mark.behaviour("B-2293")
def test_what_a_check_started_ends_with_it(place: Place) -> None:
    pids = place.home / "pids"
    hangs = f"setsid sleep 300 & echo $$ $! > {shlex.quote(str(pids))}; wait"
    done = conforms(place, "--against", shlex.join(["sh", "-c", hangs]), "--only", "argv-version", "--patience", "2")
    assert failed(done) == {"argv-version"} and "runs on for 2 s" in done.stdout
    first, second = (int(pid) for pid in pids.read_text(encoding="utf-8").split())
    asyncio.run(until(lambda: not is_alive(first) and not is_alive(second)))


@pytest.mark.behaviour("B-2291")
def test_a_command_that_cannot_be_started_fails(place: Place) -> None:
    program = place.project / "odd"
    program.write_bytes(b"no program")
    program.chmod(0o755)
    done = conforms(place, "--against", str(program), "--only", "argv-version")
    assert failed(done) == {"argv-version"} and "Exec format error" in done.stdout


@pytest.mark.behaviour("B-2853")
def test_a_program_is_found_from_where_one_stands(place: Place) -> None:
    program = place.project / "answer"
    program.write_text("#!/bin/sh\necho 9.9.9 '(mine)'\n", encoding="utf-8")
    program.chmod(0o755)
    done = conforms(place, "--against", "./answer", "--only", "argv-version")
    assert done.code == 0, done.stdout


@pytest.mark.behaviour("B-2291")
@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--only", "argv-versoin"), "there is no check 'argv-versoin'. Did you mean argv-version?"),
        (("--against", "'"), "Quote it as in a shell."),
        (("--against", ""), "--against needs a command"),
        (("--against", "/nonexistent-coder"), "the program /nonexistent-coder is not there. Check its path"),
    ],
)
def test_what_cannot_be_meant_is_said(args: tuple[str, str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["conformance", *args]) == 2
    out, err = capsys.readouterr()
    assert out == "" and words in err and err.count("\n") == 1


@pytest.mark.behaviour("B-2290")
def test_every_check_is_on_the_page() -> None:
    assert len(NAMES) == len(set(NAMES)) and all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in NAMES)
    page = PAGE.read_text(encoding="utf-8")
    section = ""
    told = []
    for line in page.splitlines():
        if line.startswith("### "):
            section = line.split()[1]
        elif found := re.match(r"\| `([a-z-]+)` \| (.+) \|$", line):
            told.append((found[1], section, found[2]))
    assert told == [(check.name, check.section, check.promise) for check in CHECKS]


def test_patterns_choose() -> None:
    assert [check.name for check in chosen(["session-r*", "argv-version"])] == ["argv-version", "session-resume"]
    assert chosen([]) == list(CHECKS)
    with pytest.raises(ConfigError, match="--list"):
        chosen(["zzz"])


def test_a_verdict_has_what_was_seen_in_short_and_cannot_paint() -> None:
    unmet = Unmet("a result", "\x1b[31m" + "x" * 10_000)
    assert len(unmet.seen) < SHOWN + 10
    verdict = Verdict(CHECKS[0], "fail", 0.5, expected=unmet.expected, seen=unmet.seen)
    skipped = Verdict(CHECKS[1], "skip", 0.0, reason="not here")
    rows = [row.plain for verdict in (verdict, skipped) for row in rows_of_verdict(verdict)]
    assert rows[0].startswith("✗ argv-version") and rows[1] == "  expected  a result"
    assert "\x1b" not in rows[2] and rows[4] == "  skipped   not here"
    assert summary([verdict, skipped]).plain == "1 of 2 checks failed, 1 skipped."
    found = as_json([verdict, skipped])
    assert (found["ok"], found["failed"], found["skipped"], found["checks"][1]["reason"]) == (False, 1, 1, "not here")


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"{}\nx\n", b"[]\n", b"{}\n\n", b"{\n", b" {}\n", b'{"a":' * 9000 + b"\n"]
)
def test_what_is_no_object_a_line_is_seen(data: bytes) -> None:
    strict(b'{"type":"x"}\n')
    with pytest.raises(Unmet):
        strict(data)
