"""`coder cost`: what was used and what it cost, from the ledger. Must not know how lines are stored."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, get_args

import typer

from coder.cli import cost_page
from coder.config.paths import config_home, current_folder
from coder.core.errors import ConfigError, UnknownSession
from coder.core.visible import visible_line
from coder.sessions.glimpse import glimpse
from coder.sessions.locate import everywhere
from coder.sessions.resolve import resolve, short_title
from coder.telemetry.rows import Row
from coder.telemetry.spending import Book, Key, Sum, grouped, read, total

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
SESSION = "An id, the beginning of one, a title or words of it."
_ID, _TITLE = 8, 40  # characters that are shown
KEYS: tuple[Key, ...] = get_args(Key)


@app.command()
def cost(
    session: Annotated[str, typer.Argument(metavar="SESSION", help=SESSION, show_default=False)] = "",
    by: Annotated[str, typer.Option("--by", metavar="KEY", help=f"One of {', '.join(KEYS)}.", show_default=False)] = "",
    since: Annotated[
        str, typer.Option("--since", metavar="DAY", help="From this day on, as 2026-11-30.", show_default=False)
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """What was used and what it cost. Alone: the last session of this folder, today and this month."""
    key = next((name for name in KEYS if name == by), None)
    if by and key is None:
        raise ConfigError(f"--by: {visible_line(by)!r} is none of {', '.join(KEYS)}.")
    home = config_home(os.environ)
    book = open_book(home, _day(since))
    rows = rows_of(book, home, session) if session else list(book.rows)
    if key is None and not session and not since:
        _overview(book, as_json)
    elif as_json:
        print(json.dumps(_data(rows, key, book.bad), indent=2))
    else:
        _page(rows, key or "model", session, since)
    say_bad(book)


def open_book(home: Path, since: datetime | None = None) -> Book:
    """Raises ConfigError for a ledger that cannot be read."""
    try:
        return read(home, since)
    except OSError as error:
        name = error.filename or home / "ledger"
        raise ConfigError(f"The cost ledger cannot be read: {name}: {error.strerror}.") from error


def rows_of(book: Book, home: Path, session: str) -> list[Row]:
    """The rows of the session whose id begins like this, or that --resume would find by this.

    Raises UnknownSession, ConfigError when it is more than one, SessionError where --resume would name several.
    """
    wanted = session.strip().lower()
    found = dict.fromkeys(row.session for row in book.rows if row.session.lower().startswith(wanted))
    if wanted and not found:
        with suppress(UnknownSession):
            wanted = resolve(home, current_folder(), session).stem
            found = dict.fromkeys(row.session for row in book.rows if row.session == wanted)
    if not wanted or not found:
        raise UnknownSession(
            f"There is no session {visible_line(session)!r} in the ledger. `coder cost --by session` lists them."
        )
    if len(found) > 1:
        raise ConfigError(f"{len(found)} sessions begin with {visible_line(session)!r}: give more of the id.")
    return [row for row in book.rows if row.session in found]


def last_session(book: Book, folder: Path) -> str:
    """The session of this folder that asked a model last; "" when there is none."""
    here = os.path.realpath(folder)
    return next((row.session for row in reversed(book.rows) if row.folder == here), "")


def _overview(book: Book, as_json: bool) -> None:
    session = last_session(book, current_folder())
    rows = [row for row in book.rows if row.session == session] if session else []
    days = grouped(book.rows, "day")
    now = datetime.now().astimezone()
    today = days.get(now.date().isoformat(), Sum())
    month = total(row for row in book.rows if _month(row) == (now.year, now.month))
    if as_json:
        last = {"session": session, **_data(rows, "model")} if session else None
        sums = {"today": today.to_json(), "month": month.to_json()}
        print(json.dumps({"last_session": last, **sums, "unreadable_lines": book.bad}, indent=2))
        return
    if rows:
        _page(rows, "model", session, "")
        agents = {name: found for name, found in grouped(rows, "agent").items() if name != "main"}
        if agents:
            label = f"subagents, {len(agents)}"
            print(f"  {label:<22}included above  {cost_page.amount(total(r for r in rows if r.agent != 'main'))}")
        print("  Limit a run with --max-budget-usd 5 or --max-tokens 500000.")
    else:
        print("No session of this folder has asked a model yet.")
    now_and_month = f"Today: {cost_page.amount(today)} · this month: {cost_page.amount(month)}"
    print("\n".join(cost_page.wrapped(now_and_month)))


def _page(rows: list[Row], key: Key, session: str, since: str) -> None:
    name = f"Session {rows[0].session[:8]}" if session and rows else f"Since {since}" if since else "All sessions"
    print("\n".join(cost_page.head(name, total(rows))))
    sums = grouped(rows, key)
    if key == "session":
        sums = _with_titles(sums)
    if key != "day":
        sums = dict(sorted(sums.items(), key=lambda item: -item[1].dollars))
    print("\n".join(cost_page.table(sums)), end="\n" if sums else "")


def _with_titles(sums: dict[str, Sum]) -> dict[str, Sum]:
    """By the short ids that other commands take, and the titles of those that are still there."""
    paths = {path.stem: path for path in everywhere(config_home(os.environ))}
    short = {session[:_ID] for session in sums}
    size = _ID if len(short) == len(sums) else None
    titled: dict[str, Sum] = {}
    for session, each in sums.items():
        found = glimpse(paths[session]) if session in paths else None
        titled[f"{session[:size]} {short_title(found, _TITLE) if found else ''}".rstrip()] = each
    return titled


def _data(rows: list[Row], key: Key | None, bad: int | None = None) -> dict[str, object]:
    found: dict[str, object] = {"total": total(rows).to_json()}
    if key is not None:
        found[f"by_{key}"] = {name: each.to_json() for name, each in grouped(rows, key).items()}
    return found if bad is None else {**found, "unreadable_lines": bad}


def _month(row: Row) -> tuple[int, int]:
    when = datetime.fromisoformat(row.ts).astimezone()
    return when.year, when.month


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").astimezone()  # a day of this machine's zone
    except ValueError as error:
        raise ConfigError(f"--since: expected a day such as 2026-11-30, got {visible_line(text)!r}.") from error


def say_bad(book: Book) -> None:
    """Tells on standard error what of the ledger could not be read."""
    if book.bad:
        lines = "1 line" if book.bad == 1 else f"{book.bad} lines"
        print(f"coder: {lines} of the ledger could not be read and {_is(book.bad)} not counted.", file=sys.stderr)


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
