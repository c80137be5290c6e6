"""Questions of the model in front of the prompt, one after the other. Must not know the terminal."""

from __future__ import annotations

from coder.core.messages import Json
from coder.core.requests import Answers, Deny
from coder.frontends.form import Form
from coder.frontends.form_rows import form_rows
from coder.frontends.repl.modal import Shape
from coder.frontends.styled import Row


class FormModal:
    keeps_prompt = True
    grace = 0.3

    def __init__(self, questions: tuple[Json, ...], otherwise: str = "") -> None:
        self._form = Form(questions, otherwise)

    @property
    def step(self) -> int:
        return self._form.number

    @property
    def result(self) -> Answers | Deny:
        return self._form.reply()

    def echo(self) -> Row:
        """The row that the answers leave behind."""
        return self._form.echo_row()

    def shape(self, width: int, height: int) -> Shape:
        return Shape(form_rows(self._form, width, height))

    def press(self, key: str, data: str) -> bool:
        if key == "paste":
            self._form.type(" ".join(data.split()))
            return False
        return self._form.press({" ": "space"}.get(data, data) if key == "text" else key)
