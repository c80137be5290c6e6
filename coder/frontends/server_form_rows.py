"""The question of a server as rows of a given size, and as lines to be read aloud. Pure; must not know keys as they are
pressed. Who asks is on every one of them, and all that the server says is foreign.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from coder.core.requests import ServerQuestion
from coder.frontends.folding import fold_row
from coder.frontends.row_window import windowed
from coder.frontends.server_form import ServerForm, Step
from coder.frontends.styled import Row, Style, cut, foreign, row

_MESSAGE_ROWS, _PAGE_ROWS = 6, 5


def form_rows(form: ServerForm, width: int, height: int) -> list[Row]:
    """At most `height` rows of at most `width` cells, the one that is stood on among them."""
    if form.is_over:
        return []
    width, height = max(width, 1), max(height, 1)
    title = fold_row(row(("? ", "warn"), (_asks(form.question), "bold")), width, 2)[:_MESSAGE_ROWS]
    about = _about(form, width)
    keys = fold_row(row((_keys(form), "dim")), width, 2)
    if form.problem:
        keys = [row("  ", ("! ", "warn"), form.problem), *keys]
    room = height - len(title) - len(about) - len(keys)
    if room < 1:
        title, about = title[:1], about[: max(height - len(keys) - 2, 0)]
        room = max(height - len(title) - len(about) - len(keys), 1)
    blocks, at = _blocks(form, width)
    listed, form.top, _ = windowed(blocks.__getitem__, len(blocks), at, form.top, room)
    return [cut(each, width) for each in (*title, *about, *listed, *keys)][:height]


def spoken(form: ServerForm) -> list[str]:
    """What is asked now, for a screen reader; the last line asks for an answer."""
    step = form.now
    made = [f"problem: {form.problem}"] if form.problem else []
    if not form.number and not form.problem:
        made.append(f"question: {_asks(form.question)}")
    if step is None:
        made += [_plain(each) for each in _decided(form)]
        yes, no = form.decisions
        back = ", back" if form.steps else ""
        return [*made, f"1. {yes}", f"2. {no}", f"Type 1, 2{back}, or esc to leave it, and press enter:"]
    made.append(f"{_field(form, step)}{f': {foreign(step.asked.about)}' if step.asked.about else ''}")
    made += [f"{number}. {foreign(label)}" for number, (_, label) in enumerate(step.choices, 1)]
    back = ", back" if form.number else ""
    what = "your answer"
    if step.choices:
        what = f"1 to {len(step.choices)}{' (several with blanks between)' if step.takes_many else ''}"
    elif step.words:
        what = f"your answer, nothing for {foreign(step.words)}"
    return [*made, f"Type {what}{back}, decline to send nothing, or esc to leave it, and press enter:"]


def above_rows(question: ServerQuestion, width: int) -> list[Row]:
    """All that the server says, where it is more than the question itself has room for: to be printed before. None of
    it may stay unseen before a yes."""
    message = fold_row(row((_asks(question), "bold")), width, 2)
    page = [each for made in _page_rows(question.url) for each in fold_row(made, width, 2)] if question.url else []
    return [*message, *page] if len(message) > _MESSAGE_ROWS or len(page) > _PAGE_ROWS else []


def _asks(question: ServerQuestion) -> str:
    what = "wants to open a page" if question.url else "asks"
    message = foreign(" ".join(question.message.split()))
    return f"The MCP server {foreign(question.server)} {what}{f': {message}' if message else ''}"


def _field(form: ServerForm, step: Step) -> str:
    count = len(form.steps)
    place = f" ({form.number + 1} of {count})" if count > 1 else ""
    return f"{step.label}{place}{', needed' if step.asked.required else ''}"


def _about(form: ServerForm, width: int) -> list[Row]:
    step = form.now
    if step is None:
        return [each for decided in _decided(form) for each in fold_row(decided, width, 4)]
    rows = fold_row(row("  ", _field(form, step)), width, 2)
    if step.asked.about:
        rows += fold_row(row(("  " + foreign(" ".join(step.asked.about.split())), "dim")), width, 2)[:3]
    return rows


def _decided(form: ServerForm) -> list[Row]:
    """What a yes would send, or open."""
    if form.question.url:
        return _page_rows(form.question.url)
    return [row("  ", (f"{step.label}: ", "dim"), step.shown) for step in form.steps]


def _page_rows(url: str) -> list[Row]:
    host = urlsplit(url).hostname or ""
    odd = " (written in another script: look closely)" if "xn--" in host else ""
    return [row("  on ", (foreign(host), "bold"), odd), row("  ", (foreign(url), "code"))]


def _blocks(form: ServerForm, width: int) -> tuple[list[list[Row]], int]:
    """The choices, each folded, and which is stood on; the line that is typed."""
    step = form.now
    if step is not None and not step.choices:
        shown = foreign(step.words)[-max(width - 5, 1) :]
        return [[row(("❯ ", "chosen"), f"{shown}▏")]], 0
    labels = [(label, False) for label in form.decisions] if step is None else []
    at = form.at if step is None else step.at
    if step is not None:
        labels = [(foreign(label), number in step.ticked) for number, (_, label) in enumerate(step.choices)]
    many = step is not None and step.takes_many
    made = []
    for number, (label, ticked) in enumerate(labels):
        style: Style = "chosen" if number == at else ""
        tick = ("✓ " if ticked else "☐ ") if many else ""
        lead = f"{'❯ ' if number == at else '  '}{number + 1} {tick}"
        made.append(fold_row(row((lead + label, style)), width, len(lead)))
    return made, at


def _keys(form: ServerForm) -> str:
    step = form.now
    parts = ["enter chooses" if step is None or (step.choices and not step.takes_many) else "enter goes on"]
    if step is not None and step.takes_many:
        parts.append("space ticks")
    if form.number:
        parts.append("↑ back" if step is not None and not step.choices else "← back")
    if step is not None:
        parts.append("ctrl+d says no")
    return f"  {' · '.join(parts)} · esc leaves it"


def _plain(made: Row) -> str:
    return "".join(span.text for span in made).strip()
