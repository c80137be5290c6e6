"""The hands of a front end for tests: answers prepared in order, and all that was shown. Draws nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from coder.frontends.picker import Page, Picked, Picker
from coder.frontends.styled import Row, plain


@dataclass(slots=True)
class Hands:
    """`answers`: for a picker the key or value of an item, for a line its text, None for esc. `asked` are the titles of
    pickers and lines, `said` the rows."""

    answers: list[str | None]
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    pickers: list[Picker] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    width: int = 80
    height: int = 24

    def say(self, rows: Iterable[Row]) -> None:
        self.said += map(plain, rows)

    def markdown(self, text: str) -> None:
        self.said.append(text)

    async def page(self, page: Page) -> str:
        self.said += map(plain, page.rows)
        return self.answers.pop(0) or "esc"

    async def pick(self, picker: Picker) -> Picked | None:
        self.asked.append(picker.title)
        self.pickers.append(picker)
        answer = self.answers.pop(0)
        if answer is None:
            return None
        at = next(at for at, item in enumerate(picker.items) if answer in (item.key, item.value))
        return Picked("enter", picker.items[at], at)

    async def line(self, title: str, *, initial: str = "", secret: bool = False) -> str | None:
        self.asked.append(title)
        if secret:
            self.secrets.append(title)
        return self.answers.pop(0)

    async def pager(self, text: str) -> None:
        self.said.append(text)

    async def editor(self, text: str, name: str) -> str | None:
        return self.answers.pop(0)

    async def open_editor(self, path: Path) -> bool:
        return True

    def set_draft(self, text: str) -> None:
        self.said.append(f"draft: {text}")
