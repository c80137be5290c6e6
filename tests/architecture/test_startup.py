"""Start-up budgets are import sets (R33): what a command loads, seen in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api

PROBE = """
import json, runpy, sys, atexit
atexit.register(lambda: sys.stderr.write(json.dumps(sorted(sys.modules)) + "\\n"))
sys.argv = ["coder", *{args!r}]
runpy.run_module("coder", run_name="__main__")
"""


def loaded(place: Place, *args: str, url: str | None = None) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(args=list(args))],
        cwd=place.project,
        env=place.env(url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.strip().split("\n")[-1]))


@pytest.mark.behaviour("B-002")
def test_version_loads_nothing_but_the_package(place: Place) -> None:
    modules = loaded(place, "--version")
    assert not modules & {"typer", "asyncio", "argparse", "importlib.metadata", "coder.core", "coder.cli.main"}


@pytest.mark.behaviour("B-002")
def test_help_loads_no_front_end(place: Place) -> None:
    assert not loaded(place, "--help") & {"typer", "asyncio", "argparse", "coder.frontends", "rich"}


@pytest.mark.behaviour("B-003")
def test_hello_loads_only_what_a_hello_needs(place: Place) -> None:
    with fake_api([{"text": "Hello."}]) as api:
        modules = loaded(place, "-p", "hello", url=api.url)
    forbidden = {
        "anthropic",
        "mcp",
        "git",
        "prompt_toolkit",
        "pydantic",
        "typer",
        "rich",
        "yaml",
        "tree_sitter",
        "pathspec",
        "PIL",
        "pypdf",
        "coder.replay",
        "coder.checkpoints",
        "sqlite3",
    }
    assert not modules & forbidden
