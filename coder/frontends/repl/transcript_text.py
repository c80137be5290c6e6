"""The transcript view: everything of this session, whole, as painted text for the pager. Must not know the pager."""

from __future__ import annotations

from pathlib import Path

from coder.core.dataclass import dataclass
from coder.frontends.amounts import duration
from coder.frontends.plain import printable
from coder.frontends.render import markdown
from coder.frontends.render.theme import Theme
from coder.frontends.render.whole import whole
from coder.frontends.repl.transcript import Told
from coder.frontends.styled import foreign, row


@dataclass(frozen=True, slots=True)
class Drawing:
    width: int
    theme: Theme
    folder: Path
    home: Path

    def __call__(self, told: Told) -> str:
        return "\n".join(self._lines(told)) + "\n"

    def _lines(self, told: Told) -> list[str]:
        number = f"#{told.number} "
        if told.finished is not None:
            text = whole(told.finished, self.theme, self.width, folder=self.folder, home=self.home)
            return [self.theme.paint(row((number, "dim"))) + text.rstrip("\n")]
        if told.kind == "prompt":
            first, *rest = told.text.split("\n")
            rows = [row((number, "dim"), ("❯ ", "you"), (foreign(first), "you"))]
            return [self.theme.paint(each) for each in (*rows, *(row(f"    {foreign(line)}") for line in rest))]
        if told.kind == "agent":
            lines = printable(told.text).strip("\n").split("\n") if told.text.strip() else []
            head = self.theme.paint((*row((number, "dim")), *told.head))
            return [head, *(self.theme.paint(row(f"      {foreign(line)}".rstrip())) for line in lines)]
        if told.kind == "thought":
            took = f" for {duration(told.seconds)}" if told.seconds else ""
            head = self.theme.paint(row((number, "dim"), ("✓ ", "ok"), f"Thought{took}"))
            lines = printable(told.text).strip().split("\n")
            return [head, *(self.theme.paint(row((f"      {foreign(line)}", "dim"))) for line in lines)]
        head = self.theme.paint(row((number, "dim")))
        return [head, *markdown.markdown_text(told.text, self.width, self.theme)]
