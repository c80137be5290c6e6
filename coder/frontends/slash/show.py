"""`/show`: prints a call with all that it was given and all that it said. Must not know how it was shown before."""

from __future__ import annotations

from collections.abc import Iterator

from coder.core.errors import SessionError
from coder.core.events import ToolFinished
from coder.core.messages import Json, Text
from coder.core.visible import visible
from coder.frontends.desk import Desk, Shown
from coder.frontends.styled import Row, Style, foreign, row

_MAIN = ("command", "file_path", "notebook_path", "pattern", "url", "query", "task_id", "plan")
_BLANKS = 400  # of an indentation or a table that is shown as it is
_DIFF: dict[str, Style] = {"+": "added", "-": "removed"}


async def run(desk: Desk, arguments: str) -> None:
    """`arguments` is a number; the latest call without one. Raises SessionError."""
    desk.ui.say(whole_rows(_shown(desk.shown, arguments.strip())))


def whole_rows(shown: Shown) -> list[Row]:
    """Everything of a call; rows may be wider than a terminal."""
    finished = shown.finished
    failed = finished.result.is_error
    mark = row(("✗ ", "bad") if failed else ("✓ ", "ok"))
    facts = [foreign(finished.summary)] if finished.summary.strip() else []
    told = " · ".join(["", *facts, f"{finished.seconds:.1f}s"])
    head = (*mark, *row(_named(finished), (told, "dim"), (f" · {shown.number}", "dim")))
    return [head, *_given(finished), *_said(finished)]


def _shown(shown: tuple[Shown, ...], wanted: str) -> Shown:
    if not shown:
        raise SessionError("There is no call to show yet.")
    if not wanted:
        return shown[-1]
    for each in shown:
        if wanted == str(each.number):
            return each
    numbers = f"{shown[0].number} to {shown[-1].number}" if len(shown) > 1 else str(shown[0].number)
    raise SessionError(f"There is no call {foreign(wanted)}. Those of this session: /show {numbers}")


def _named(finished: ToolFinished) -> str:
    found = finished.call.input
    main = next((value for name in _MAIN if isinstance(value := found.get(name), str)), "")
    return f"{foreign(finished.call.name)} {foreign(main)}".rstrip()


def _given(finished: ToolFinished) -> Iterator[Row]:
    """What the head does not say: a text of several lines, and the further arguments. An edit is told by its diff."""
    if _hunks(finished.data):
        return
    for name, value in finished.call.input.items():
        text = value if isinstance(value, str) else str(value)
        if name in _MAIN and "\n" not in text:
            continue
        lines = _lines(text)
        if len(lines) == 1:
            yield row((f"  {foreign(name)}: {lines[0]}", "dim"))
        else:
            yield row((f"  {foreign(name)}:", "dim"))
            yield from (row((f"    {line}", "dim")) for line in lines)


def _said(finished: ToolFinished) -> Iterator[Row]:
    hunks = _hunks(finished.data)
    for hunk in hunks:
        yield from _hunk(hunk)
    lines = [] if hunks else _lines(_output(finished))
    yield from (row(f"  {line}") for line in lines if len(lines) > 1 or line)


def _output(finished: ToolFinished) -> str:
    """What the model was told: a command's output is that."""
    parts = finished.result.content
    return "\n".join(part.text if isinstance(part, Text) else "[picture or document]" for part in parts)


def _hunks(data: Json | None) -> list[Json]:
    found = (data or {}).get("structuredPatch")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _hunk(hunk: Json) -> Iterator[Row]:
    old, new, lines = hunk.get("oldStart"), hunk.get("newStart"), hunk.get("lines")
    numbers = {"-": old if isinstance(old, int) else 1, "+": new if isinstance(new, int) else 1}
    for line in lines if isinstance(lines, list) else []:
        mark = str(line)[:1]
        text = visible(str(line)[1:].expandtabs(4), blanks=_BLANKS).replace("\n", " ")
        if mark == "\\":
            yield row(("       " + foreign(str(line)), "dim"))
            continue
        number = numbers["-" if mark == "-" else "+"]
        yield row(f"{number:>5} ", (f"{mark}{text}", _DIFF.get(mark, "")))
        numbers["-"] += mark != "+"
        numbers["+"] += mark != "-"


def _lines(text: str) -> list[str]:
    return visible(text.rstrip("\n").expandtabs(4), blanks=_BLANKS).split("\n")
