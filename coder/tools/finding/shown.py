"""Hits as the model reads them: definitions a line each, bounded. Must not know how they were found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import get_close_matches

from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.tools.finding.catalogue import Detail
from coder.tools.finding.index import Findable

MOST_BYTES = 72_000  # about 25,000 tokens
_SHORT = 300  # characters of a description that is cut
_MOST_PARAMETERS = 40
_MOST_SERVERS = 40
_REASON = 200


def definitions(names: Sequence[str], detail: Detail, definition: Callable[[str], Json]) -> tuple[dict[str, str], str]:
    """Name -> line, as many as fit, and what to know of those that are not whole, or "". Tools that are gone are left
    out."""
    lines: dict[str, str] = {}
    cut: list[str] = []
    left = MOST_BYTES
    there = [(name, whole) for name in names if (whole := definition(name))]
    for name, whole in there:
        line = _line(_at(detail, whole))
        if _size(line) > left:
            line = _line(_outline(whole))
            cut.append(name)
        left -= _size(line)
        if left < 0:
            break
        lines[name] = line
    notes = []
    if outlined := cut[: len(cut) - (left < 0)]:
        notes.append(f"Only an outline fitted of {', '.join(outlined)}: select each alone to see more of it.")
    if more := len(there) - len(lines):
        notes.append(f"{more} more did not fit: ask for fewer at once.")
    return lines, " ".join(notes)


def servers(findables: Sequence[Findable]) -> str:
    """The servers there are, each with how many tools it has."""
    counts = Counter(each.server for each in findables)
    shown = [f"{visible_line(name)} ({count})" for name, count in sorted(counts.items())[:_MOST_SERVERS]]
    more = len(counts) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def absent(missing: Sequence[tuple[str, str]]) -> str:
    """The servers whose tools could not be searched, and why; "" for none."""
    if not missing:
        return ""
    shown = [f"{visible_line(name)}: {visible_line(reason)[:_REASON]}" for name, reason in missing[:_MOST_SERVERS]]
    more = len(missing) - len(shown)
    return "Not searched: " + "; ".join(shown) + (f"; and {more} more servers" if more > 0 else "") + "."


def nearest(wanted: str, findables: Sequence[Findable]) -> list[str]:
    """Names that are spelled nearly so."""
    short = {each.short.lower(): each.name for each in findables}
    whole = {each.name.lower(): each.name for each in findables}
    plain = wanted.lower().replace(" ", "_")[:100]
    found = get_close_matches(plain, [*whole, *short], n=5, cutoff=0.6)
    return list(dict.fromkeys((whole | short)[name] for name in found))


def _at(detail: Detail, whole: Json) -> Json:
    match detail:
        case "names":
            return {"name": whole.get("name")}
        case "descriptions":
            return {"name": whole.get("name"), "description": whole.get("description")}
        case _:
            return whole


def _outline(whole: Json) -> Json:
    """What is left of a definition that is too long: no server can make a search useless with one."""
    schema = whole.get("input_schema")
    schema = schema if isinstance(schema, dict) else {}
    properties, required = schema.get("properties"), schema.get("required")
    return {
        "name": whole.get("name"),
        "description": str(whole.get("description", ""))[:_SHORT],
        "parameters": [str(each)[:_SHORT] for each in list(properties)[:_MOST_PARAMETERS]]
        if isinstance(properties, dict)
        else [],
        "required": [str(each)[:_SHORT] for each in required[:_MOST_PARAMETERS]] if isinstance(required, list) else [],
    }


def _line(tool: Json) -> str:
    """No text of a server ends the line or the tag it stands in."""
    text = json.dumps(tool, ensure_ascii=False, default=str).replace("</", "<\\/")
    return f"<tool>{text}</tool>".encode("utf-8", "replace").decode("utf-8")


def _size(line: str) -> int:
    return len(line.encode("utf-8")) + 1
