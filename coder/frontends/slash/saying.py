"""What a command leaves behind: one row that says what was done, refused, or is worth knowing. Must not know which."""

from __future__ import annotations

from coder.frontends.desk import Ui
from coder.frontends.styled import Style, foreign, row


def done(ui: Ui, *parts: str | tuple[str, Style]) -> None:
    ui.say([row(("✓ ", "ok"), *parts)])


def refused(ui: Ui, *parts: str | tuple[str, Style]) -> None:
    ui.say([row(("✗ ", "bad"), *parts)])


def warned(ui: Ui, *parts: str | tuple[str, Style]) -> None:
    ui.say([row(("! ", "warn"), *parts)])


def shown(value: object, most: int = 120) -> str:
    """Foreign text for a sentence: on one line, nothing in it unseen, and not too long."""
    text = foreign(str(value))
    return text if len(text) <= most else text[: most - 1] + "…"
