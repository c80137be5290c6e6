"""All there is to see of one call, for the pager and for `/show`. Must not know which of them reads it."""

from __future__ import annotations

from pathlib import Path

from coder.core.events import ToolFinished
from coder.core.messages import Json
from coder.frontends.render.calls import change_in, result_text, syntax_of
from coder.frontends.render.diff import diff_rows
from coder.frontends.render.fold import fold_row
from coder.frontends.render.markdown import code_rows
from coder.frontends.render.subjects import Place, subject
from coder.frontends.render.theme import Theme
from coder.frontends.render.wording import duration
from coder.frontends.styled import foreign, row


def whole(finished: ToolFinished, theme: Theme, width: int, *, folder: Path, home: Path) -> str:
    """The call, its input and everything it gave, painted; no line is wider than `width`."""
    call, data = finished.call, finished.data or {}
    mark = row(("✗ ", "bad")) if finished.result.is_error else row(("✓ ", "ok"))
    about = "" if call.name == "Bash" else subject(call, Place(folder, home))
    facts = " · ".join(filter(None, (foreign(finished.summary), duration(finished.seconds))))
    head = (*mark, *row(f"{foreign(call.name)} {about}".rstrip(), (f" · {facts}", "dim")))
    made = [theme.paint(each) for each in fold_row(head, width)]
    change = change_in(finished)
    if change is not None:
        made += [theme.paint(each) for each in diff_rows(change.rows, width, language=syntax_of(call, theme))]
    elif call.name == "Bash":
        made += _painted(str(call.input.get("command", "")), "bash", theme, width)
        made += ["", *_painted(_printed(finished, data), "", theme, width)]
    else:
        made += _painted(_content(finished, data), "", theme, width)
    return "\n".join(made) + "\n"


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
