"""`coder demo`: fixes a failing test in a bundled project. Nothing in it is faked but the model's words."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from coder.app.build import open_session
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.config import Config, ModelConfig
from coder.core.dataclass import dataclass
from coder.core.events import RunEnded
from coder.core.frontend import Frontend
from coder.frontends.steps import QuietConsole, StepsOut
from coder.replay.run import serving

HERE = Path(__file__).resolve().parent.parent / "demo"
PROMPT = "The tests fail. Find out why, fix the cause and check it."
CASSETTE = HERE / "cassette.jsonl"
MODEL = "claude-sonnet-5-5"
TEST_COMMAND = "python3 -m unittest"
PACE = 0.004  # seconds between the parts of a reply, so that it can be followed
ALLOWED = f"Bash({TEST_COMMAND} *)"

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@dataclass(frozen=True, slots=True)
class TestRun:
    """How the sample's own tests did."""

    ran: int
    failed: int

    @property
    def words(self) -> str:
        return f"{self.failed} of {self.ran} tests failed"


@app.command()
def demo(
    cassette: Annotated[Path, typer.Option(help="The recorded model.")] = CASSETTE,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the folder afterwards.")] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="Watch only, as lines: what is shown without a terminal.")
    ] = False,
) -> None:
    """Watch coder fix a failing test in a small project: a recorded model, a throw-away folder, no network, no key."""
    if not (plain or keep) and cassette == CASSETTE and _is_terminal():
        from coder.cli import tour

        raise typer.Exit(tour.run())
    console = QuietConsole(highlight=False)
    folder = Path(tempfile.mkdtemp(prefix="coder-demo-"))
    try:
        raise typer.Exit(_play(console, folder, cassette))
    finally:
        if keep:
            console.print(f"The folder is {folder}", style="dim")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _is_terminal() -> bool:
    """Whether a person is there who can take part, and sees a screen that is drawn."""
    draws = os.environ.get("TERM") not in (None, "", "dumb") and not os.environ.get("ACCESSIBLE")
    return draws and sys.stdin.isatty() and sys.stdout.isatty()


def _play(console: Console, folder: Path, cassette: Path) -> int:
    project = folder / "timebox"
    shutil.copytree(HERE / "sample", project)
    console.print("This is a demo: a recorded model, a throw-away folder, no network, no cost.", style="dim")
    before = run_tests(project)
    console.print(f"A small project, timebox: {before.words}.\n")
    console.print(f"❯ {PROMPT}\n", style="bold")
    ended, cost = asyncio.run(_replayed(StepsOut(console, project), project, folder / "home", cassette))
    if ended.reason != "done":
        console.print(f"✗ the run stopped: {ended.error}", style="red")
    after = run_tests(project)
    console.print(f"With the live model ({MODEL}) this run would have cost {cost}.", style="dim")
    console.print(f"Tests: {before.failed} of {before.ran} failed before, {after.failed} of {after.ran} failed after.")
    return 0 if ended.reason == "done" and before.failed and not after.failed else 1


async def _replayed(frontend: Frontend, project: Path, home: Path, cassette: Path) -> tuple[RunEnded, str]:
    async with serving(cassette, roots={"project": str(project)}, pace=PACE) as url:
        return await run_demo(frontend, project, home, url)


async def run_demo(frontend: Frontend, project: Path, home: Path, url: str) -> tuple[RunEnded, str]:
    """The run itself, against the model at `url`. Returns how it ended and what it would have cost."""
    session = await open_session(demo_config(project, home, url), frontend)
    try:
        ended = await session.prompt(PROMPT)
    finally:
        await session.aclose()
    cost = session.spent.cost
    return ended, "an unknown amount" if cost is None else f"${cost:.3f}"


def demo_config(project: Path, home: Path, url: str) -> Config:
    """Settings of the demo alone: nothing of the person's own settings, keys or folders is used."""
    # The interpreter that runs coder is the `python3` of the sample's tests, whatever else PATH holds.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    env = {**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    flags = Flags(permission_mode="acceptEdits", allowed_tools=(ALLOWED,), setting_sources="", cwd=str(project))
    config = load(flags, {"HOME": str(home), "CODER_CONFIG_DIR": str(home)}, project)
    model = ModelConfig(name=MODEL, base_url=url, api_key="demo", key_source="demo")
    return replace(config, model=model, env=env, persist=False)


def run_tests(project: Path) -> TestRun:
    """Runs the sample's tests in a process of their own and counts."""
    done = subprocess.run(
        [sys.executable, "-B", "-m", "unittest"],
        cwd=project,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    ran = re.search(r"^Ran (\d+) test", done.stderr, re.MULTILINE)
    failed = sum(int(number) for number in re.findall(r"(?:failures|errors)=(\d+)", done.stderr))
    if done.returncode and not failed:
        failed = 1
    return TestRun(int(ran.group(1)) if ran else 0, failed)
