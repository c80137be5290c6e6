"""`coder sessions export` and `import`. Must not know how a document or a transcript is written."""

from __future__ import annotations

import os
import re
import sys
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from coder.cli.sessions_find import Json, Session
from coder.cli.sessions_page import print_json, short_file
from coder.config.paths import config_home, current_folder, user_home
from coder.core.errors import SessionError
from coder.sessions.bring import Brought, bring, transcripts_in
from coder.sessions.glimpse import Glimpse, glimpse
from coder.sessions.load import counted
from coder.sessions.resolve import resolve
from coder.sessions.telling import conversation
from coder.telemetry.credentials import without_credentials

_SECRET = re.compile(r"(?i)key|token|secret|passw|credential|auth")
_SHORTEST_SECRET = 8


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
    kind = format_ or _by_name(output)
    text = _document(path, kind, everything=all_)
    if output is None:
        sys.stdout.write(text)
        return
    try:
        fd = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise SessionError(f"{short_file(output)} is there already. Choose another name.") from error
    except OSError as error:
        raise SessionError(f"{short_file(output)} cannot be written: {error.strerror}.") from error
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"Written to {short_file(output)}. Look it over before you share it: only known forms of secrets are hidden.")


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


def _document(path: Path, kind: Format, *, everything: bool) -> str:
    messages = conversation(path, everything=everything)
    known = glimpse(path) or Glimpse(path, 0.0, 0)
    redact = partial(without_credentials, secrets=_secrets())
    if kind is Format.html:
        from coder.sessions.html_page import html

        return html(known, messages, redact)
    from coder.sessions.export import as_json, markdown

    return (as_json if kind is Format.json else markdown)(known, messages, redact)


def _secrets() -> tuple[str, ...]:
    """What the environment keeps secret, the longest first so that none leaves a rest of another."""
    found = {text for name, text in os.environ.items() if _SECRET.search(name) and len(text) >= _SHORTEST_SECRET}
    return tuple(sorted(found, key=len, reverse=True))


def _by_name(output: Path | None) -> Format:
    suffix = output.suffix.lower().lstrip(".") if output is not None else ""
    return {"html": Format.html, "htm": Format.html, "json": Format.json}.get(suffix, Format.md)


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
