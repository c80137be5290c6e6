"""`coder who`: which session, turn and command changed a file or moved HEAD. Must not know how that is found out."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from datetime import datetime, timedelta
from typing import Annotated

import typer

from coder.core.errors import ConfigError
from coder.core.visible import visible_line

_WHAT = "A file, folder or glob; HEAD, a branch, stash or worktrees."
_SINCE = "Such as 2h, 3d, 14:02, yesterday, 2026-11-30."
_HELP = """Which session, prompt and command changed WHAT, with before and after, the newest first.

WHAT is a file, a folder or a glob, also of what is deleted; or HEAD, a branch, stash or worktrees. A file that is
called like one of these: ./HEAD. A branch that is called like a file: refs/heads/NAME. `coder who deleted FILE` tells
deletions alone.

Exit code 0: something is known; 1: nothing; 2: a wrong question.
"""
_HOW = {
    **{"deleted": "deleted", "removed": "deleted", "created": "created", "made": "created"},
    **{"changed": "", "edited": "", "touched": "", "moved": ""},
}
_AGO = re.compile(r"(\d{1,6})\s*(s|m|min|h|d|w)", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(help=_HELP, no_args_is_help=True)
def who(
    what: Annotated[list[str], typer.Argument(metavar="WHAT", help=_WHAT, show_default=False)],
    since: Annotated[str, typer.Option("--since", metavar="TIME", help=_SINCE, show_default=False)] = "",
    every: Annotated[bool, typer.Option("--all", help="All that is known, not the newest 20 alone.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="With the lines that went and came.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs; docs/who.md has the fields.")] = False,
) -> None:
    from coder.app.who.answer import Question, answer
    from coder.config.paths import config_home, current_folder, user_home

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name that this terminal cannot write must not end us
    now = time.time()
    how, words = _split(what)
    asked = Question(words, how, _since(since, now), every)
    cwd = current_folder()
    found = answer(asked, cwd, config_home(os.environ), os.environ)
    if as_json:
        from coder.cli.who_json import as_json as told

        print(json.dumps(told(found, diff=diff), indent=2))
    else:
        from coder.frontends.who_words import Look, lines_of

        width = shutil.get_terminal_size().columns
        print("\n".join(lines_of(found, Look(cwd, user_home(os.environ), width, now, diff))))
    raise typer.Exit(0 if found.found else 1)


def _split(what: list[str]) -> tuple[str, tuple[str, ...]]:
    """`deleted foo.py` as people ask it; a file of that name alone is a file."""
    if len(what) > 1 and what[0] in _HOW and not os.path.lexists(what[0]):
        return _HOW[what[0]], tuple(what[1:])
    return "", tuple(what)


def _since(text: str, now: float) -> float:
    """Seconds since the epoch; 0 without one. Raises ConfigError for what is no time."""
    wanted = text.strip().lower()
    if not wanted:
        return 0.0
    if ago := _AGO.fullmatch(wanted.removesuffix(" ago")):
        return now - int(ago[1]) * _SECONDS[ago[2]]
    today = datetime.fromtimestamp(now).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    if wanted in ("today", "yesterday"):
        return (today - timedelta(days=wanted == "yesterday")).timestamp()
    try:
        if re.fullmatch(r"\d{1,2}:\d{2}", wanted):
            hour, minute = wanted.split(":")
            return today.replace(hour=int(hour), minute=int(minute)).timestamp()
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError, OSError):
        shown = visible_line(text)[:40]
        raise ConfigError(f"--since {shown!r} is no time. Such as: 2h, 3d, 14:02, yesterday, 2026-11-30.") from None
