"""`coder undo`: takes back the last commit that coder made by itself, and brings it again. Must not know how."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from coder.app.autocommit import ledger
from coder.app.autocommit.ledger import OwnCommit
from coder.app.autocommit.place import Spot
from coder.app.autocommit.undoing import Plan, Undoing, Undone
from coder.app.autocommit.wording import counted, shown_branch
from coder.app.checkpointing import FOLDER
from coder.app.rewinding import checkpoints_of, transcript_for
from coder.cli.fitting import fitting
from coder.cli.rewind_page import preview_page
from coder.config.paths import config_home, current_folder
from coder.core.errors import ConfigError, UnknownSession
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.git.repository import repository_of
from coder.sessions.age import age

_HELP = """Take back the last commit that coder made by itself (--auto-commit).

The files go back to what they were before that run, and the branch by one commit. Nothing else is touched.
"""
_STATES = {"undone": "taken back", "reverted": "taken back by a commit"}
app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(help=_HELP)
def undo(
    session: Annotated[str | None, typer.Option("--session", help="Of this session, not the last one here.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the commits that coder made by itself.")] = False,
    redo: Annotated[bool, typer.Option("--redo", help="Bring back what was taken back last.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also where somebody else changed a file since.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    if sum((list_, redo, dry_run)) > 1:
        raise ConfigError("--list, --redo and --dry-run exclude one another: coder undo --help")
    home, cwd = config_home(os.environ), current_folder()
    folder, transcript = _found(home, cwd, session)
    asyncio.run(_run(home, folder, transcript, _Wish(list_, redo, dry_run, force, as_json)))


class _Wish:
    def __init__(self, lists: bool, redo: bool, dry_run: bool, force: bool, as_json: bool) -> None:
        self.lists = lists
        self.redo = redo
        self.dry_run = dry_run
        self.force = force
        self.as_json = as_json


async def _run(home: Path, folder: Path, transcript: Path, wish: _Wish) -> None:
    checkpoints = checkpoints_of(transcript, home, os.environ)
    try:
        for note in await checkpoints.recover():
            print(note)
        undoing = Undoing(Spot(current_folder(), home / FOLDER, folder, dict(os.environ)), checkpoints)
        if wish.lists:
            _print_list(undoing.commits(), transcript.stem, wish)
        elif wish.dry_run:
            _print_plan(await undoing.plan(force=wish.force), wish)
        elif wish.redo:
            _print_done(await undoing.redo(force=wish.force), wish)
        else:
            _print_done(await undoing.undo(force=wish.force), wish)
    finally:
        await checkpoints.aclose()


def _found(home: Path, cwd: Path, session: str | None) -> tuple[Path, Path]:
    """The folder of the session that is meant, and its transcript. Raises SessionError."""
    base = home / FOLDER
    if session is not None:
        transcript = transcript_for(home, cwd, session)
        return base / transcript.stem, transcript
    repository = repository_of(Path(os.path.realpath(cwd)))
    top = str(repository.top) if repository is not None else ""
    for folder in ledger.sessions(base):
        here = [each for each in ledger.commits(folder) if each.top == top and each.state != "dropped"]
        if here and Path(here[-1].transcript).is_file():
            return folder, Path(here[-1].transcript)
    raise UnknownSession(
        "coder has made no commit by itself in this repository. It does so with --auto-commit; files of any other "
        "session go back with coder rewind."
    )


def _print_list(commits: Sequence[OwnCommit], session: str, wish: _Wish) -> None:
    if wish.as_json:
        print(json.dumps({"session": session, "commits": [_json(each) for each in commits]}))
        return
    now = time.time()
    for each in commits:
        state = f" · {_STATES[each.state]}" if each.state in _STATES else ""
        facts = f"{age(each.when, now)} · {counted(len(each.paths))} · {shown_branch(each.branch)}{state}"
        print(fitting(f"{each.short}  {visible_line(each.subject)} · {facts}", sys.stdout, hang=9))
    if not commits:
        print(f"coder made no commit by itself in session {session}.")


def _print_plan(plan: Plan, wish: _Wish) -> None:
    branch, commit = shown_branch(plan.commit.branch), plan.commit
    what = {
        "back": f"{branch} would go back to {commit.parent[:7] or 'its beginning'}",
        "leave": f"HEAD would go back to {shown_branch(commit.started_from)}, and {branch} would go",
        "gone": f"{branch} would go",
        "revert": f"A remote has it: a commit on {branch} would take it back",
    }[plan.how]
    if wish.as_json:
        touched = [{"path": each.path, "how": each.how} for each in plan.files.touched]
        conflicts = [{"path": each.path, "why": each.why} for each in plan.files.conflicts]
        print(json.dumps({**_json(commit), "how": plan.how, "touched": touched, "conflicts": conflicts}))
        return
    lines = preview_page(plan.files, current_folder(), "files", force=wish.force)[1:]
    print("\n".join([f"Commit {commit.short} {visible_line(commit.subject)}", f"  {what}.", *lines]))


def _print_done(done: Undone, wish: _Wish) -> None:
    commit = done.commit
    if wish.as_json:
        print(json.dumps({**_json(commit), "done": done.text, "files": done.files, "passed": done.passed}))
        return
    verb, other = ("Back again", "coder undo takes it back") if wish.redo else ("Took back", "coder undo --redo")
    how = "" if wish.redo else " brings it again"
    folders = {str(Path(path).parent) for path in done.files}
    files = counted(sum(path not in folders for path in done.files))
    lines = [f"✓ {verb}: {commit.short} {visible_line(commit.subject)} · {files} · {other}{how}", f"  {done.text}"]
    lines += [f"  ! Left as it is, since it changed just now: {visible_line(path)}" for path in done.passed]
    print("\n".join(fitting(line, sys.stdout) for line in lines))


def _json(commit: OwnCommit) -> Json:
    return {
        "commit": commit.commit,
        "parent": commit.parent,
        "branch": shown_branch(commit.branch),
        "subject": commit.subject,
        "when": commit.when,
        "paths": list(commit.paths),
        "state": commit.state,
    }
