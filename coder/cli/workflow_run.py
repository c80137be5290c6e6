"""`coder workflow run`: one workflow as a session of its own. In a terminal the person is asked what its steps ask.

Must not know how it runs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from coder.app.workflowing.late import Given
from coder.core import loop
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.visible import visible
from coder.frontends.exit_codes import DENIED, FAILED

if TYPE_CHECKING:
    from coder.cli.arguments import RunArguments
    from coder.core.config import Config
    from coder.frontends.headless import HeadlessFrontend
    from coder.workflows.workflow import Workflow

SETTINGS = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}
Name = Annotated[str, typer.Argument(metavar="NAME|FILE", help="Such as fix-issue, or the path of a file.")]


def run(context: typer.Context, name: Name) -> None:
    """Run a workflow to its end: its result on stdout, its steps on stderr.

    Behind the name stand its arguments, in their order or as --arg NAME=VALUE, then the flags: --approve STEP (or all)
    lets a step begin that waits for a person, --resume SESSION goes on where a run of that session stopped,
    --output-format text|json|stream-json, and those of coder -p (--model, --permission-mode, --max-budget-usd, ...).

    In a terminal such a step asks. Exit code 0: done; 1: it failed, or reached a limit; 124: its minutes are over;
    77: a step waits for a person; 2: it could not begin.
    """
    raise typer.Exit(_run(name, context.args))


@dataclass(frozen=True, slots=True)
class _Asked:
    words: tuple[str, ...]
    named: dict[str, str]
    approved: tuple[str, ...]
    arguments: RunArguments


def _run(name: str, argv: Sequence[str]) -> int:
    from coder.config.load import load
    from coder.config.paths import current_folder

    asked = _asked(argv)
    flags = asked.arguments.flags
    config = load(flags, os.environ, current_folder())
    workflow, file = _found(name, config)
    goes_on = flags.resume is not None or flags.continue_
    from coder.workflows.running.given import given

    takes_old = goes_on and not asked.named and not asked.words
    arguments = None if takes_old else given(workflow, asked.named, asked.words)
    told = " ".join(f"{key}={quote(value)}" for key, value in (arguments or {}).items() if value)
    line = f"/{workflow.name} {told}".strip()
    return loop.run(_session(asked.arguments, config, Given(line, workflow.name, file, arguments, asked.approved)))


def _asked(argv: Sequence[str]) -> _Asked:
    """Raises ConfigError."""
    from coder.cli.arguments import parse

    ours = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    ours.add_argument("--arg", action="append", default=[])
    ours.add_argument("--approve", action="append", default=[])
    words = list(argv[: next((at for at, word in enumerate(argv) if word.startswith("-")), len(argv))])
    try:
        found, rest = ours.parse_known_args(argv[len(words) :])
    except argparse.ArgumentError as error:
        raise ConfigError(f"{error}. `coder workflow run --help` lists the flags.") from error
    named: dict[str, str] = {}
    for pair in found.arg:
        key, sign, value = pair.partition("=")
        if not sign:
            raise ConfigError(f"--arg {pair!r}: expected NAME=VALUE.")
        named[key] = value
    arguments = parse(["-p", *rest])
    if arguments.prompt is not None:
        raise ConfigError(f"{arguments.prompt!r}: arguments of the workflow stand right behind its name, before flags.")
    approved = tuple(step.strip() for text in found.approve for step in text.split(",") if step.strip())
    return _Asked(tuple(words), named, approved, arguments)


def _found(name: str, config: Config) -> tuple[Workflow, Path | None]:
    """The workflow, and its file where it was named by that. In a terminal the person is shown what is new to them.

    Raises ConfigError.
    """
    from coder.app.workflowing import places
    from coder.app.workflowing.session import usable
    from coder.app.workflowing.words import first_look
    from coder.cli.workflow import named_entry
    from coder.frontends.slash.registry import reserved

    library = places.library_here(config, reserved())
    entry = named_entry(name, library, config)
    workflow = usable(entry)
    new = places.unseen(config, library, workflow)
    if new and sys.stdin.isatty() and sys.stderr.isatty():
        question, steps = first_look(workflow, new, library)
        sys.stderr.write(f"{visible(steps)}\n")
        if not typer.confirm(f"{question} A yes counts as long as it stays as it is", err=True):
            raise ConfigError(f"the workflow {workflow.name} was not run: the answer was no.")
        places.remember(config, new)
    is_listed = library.find(entry.name) is not None and library.find(entry.name) is entry
    return workflow, None if is_listed else entry.file


async def _session(arguments: RunArguments, config: Config, given: Given) -> int:
    from coder.app.build import open_session
    from coder.app.reload import Reload
    from coder.cli.main import through_replay, which_session
    from coder.config.paths import current_folder
    from coder.frontends import headless
    from coder.frontends.slash.registry import reserved

    async with AsyncExitStack() as stack:
        config = await through_replay(stack, arguments, config)
        session = await open_session(
            config,
            frontend := _frontend(arguments),
            start=which_session(arguments.flags),
            reload=Reload(arguments.flags, os.environ, current_folder()),
            reserved=reserved(),
            workflow=given,
        )
        code = await headless.run(session, frontend, given.line, config.time_budget, has_commands=False)
        latest = session.workflows.latest if session.workflows is not None else None
        return DENIED if code == FAILED and latest is not None and latest.state == "waiting" else code


def _frontend(arguments: RunArguments) -> HeadlessFrontend:
    if arguments.output_format == "text":
        from coder.frontends.workflow_asking import Answering
        from coder.frontends.workflow_text import WorkflowText

        is_seen = sys.stdin.isatty() and sys.stderr.isatty()
        person = Answering(sys.stdin.fileno(), sys.stderr) if is_seen else None
        return WorkflowText(sys.stdout, sys.stderr, verbose=arguments.flags.verbose, person=person)
    from coder.cli.main import frontend_of

    return frontend_of(arguments)
