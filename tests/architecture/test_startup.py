"""Start-up budgets are import sets (R33): what a command loads, seen in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api
from tests.support.screens import Terminal

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
        "jsonschema",
        "prompt_toolkit",
        "pydantic",
        "typer",
        "rich",
        "yaml",
        "tree_sitter",
        "pathspec",
        "PIL",
        "pypdf",
        "coder.app.styling",
        "coder.app.commanding.commands",
        "coder.commands.places",
        "coder.evidence.ledger",
        "coder.frontmatter.found",
        "coder.git.looking",
        "coder.hooks",
        "coder.memory.markdown",
        "coder.tools.query",
        "coder.tools.skill",
        "coder.tools.think",
        "coder.tools.web.fetching",
        "coder.tools.web.search_tool",
        "markdownify",
        "coder.replay",
        "coder.checkpoints",
        "coder.sessions.neighbours",
        "coder.sessions.presence",
        "coder.agent.ready",
        "coder.agent.visits",
        "coder.app.autocommit",
        "coder.app.gitting.context",
        "coder.app.other_words",
        "coder.app.presenting",
        "coder.app.who",
        "coder.app.worktree",
        "sqlite3",
    }
    assert not modules & forbidden
    assert {name for name in modules if name.startswith("coder.git.")} <= {"coder.git.repository", "coder.git.heads"}


# What looking at a repository needs: nothing of what changes one, of messages, work trees or logs.
LOOKING = {
    f"coder.git.{name}"
    for name in [
        "call",
        "filters",
        "heads",
        "looking",
        "porcelain",
        "progress",
        "repository",
        "state",
        "summary",
        "talk",
        "view",
    ]
}

PAINT_PROBE = """
import json, os, runpy, sys
from prompt_toolkit.output.vt100 import Vt100_Output
drawn = Vt100_Output.flush
def flush(self):
    text = "".join(self._buffer)
    drawn(self)
    if "Ask for a change" in text:
        with open({out!r}, "w", encoding="utf-8") as file:
            json.dump(sorted(sys.modules), file)
        os._exit(0)
Vt100_Output.flush = flush
sys.argv = ["coder"]
runpy.run_module("coder", run_name="__main__")
"""


@pytest.mark.behaviour("B-1030")
def test_the_first_paint_loads_only_what_it_draws_with(place: Place, tmp_path: Path) -> None:
    out = tmp_path / "modules.json"
    terminal = Terminal(
        [sys.executable, "-c", PAINT_PROBE.format(out=str(out))],
        env={**place.env("http://127.0.0.1:9"), "TERM": "xterm-256color"},
        cwd=place.project,
    )
    assert terminal.end() == 0
    modules = set(json.loads(out.read_text(encoding="utf-8")))
    forbidden = {
        "anthropic",
        "httpx2",
        "mcp",
        "git",
        "pydantic",
        "typer",
        "rich",
        "yaml",
        "tree_sitter",
        "pathspec",
        "markdown_it",
        "pygments",
        "sqlite3",
        "opentelemetry",
        "coder.app",
        "coder.agent",
        "coder.core.events",
        "coder.core.messages",
        "coder.core.requests",
        "coder.checkpoints",
        "coder.sessions",
        "coder.tools",
        "coder.app.styling",
        "coder.replay",
        "coder.frontends.repl.works",
    }
    assert "prompt_toolkit" in modules
    assert not modules & forbidden


@pytest.mark.behaviour("B-1207")
def test_a_session_without_hooks_loads_nothing_of_them(place: Place) -> None:
    with fake_api([{"text": "Hello."}]) as api:
        modules = loaded(place, "-p", "hello", url=api.url)
    ports = {f"coder.app.hooking{name}" for name in ("", ".late", ".pointing", ".points")}
    assert not {name for name in modules if name.startswith(("coder.hooks", "coder.app.hook"))} - ports


@pytest.mark.behaviour("B-1381")
@pytest.mark.parametrize("is_repository", [True, False])
def test_the_git_tool_is_there_in_a_repository_and_loads_its_actions_when_one_is_used(
    place: Place, is_repository: bool
) -> None:
    if is_repository:
        subprocess.run(["git", "init", "-q", str(place.project)], check=True, env=place.env(None))
    with fake_api([{"text": "Hello."}]) as api:
        modules = loaded(place, "-p", "hello", url=api.url)
    assert ("Git" in [tool["name"] for tool in api.requests[0]["tools"]]) == is_repository
    assert {name for name in modules if name.startswith("coder.git.")} <= LOOKING
    assert not {name for name in modules if name.startswith(("coder.app.autocommit", "coder.app.who"))}
    every = {name for name in modules if name.startswith("coder.tools.git")}
    needed = {f"coder.tools.git{name}" for name in ("", ".tool", ".verb")}
    assert every == (needed if is_repository else set())
