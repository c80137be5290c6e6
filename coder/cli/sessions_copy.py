"""`coder sessions export` and `import`. Must not know how a document or a transcript is written."""

from __future__ import annotations

import os
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from coder.app import exporting
from coder.cli.sessions_find import Json, Session
from coder.cli.sessions_page import print_json, short_file
from coder.config.paths import config_home, current_folder, user_home
from coder.core.errors import SessionError
from coder.sessions.bring import Brought, bring, transcripts_in
from coder.sessions.load import counted
from coder.sessions.resolve import resolve


class Format(Enum):
    md = "md"
    html = "html"
    json = "json"


def export(
    session: Session,
    format_: Annotated[Format | None, typer.Option("--format", help="md when it cannot be told from FILE.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Not the terminal.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Also what was compacted, or left behind by a rewind.")] = False,
) -> None:
    """A conversation as a document, without keys and passwords."""
    path = resolve(config_home(os.environ), current_folder(), session)
    kind = format_.value if format_ else exporting.format_of(output)
    text = exporting.document(path, kind, os.environ, everything=all_)
    if output is None:
        sys.stdout.write(text)
        return
    try:
        exporting.write_new(output, text)
    except FileExistsError as error:
        raise SessionError(f"{short_file(output)} is there already. Choose another name.") from error
    except OSError as error:
        raise SessionError(f"{short_file(output)} cannot be written: {error.strerror}.") from error
    print(f"Written to {short_file(output)}. {exporting.LOOK_OVER}")


def import_(
    source: Annotated[
        Path | None,
        typer.Argument(metavar="FILE|FOLDER", help="Claude Code's ~/.claude/projects when left out."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be copied.")] = False,
    json_: Json = False,
) -> None:
    """Copy sessions of Claude Code, or of another machine, into coder's own folder. The source stays as it is."""
    place = source or user_home(os.environ) / ".claude" / "projects"
    if not place.exists():
        raise SessionError(f"There is no file or folder {short_file(place)}.")
    found = list(bring(config_home(os.environ), transcripts_in(place), dry_run=dry_run))
    if json_:
        print_json([_brought_json(each) for each in found])
        return
    for each in found:
        print(_brought(each))
    copied = sum(each.target is not None for each in found)
    print(f"{'Would copy' if dry_run else 'Copied'} {counted(copied, 'session')} of {len(found)}.")


def _brought(each: Brought) -> str:
    name = each.target.stem if each.target else each.source.stem
    what = counted(each.messages, "message") if each.target else "not copied"
    return f"{name}  {what}" + (f"  ({each.note})" if each.note else "")


def _brought_json(each: Brought) -> dict[str, object]:
    target = each.target
    return {
        "source": str(each.source),
        "id": target.stem if target else None,
        "file": str(target) if target else None,
        "messages": each.messages,
        "note": each.note or None,
    }
