"""A form as rows of a given size, and as lines to be read aloud. Pure; must not know keys as they are pressed."""

from __future__ import annotations

from coder.core.visible import visible
from coder.frontends.folding import fold_row, fold_rows
from coder.frontends.form import Asked, Form, Option
from coder.frontends.row_ends import between
from coder.frontends.row_window import windowed
from coder.frontends.styled import Row, Style, cut, foreign, row, width_of

_NARROW = 60  # below as many cells a description stands below its label
_GAP = 4
_OWN = "Something else: "
_LEAST_PREVIEW = 3  # rows


def form_rows(form: Form, width: int, height: int) -> list[Row]:
    """At most `height` rows of at most `width` cells. The option that is stood on is in view; nothing of a text is left
    out while the height allows it. Nothing when the form is over."""
    if form.is_over:
        return []
    width, height = max(width, 1), max(height, 1)
    now = form.now
    title = _title(form, width)
    keys = fold_row(row((_keys(form, width), "dim")), width, 2)
    if len(title) + len(keys) + 2 > height:
        title, keys = title[: max(height - 2, 0)], keys[: int(height > 2)]
    room = max(height - len(title) - len(keys), 1)
    column = max((width_of(row(_label(now, at))) for at in range(now.own)), default=0)
    blocks = [_block(now, at, width, column) for at in range(now.last + 1)]
    needed = sum(map(len, blocks))
    if needed > room:
        blocks = [block if at == now.at else block[:1] for at, block in enumerate(blocks)]
    listed, form.top, _ = windowed(blocks.__getitem__, len(blocks), now.at, form.top, room)
    preview = _preview(form, width, room - len(listed))
    return [cut(each, width) for each in (*title, *listed, *preview, *keys)]


def spoken(form: Form) -> list[str]:
    """The question that is put, for a screen reader; the last line asks for an answer."""
    now, count = form.now, len(form.asked)
    place = f" Question {form.number + 1} of {count}." if count > 1 else ""
    made = [f"question: {foreign(now.question)}{place}"]
    for number, option in enumerate(now.options, 1):
        about = f": {foreign(option.description)}" if option.description else ""
        made.append(f"{number}. {foreign(option.label)}{about}")
        if option.preview:
            lines = visible(option.preview.rstrip("\n"), blanks=80).split("\n")
            made += [f"preview of {number}, line {at}: {line}" for at, line in enumerate(lines, 1) if line.strip()]
    many = " (several with blanks between)" if now.takes_many else ""
    back = ", back" if form.number else ""
    offered = f"1 to {now.own}{many}, " if now.options else ""
    if now.is_closed:
        return [*made, f"Type {offered}or esc to answer nothing ({form.otherwise}), and press enter:"]
    return [*made, f"Type {offered}an answer of your own{back}, or esc to answer nothing, and press enter:"]


def _title(form: Form, width: int) -> list[Row]:
    count = len(form.asked)
    question = row(("? ", "warn"), (foreign(form.now.question), "bold"))
    place = row((f"question {form.number + 1} of {count}", "dim")) if count > 1 else ()
    whole = between(question, place, width)
    if whole is not None:
        return [whole]
    return [*fold_row(question, width, 2), *([row("  ", *place)] if place else [])]


def _label(now: Asked, at: int) -> str:
    if at < now.own:
        return foreign(now.options[at].label)
    if now.is_typing:
        return f"{_OWN}{foreign(now.words)}{' ' if now.words.endswith(' ') else ''}▏"
    return f"{_OWN}{foreign(now.words) or 'type it'}"


def _block(now: Asked, at: int, width: int, column: int) -> list[Row]:
    """One option, its description beside it where there is room, else below."""
    is_chosen = at == now.at
    style: Style = "chosen" if is_chosen else ""
    tick = ("✓ " if at in now.ticked else "☐ ") if now.takes_many else ""
    lead = f"{'❯ ' if is_chosen else '  '}{at + 1} {tick}"
    label = row((lead + _label(now, at), style))
    about = foreign(now.options[at].description) if at < now.own else ""
    indent = width_of(row(lead))
    if not about:
        return fold_row(label, width, indent)
    beside = indent + column + _GAP
    if width >= _NARROW and beside <= width // 2:
        gap = " " * (beside - width_of(label))
        return fold_row(row(*label, gap, (about, "dim")), width, beside)
    return fold_rows((label, row(" " * indent, (about, "dim"))), width, indent)


def _preview(form: Form, width: int, room: int) -> list[Row]:
    now = form.now
    option: Option | None = now.options[now.at] if now.at < now.own else None
    if option is None or not option.preview.strip() or room < _LEAST_PREVIEW:
        return []
    texts = visible(option.preview.strip("\n"), blanks=80).replace("\\t", "    ").split("\n")
    made = fold_rows((row("    ", (text, "code")) for text in texts), width, 4)
    if len(made) <= room:
        return made
    form.preview_top = first = min(form.preview_top, len(made) - room + 1)
    below = len(made) - first - (room - 1)
    told = f"    … {below} more rows: pgdn" if below else "    pgup shows the rows above"
    return [*made[first : first + room - 1], row((told, "dim"))]


def _keys(form: Form, width: int) -> str:
    now = form.now
    if now.is_typing:
        return f"  enter {'keeps it' if now.takes_many else 'answers'} · esc back to the list"
    parts = ["enter goes on" if now.takes_many and now.ticked else "enter chooses"]
    parts += ["space ticks"] if now.takes_many else []
    parts += ["← back"] if form.number else []
    made = f"  {' · '.join(parts)} · esc answers nothing"
    told = f"{made}, {form.otherwise}"
    return told if len(told) <= width else made
