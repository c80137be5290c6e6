"""The permission question in front of the prompt: choose, say what to do instead, edit the rule, type the word.

Must not know the terminal, nor how the question was made.
"""

from __future__ import annotations

from dataclasses import replace

from coder.core.requests import Allow, Deny, Reply
from coder.frontends.dialog import ESCAPE, Choice, Dialog, answer
from coder.frontends.dialog_lines import hint_lines, question_lines
from coder.frontends.repl.field import Field
from coder.frontends.repl.modal import Shape
from coder.frontends.styled import Row, Style, cut, row, rows_of

_YES = frozenset({"y", "yes", "ok"})


class DialogModal:
    """`result` is the reply, or "explain" or "editor" when that was asked for: it goes on when it is shown again."""

    keeps_prompt = True
    step = 0

    def __init__(self, dialog: Dialog) -> None:
        self._dialog = dialog
        self._chosen = 0
        self._field: Field | None = Field() if dialog.confirm else None
        self._editing: Choice | None = None
        self.grace = dialog.grace_ms / 1000
        self.result: Reply | str = dialog.otherwise

    def shape(self, width: int, height: int) -> Shape:
        lines = question_lines(self._dialog, width, chosen=self._chosen)
        if self._dialog.confirm:
            lines = lines[:-1]
        rows = [_styled(line, at) for at, line in enumerate(lines)]
        if self._field is None:
            return Shape(rows)
        if self._editing is not None:
            words = "What to do instead:" if self._editing.takes_words else "The rule to save:"
            rows = [*rows[: -len(hint_lines(self._dialog, width))], row((f"  {words}", "dim"))]
        field, column = self._field.row(width)
        rows.append(field)
        if self._editing is not None:
            rows.append(cut(row(("  enter sends it · esc goes back", "dim")), width))
        return Shape(rows, (len(rows) - (2 if self._editing else 1), column))

    def press(self, key: str, data: str) -> bool:
        if self._dialog.confirm:
            return self._confirm(key, data)
        if self._field is not None and self._editing is not None:
            return self._edit(self._field, self._editing, key, data)
        choices = self._dialog.choices
        match data if key == "text" else key:
            case "esc" | "ctrl+c" | "ctrl+d":
                return self._reply(answer(self._dialog, ESCAPE))
            case "up" | "k":
                self._chosen = (self._chosen - 1) % len(choices)
            case "down" | "j":
                self._chosen = (self._chosen + 1) % len(choices)
            case "enter":
                return self._choose(choices[self._chosen])
            case "tab":
                self._edit_rule()
            case "ctrl+e":
                self.result = "editor" if self._dialog.kind in ("edit", "plan") else "explain"
                return True
            case other:
                for at, choice in enumerate(choices):
                    if choice.key == other:
                        self._chosen = at
                        return self._choose(choice)
                if key == "paste" or (key == "text" and data.isalpha()):
                    self._begin_words(key, data)
        return False

    def _begin_words(self, key: str, data: str) -> None:
        """Words are no answer, but what to do instead: enter after them must not say yes."""
        for at, choice in enumerate(self._dialog.choices):
            if choice.takes_words:
                self._chosen = at
                self._editing, self._field = choice, Field()
                self._field.press(key, data)

    def _choose(self, choice: Choice) -> bool:
        if choice.takes_words:
            self._editing, self._field = choice, Field()
            return False
        return self._reply(choice.reply)

    def _edit_rule(self) -> None:
        for at, choice in enumerate(self._dialog.choices):
            if isinstance(choice.reply, Allow) and len(choice.reply.remember) == 1:
                self._chosen = at
                self._editing, self._field = choice, Field(choice.reply.remember[0])

    def _edit(self, field: Field, choice: Choice, key: str, data: str) -> bool:
        if key in ("esc", "ctrl+c"):
            self._editing = self._field = None
            return False
        if key != "enter":
            field.press(key, data)
            return False
        if choice.takes_words and field.text.strip().lower() in _YES:  # no way to say no: back to the choices
            self._editing = self._field = None
            self._chosen = 0
            return False
        if choice.takes_words:
            return self._reply(Deny(field.text.strip()))
        if isinstance(choice.reply, Allow) and field.text.strip():
            return self._reply(replace(choice.reply, remember=(field.text.strip(),)))
        return False

    def _confirm(self, key: str, data: str) -> bool:
        assert self._field is not None
        if key in ("esc", "ctrl+c", "ctrl+d"):
            return self._reply(answer(self._dialog, ESCAPE))
        if key == "ctrl+e":
            self.result = "explain"
            return True
        if key == "enter":
            return self._reply(answer(self._dialog, self._field.text))
        self._field.press(key, data)
        return False

    def _reply(self, reply: Reply | None) -> bool:
        if reply is not None:
            self.result = reply
        return reply is not None


def _styled(line: str, at: int) -> Row:
    """The mark of the first row and the chosen row stand out; the rest is plain."""
    style: Style = ""
    if line.startswith(("? ", "! ")) and at == 0:
        return row((line[:2], "warn"), (line[2:], "bold"))
    if line.startswith("❯ "):
        style = "chosen"
    return rows_of([line], style)[0]
