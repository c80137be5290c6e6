"""A form in front of the prompt: what the model or a server asks, one question after the other. Must not know the
terminal, or who asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from coder.core.messages import Json
from coder.core.requests import Answers, Deny, ServerAnswer, ServerQuestion
from coder.frontends import form_rows, server_form_rows
from coder.frontends.form import Form
from coder.frontends.repl.modal import Shape
from coder.frontends.server_form import ServerForm
from coder.frontends.styled import Row

T_co = TypeVar("T_co", covariant=True)


class Filled(Protocol[T_co]):
    """A form that is being filled in; `number` is that of the question it puts."""

    number: int

    def reply(self) -> T_co: ...

    def echo_row(self) -> Row: ...

    def type(self, text: str) -> None: ...

    def press(self, key: str) -> bool: ...


class FormModal(Generic[T_co]):
    keeps_prompt = True
    grace = 0.3

    def __init__(self, form: Filled[T_co], rows: Callable[[int, int], list[Row]]) -> None:
        self._form, self._rows = form, rows

    @property
    def step(self) -> int:
        return self._form.number

    @property
    def result(self) -> T_co:
        return self._form.reply()

    def echo(self) -> Row:
        """The row that the answers leave behind."""
        return self._form.echo_row()

    def shape(self, width: int, height: int) -> Shape:
        return Shape(self._rows(width, height))

    def press(self, key: str, data: str) -> bool:
        if key == "paste":
            self._form.type(" ".join(data.split()))
            return False
        return self._form.press({" ": "space"}.get(data, data) if key == "text" else key)


def of_model(questions: tuple[Json, ...], otherwise: str = "") -> FormModal[Answers | Deny]:
    form = Form(questions, otherwise)
    return FormModal(form, lambda width, height: form_rows.form_rows(form, width, height))


def of_server(question: ServerQuestion) -> FormModal[ServerAnswer]:
    form = ServerForm(question)
    return FormModal(form, lambda width, height: server_form_rows.form_rows(form, width, height))
