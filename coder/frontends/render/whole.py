"""All there is to see of one call, for the pager and for `/show`. Must not know which of them reads it."""

from __future__ import annotations

from pathlib import Path

from coder.core.events import ToolFinished
from coder.core.messages import Json
from coder.frontends import git_calls
from coder.frontends.amounts import duration
from coder.frontends.folding import fold_row
from coder.frontends.render.calls import change_in, result_text, syntax_of
from coder.frontends.render.diff import diff_rows
from coder.frontends.render.markdown import code_rows
from coder.frontends.render.subjects import Place, subject
from coder.frontends.render.theme import Theme
from coder.frontends.styled import Row, foreign, row, width_of

_BESIDE = 24  # cells beside a command in the first row


def whole(finished: ToolFinished, theme: Theme, width: int, *, folder: Path, home: Path) -> str:
    """The call, its input and everything it gave, painted; no line is wider than `width`."""
    made = [theme.paint(each) for each in _head(finished, width, Place(folder, home))]
    change = change_in(finished)
    if change is not None:
        language = syntax_of(finished.call, theme)
        made += [theme.paint(each) for each in diff_rows(change.rows, width, language=language)]
    else:
        for text, language in _texts(finished, width):
            made += _painted(text, language, theme, width)
    return "\n".join(made) + "\n"


def whole_rows(finished: ToolFinished, width: int, *, folder: Path, home: Path) -> list[Row]:
    """The same, without the colours of a syntax."""
    made = _head(finished, width, Place(folder, home))
    change = change_in(finished)
    if change is not None:
        return [*made, *diff_rows(change.rows, width)]
    lines = (line for text, _ in _texts(finished, width) for line in code_rows(text.replace("\r\n", "\n"), "", width))
    return [*made, *(row(*(part for part, _ in line)) for line in lines)]


def _head(finished: ToolFinished, width: int, place: Place) -> list[Row]:
    call = finished.call
    mark = row(("✗ ", "bad")) if finished.result.is_error else row(("✓ ", "ok"))
    about = subject(call, place) if call.name != "Bash" else _command(finished) if _is_short(finished, width) else ""
    facts = " · ".join(filter(None, (foreign(finished.summary), duration(finished.seconds))))
    return fold_row((*mark, *row(f"{foreign(call.name)} {about}".rstrip(), (f" · {facts}", "dim"))), width)


def _texts(finished: ToolFinished, width: int) -> list[tuple[str, str]]:
    """What was given and what came of it, each with its language."""
    data = finished.data or {}
    if finished.call.name != "Bash":
        is_diff = finished.call.name == git_calls.TOOL and git_calls.is_diff(finished.call.input)
        return [(_content(finished, data), "diff" if is_diff and not finished.result.is_error else "")]
    above = [] if _is_short(finished, width) else [(_command(finished), "bash"), ("", "")]
    return [*above, (_printed(finished, data), "")]


def _command(finished: ToolFinished) -> str:
    return str(finished.call.input.get("command", ""))


def _is_short(finished: ToolFinished, width: int) -> bool:
    """Whether a command stands in the first row, with what came of it."""
    command = _command(finished)
    return foreign(command) == command and width_of(row(command)) <= width - _BESIDE


def _printed(finished: ToolFinished, data: Json) -> str:
    if "stdout" not in data:
        return result_text(finished.result)
    notes = str(data.get("stderr") or "")
    return "\n\n".join(filter(None, (str(data["stdout"]).strip("\n"), notes))) or "(it printed nothing)"


def _content(finished: ToolFinished, data: Json) -> str:
    file = data.get("file")
    if not finished.result.is_error and isinstance(file, dict) and data.get("type") == "text":
        first = file.get("startLine")
        first = first if isinstance(first, int) else 1
        lines = str(file.get("content", "")).split("\n")
        return "\n".join(f"{number:>6} {line}" for number, line in enumerate(lines, first))
    return result_text(finished.result).strip("\n") or foreign(finished.summary)


def _painted(text: str, language: str, theme: Theme, width: int) -> list[str]:
    rows = code_rows(text.replace("\r\n", "\n"), language, width)
    return [theme.painted((part, theme.sgr(style)) for part, style in each) for each in rows]
