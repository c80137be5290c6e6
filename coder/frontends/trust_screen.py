"""The trust question as a picker, and what the folder brings as rows. Must not know how trust is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from coder.frontends.folding import fold_rows
from coder.frontends.picker import Item, Page, Picked, Picker
from coder.frontends.styled import Row, Style, foreign, row

if TYPE_CHECKING:
    from coder.config.question import Answer, TrustQuestion

_GRACE = 0.3  # it comes by itself, while somebody may be typing their first message
_HANG = 4
_WANTS = "This folder wants to:  "
_STYLES: dict[str, Style] = {"new": "added", "changed": "warn", "gone": "dim"}


def trust_picker(question: TrustQuestion, home: Path | None = None) -> Picker:
    """The safe answer comes first. `home` makes the folder's name short."""
    lines = [foreign(line) for line in question.lines]
    wants = [row("  " + (_WANTS if not at else " " * len(_WANTS)) + line) for at, line in enumerate(lines)]
    items = tuple(Item(answer, (label,), key=str(at)) for at, (answer, label) in enumerate(question.choices, 1))
    return Picker(
        f"? {_short(foreign(question.text), home)}",
        items,
        above=(*wants, *_changes(question)),
        across=2,
        grace=_GRACE,
        verb="chooses",
    )


def trust_answer(picked: Picked | None) -> Answer:
    """What was answered; leaving the picker is leaving coder."""
    return cast("Answer", picked.item.value) if picked is not None and picked.item is not None else "leave"


def details_rows(question: TrustQuestion) -> list[Row]:
    """Everything the folder brings, with the file it stands in, and how that differs from what was trusted."""
    changes = _changes(question)
    seen = [row(("Since you trusted it:", "bold")), *changes, ()] if changes else []
    return [*seen, row(("It brings:", "bold")), *(row(f"  {foreign(line)}") for line in question.details)]


def details_page(question: TrustQuestion, width: int) -> Page:
    """Nothing of it is cut: what stands at the end of a command counts as much as its beginning."""
    return Page(tuple(fold_rows(details_rows(question), width, _HANG)))


def _changes(question: TrustQuestion) -> list[Row]:
    return list(_changed(question))


def _changed(question: TrustQuestion) -> Iterator[Row]:
    for change in question.changes:
        text = f": {foreign(change.text)}" if change.text else ""
        yield row("  ", (change.how, _STYLES[change.how]), f" {foreign(change.file)}: {foreign(change.what)}{text}")


def _short(text: str, home: Path | None) -> str:
    return text.replace(f"{home}/", "~/", 1) if home is not None and len(home.parts) > 1 else text
