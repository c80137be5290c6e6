"""`-w`: a run in a worktree of its own. Goes in before the settings are read, and says afterwards what became of it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from dataclasses import replace

from coder.app.worktree import enter
from coder.cli import early
from coder.cli.arguments import RunArguments
from coder.cli.fitting import fitting
from coder.config.paths import current_folder
from coder.core.errors import CoderError


def in_worktree(arguments: RunArguments, run: Callable[[RunArguments], int]) -> int:
    """The exit code of `run`. Raises CoderError. A run that is cut short leaves everything as it is."""
    if not (arguments.print_mode or (sys.stdin.isatty() and sys.stdout.isatty())):
        return run(replace(arguments, flags=replace(arguments.flags, worktree=None)))  # it says why it cannot be
    with early.unwinding():
        entered = enter(arguments.flags, os.environ, current_folder())
    for note in entered.notes:
        _say(note)
    ended_well = False
    try:
        code = run(replace(arguments, flags=entered.flags))
        ended_well = code < 128
    except CoderError:
        ended_well = True
        raise
    finally:
        _say(entered.stay.leave(ended_well=ended_well))
    return code


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # whoever read it has left
        sys.stderr.write(f"{fitting(f'coder: {text}', sys.stderr)}\n")
        sys.stderr.flush()
