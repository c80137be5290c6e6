"""`coder sessions rename`, `rm`, `gc` and `doctor`. Must not know what lies where."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Set
from pathlib import Path
from typing import Annotated

import typer

from coder.checkpoints.contents import CheckpointError
from coder.checkpoints.space import Freed, collect
from coder.cli.sessions_find import Json, Session
from coder.cli.sessions_page import print_json, short_file
from coder.config.paths import config_home, current_folder
from coder.core.errors import SessionError
from coder.core.visible import visible_line
from coder.sessions import rename as renaming
from coder.sessions.age import size_text
from coder.sessions.cleanup import QUOTA, Waste, belongings, clean_up, size_of, waste
from coder.sessions.cleanup import remove as remove_session
from coder.sessions.doctor import Report, examine, mend
from coder.sessions.glimpse import Glimpse, glimpse
from coder.sessions.load import counted
from coder.sessions.locate import everywhere
from coder.sessions.lock import is_open
from coder.sessions.resolve import resolve, short_title

Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask; for scripts.")]
_SIZE = re.compile(r"(?i)(\d+(?:\.\d+)?)\s*([kmgt]?)b?")
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_DAY = 86400.0


def rename(
    session: Session, name: Annotated[str, typer.Argument(metavar="NAME", help="At most 200 characters.")]
) -> None:
    """Give a session a name to resume it by."""
    path = resolve(config_home(os.environ), current_folder(), session)
    print(f"{path.stem[:8]} is now called {visible_line(renaming.rename(path, name))!r}.")


def remove(session: Session, yes: Yes = False) -> None:
    """Remove a session with its pictures, outputs and kept files."""
    home = config_home(os.environ)
    path = resolve(home, current_folder(), session)
    if is_open(path):
        raise SessionError(f"Session {path.stem} is open. Close it there first.")
    own = size_of(belongings(home, path))
    size = size_text(own + _checkpoints(home, {path.stem}, dry_run=True).bytes)
    title = short_title(glimpse(path) or Glimpse(path, 0.0, 0), 60)
    _confirm(f"Remove {path.stem[:8]} {title!r} ({size}) for good?", yes=yes)
    own = remove_session(home, path)
    freed = _checkpoints(home, {path.stem}, dry_run=False)
    print(f"Removed {path.stem}: {size_text(own + freed.bytes)} freed.")


def gc(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    max_size: Annotated[
        str, typer.Option(metavar="SIZE", help="Above this the oldest sessions go, e.g. 500MB.")
    ] = f"{QUOTA // 10**9}GB",
    older_than: Annotated[float | None, typer.Option(min=0, metavar="DAYS", help="Also sessions this old.")] = None,
    yes: Yes = False,
) -> None:
    """Remove what is left of sessions that are gone, and the oldest sessions over a size. Never one that is open."""
    home = config_home(os.environ)
    found = list(waste(home, time.time(), _bytes(max_size), older_than * _DAY if older_than is not None else None))
    gone = {path.stem for each in found for path in each.paths}
    kept = _checkpoints(home, gone, dry_run=True)
    for each in found:
        print(_waste(each))
    if kept.contents or set(kept.sessions) - gone:
        print(_freed(kept, gone))
    total = size_text(sum(each.size for each in found) + kept.bytes)
    nothing = not (found or kept.contents or kept.sessions)
    if dry_run or nothing:
        print("There is nothing to remove." if nothing else f"Would free {total}.")
        return
    if sessions := sum(each.session is not None for each in found):
        _confirm(f"Remove {counted(sessions, 'session')} and free {total}?", yes=yes)
    problems = clean_up(home, found)
    _checkpoints(home, gone, dry_run=False)
    for problem in problems:
        print(f"coder: {problem}", file=sys.stderr)
    print(f"Freed {total}." if not problems else f"Freed less than {total}.")
    if problems:
        raise typer.Exit(1)


def _checkpoints(home: Path, gone: Set[str], *, dry_run: bool) -> Freed:
    """Frees what only the checkpoints of the sessions that are `gone` needed; with `dry_run` it is only counted."""
    try:
        return collect(home / "file-history", gone, dry_run=dry_run)
    except CheckpointError as error:
        print(f"coder: checkpoints were not tidied: {error}", file=sys.stderr)
        return Freed((), 0, 0)


def _freed(kept: Freed, gone: Set[str]) -> str:
    others = len(set(kept.sessions) - gone)
    why = f"over the limit, with the checkpoints of {counted(others, 'session')}" if others else "needed no more"
    return f"{size_text(kept.bytes):>9}  {counted(kept.contents, 'kept file content')}  ({why})"


def doctor(
    session: Annotated[str | None, typer.Argument(metavar="SESSION", help="All of them when left out.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Write a repaired copy; the original is kept as .bak.")] = False,
    json_: Json = False,
) -> None:
    """Check sessions for damage. Ends with 1 when something is wrong."""
    home = config_home(os.environ)
    paths = [resolve(home, current_folder(), session)] if session is not None else everywhere(home)
    reports: list[Report] = []
    problems: list[str] = []
    for path in paths:
        try:
            reports.append(_mended(examine(path), problems, quiet=json_) if fix else examine(path))
        except SessionError as error:
            problems.append(str(error))
    wrong = [report for report in reports if not report.is_sound]
    if json_:
        print_json([_report_json(report) for report in reports])
    else:
        for report in reports:
            if report.findings:
                print(_report(report))
        print(_verdict(len(paths), len(wrong) + len(problems), can_fix=any(r.can_be_mended for r in wrong) and not fix))
    for problem in problems:
        print(f"coder: {problem}", file=sys.stderr)
    if wrong or problems:
        raise typer.Exit(1)


def _mended(report: Report, problems: list[str], *, quiet: bool) -> Report:
    """The report after the repair, when there was something to repair and it could be done."""
    if not report.can_be_mended:
        return report
    try:
        kept = mend(report.path)
    except SessionError as error:
        problems.append(str(error))
        return report
    if not quiet:
        where = f"; the original is {short_file(kept)}" if kept else ""
        print(f"{report.path.stem}: repaired{where}")
    return examine(report.path)


def _verdict(checked: int, wrong: int, *, can_fix: bool) -> str:
    if not wrong:
        return f"{counted(checked, 'session')} checked: nothing is wrong."
    hint = " To repair: coder sessions doctor --fix" if can_fix else ""
    return f"{counted(checked, 'session')} checked, {wrong} with something wrong.{hint}"


def _report(report: Report) -> str:
    lines = [f"{report.path.stem}  {counted(report.messages, 'message')}"]
    for finding in report.findings:
        lines.append(f"  {visible_line(finding.text)}" + (f" ({finding.mends} by --fix)" if finding.mends else ""))
    return "\n".join(lines)


def _report_json(report: Report) -> dict[str, object]:
    findings = [
        {"text": finding.text, "mends": finding.mends or None, "harmless": finding.harmless}
        for finding in report.findings
    ]
    return {"id": report.path.stem, "file": str(report.path), "messages": report.messages, "findings": findings}


def _waste(each: Waste) -> str:
    if each.session and (found := glimpse(each.session)):
        what = f"{found.id[:8]}  {short_title(found, 30)}"
    else:
        what = short_file(each.session or each.paths[0])
    return f"{size_text(each.size):>9}  {what}  ({each.why})"


def _bytes(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise SessionError(f"--max-size: expected a size such as 500MB or 2GB, not {visible_line(text)!r}.")
    return int(float(found[1]) * _UNITS[found[2].lower()])


def _confirm(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise SessionError(f"{question} Nobody is there to ask: add -y.")
    typer.confirm(question, default=False, abort=True)
