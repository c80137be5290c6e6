"""How settings and where they come from are put on a page. Must not know files, or how it is decided what counts."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path

from coder.config.keys import path_of
from coder.config.masking import masked
from coder.config.origins import Entry
from coder.core.messages import Json

Shorten = Callable[[str], str]
_NOTES = {"overridden": "overridden by ", "unused": "not used: ", "idle": ""}


def visible(value: object) -> str:
    """On one line, with nothing invisible in it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def shortened(cwd: Path, home: Path) -> Shorten:
    """Paths as people name them: from the folder they are in, or from home."""

    def shorten(path: str) -> str:
        for folder, name in ((cwd, ""), (home, "~/")):
            if folder != Path("/") and Path(path).is_relative_to(folder):
                return visible(f"{name}{Path(path).relative_to(folder)}")
        return visible(path)

    return shorten


def table(entries: Iterable[Entry], width: int) -> str:
    """What counts and what would, a value a line: the key, the value, and what is to be said of it."""
    shown = [entry for entry in entries if entry.state != "overridden"]
    column = min(max((len(visible(entry.key)) for entry in shown), default=0), width // 2) + 2
    lines: list[str] = []
    before = ""
    for entry in shown:
        name = "" if entry.key == before else visible(entry.key)
        before = entry.key
        note = f"  ({_NOTES[entry.state]}{entry.why})" if entry.why else ""
        text = visible(masked(entry.key, entry.value)) + note
        if len(name) > column - 2:
            lines.append(name)
            name = ""
        lines += _wrapped(text, name.ljust(column), " " * column, width)
    return "\n".join(lines)


def blocks(entries: Iterable[Entry], width: int, shorten: Shorten) -> str:
    """Every value below its key, with where it stands."""
    lines: list[str] = []
    before = ""
    for entry in entries:
        if entry.key != before:
            lines.append(visible(entry.key))
            before = entry.key
        value = visible(masked(entry.key, entry.value))
        origin = entry.origin if entry.scope == "environment" else shorten(entry.origin)
        why = shorten(entry.why) if entry.state == "overridden" else visible(entry.why)
        where = origin + (f" ({_NOTES[entry.state]}{why})" if why else "")
        if len(value) + len(where) + 4 <= width:
            lines.append(f"  {value}  {where}")
        else:
            lines += [*_wrapped(value, "  ", "    ", width), *_wrapped(where, "      ", "      ", width)]
    return "\n".join(lines)


def as_json(entry: Entry) -> Json:
    return {
        "key": entry.key,
        "value": masked(entry.key, entry.value),
        "scope": entry.scope,
        "origin": entry.origin,
        "state": entry.state,
        "why": entry.why,
    }


def nested(key: str, entries: Iterable[Entry]) -> object:
    """A group of settings as the object it would be in a file."""
    group: dict[str, object] = {}
    for entry in entries:
        keys = path_of(entry.key)[len(path_of(key)) :]
        holder = group
        for name in keys[:-1]:
            below = holder.setdefault(name, {})
            holder = below if isinstance(below, dict) else {}
        value = masked(entry.key, entry.value)
        if entry.item:
            items = holder.setdefault(keys[-1], [])
            if isinstance(items, list):
                items.append(value)
        elif keys[-1] not in holder:
            holder[keys[-1]] = value
    return group


def _wrapped(text: str, first: str, rest: str, width: int) -> list[str]:
    """Broken at blanks only: half a path or half a rule cannot be used."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    ) or [first.rstrip()]
