"""The question of a server in front of the prompt. Must not know the terminal."""

from __future__ import annotations

from coder.core.requests import ServerAnswer, ServerQuestion
from coder.frontends.repl.modal import Shape
from coder.frontends.server_form import ServerForm
from coder.frontends.server_form_rows import form_rows
from coder.frontends.styled import Row


class ServerModal:
    keeps_prompt = True
    grace = 0.3

    def __init__(self, question: ServerQuestion) -> None:
        self._form = ServerForm(question)

    @property
    def step(self) -> int:
        return self._form.number

    @property
    def result(self) -> ServerAnswer:
        return self._form.reply()

    def echo(self) -> Row:
        """The row that the answer leaves behind."""
        return self._form.echo_row()

    def shape(self, width: int, height: int) -> Shape:
        return Shape(form_rows(self._form, width, height))

    def press(self, key: str, data: str) -> bool:
        if key == "paste":
            self._form.type(" ".join(data.split()))
            return False
        return self._form.press({" ": "space"}.get(data, data) if key == "text" else key)
