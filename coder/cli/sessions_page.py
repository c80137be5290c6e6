"""How sessions look on the terminal and in `--json`. Must not know how they are found."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.cells import cell_len, set_cell_size

from coder.config.paths import user_home
from coder.core.visible import visible_line
from coder.frontends.session_facts import SessionFacts, dollars
from coder.sessions.age import age, size_text
from coder.sessions.resolve import short_title

_ID = 8  # characters of an id that are shown; six are enough to name a session
_BRANCH = 12
_TITLE = 16  # columns at least
_BRANCHES, _PROMPTS, _PRICE, _SIZE = range(1, 5)  # after how long ago it was


def table(rows: Sequence[SessionFacts], now: float, *, folders: bool = False) -> str:
    """One line a session, as wide as the terminal; with `folders` a second one that says where."""
    cells = [_cells(each, now) for each in rows]
    widths = [max(cell_len(line[column]) for line in cells) for column in range(len(cells[0]))]
    kept = list(range(len(widths)))
    spare = [_SIZE, _BRANCHES, _PRICE, _PROMPTS]  # what a narrow terminal does without, in this order
    while (room := _left(widths[column] for column in kept)) < _TITLE and spare:
        kept.remove(spare.pop(0))
    room = max(room, _TITLE)
    titles = [short_title(each.session, room) for each in rows]
    title = min(room, max(map(cell_len, titles)))
    lines: list[str] = []
    for each, words, line in zip(rows, titles, cells, strict=True):
        shown = [text.rjust(width) for text, width in zip(line, widths, strict=True)]
        shown[_BRANCHES] = _filled(line[_BRANCHES], widths[_BRANCHES])
        rest = "  ".join(shown[column] for column in kept)
        lines.append(f"{each.session.id[:_ID]}  {_filled(words, title)}  {rest}")
        if folders:
            lines.append(f"{' ' * (_ID + 2)}{home_path(each.session.cwd)}")
    return "\n".join(line.rstrip() for line in lines)


def _left(widths: Iterable[int]) -> int:
    """The columns that are left for a title beside an id and columns as wide as these."""
    return shutil.get_terminal_size().columns - _ID - 2 - sum(width + 2 for width in widths)


def as_json(each: SessionFacts) -> dict[str, Any]:
    """A session for programs. Times in ISO 8601, sizes in bytes, costs in dollars; null for what is not known."""
    session = each.session
    return {
        "id": session.id,
        "title": session.title,
        "name": session.labels.custom or None,
        "tag": session.labels.tag or None,
        "firstPrompt": session.prompt,
        "folder": session.cwd,
        "branch": session.branch or None,
        "created": _iso(session.created) if session.created else None,
        "modified": _iso(session.modified),
        "size": session.size,
        "prompts": each.prompts,
        "costUSD": each.cost,
        "atWork": each.is_at_work,
        "file": str(session.path),
    }


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=True, indent=2))


def home_path(path: str) -> str:
    """As people write it: from their home folder, and with everything in it visible."""
    home = str(user_home(os.environ))
    short = "~" + path.removeprefix(home) if path == home or path.startswith(home + os.sep) else path
    return visible_line(short)


def heading(each: SessionFacts, now: float) -> str:
    """What a session is, in two lines."""
    session = each.session
    prompts = f"{each.prompts} prompt{'' if each.prompts == 1 else 's'}" if each.prompts is not None else ""
    facts = (session.id, home_path(session.cwd), visible_line(session.branch), prompts, age(session.modified, now))
    return f"{short_title(session, 200)}\n{' · '.join(filter(None, facts))}"


def short_file(path: Path) -> str:
    return home_path(str(path))


def _filled(text: str, width: int) -> str:
    """As many columns of a terminal: wide characters take two."""
    return set_cell_size(text, width) if cell_len(text) <= width else f"{set_cell_size(text, width - 1)}…"


def _cells(each: SessionFacts, now: float) -> list[str]:
    branch = visible_line(each.session.branch)
    prompts = "" if each.prompts is None else f"{each.prompts} prompt{' ' if each.prompts == 1 else 's'}"
    return [
        "at work" if each.is_at_work else age(each.session.modified, now),
        _filled(branch, min(cell_len(branch), _BRANCH)),
        prompts,
        dollars(each.cost),
        size_text(each.session.size),
    ]


def _iso(then: float) -> str:
    return datetime.fromtimestamp(then, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
