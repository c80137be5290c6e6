"""TodoWrite: the model's own list of steps. Must not know how it is shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import Annotated, Literal

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.messages import Json
from coder.core.tools import Internal, ToolContext, ToolOutput
from coder.core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Todo:
    content: Annotated[str, 'What to do: "Run the tests"']
    status: Literal["pending", "in_progress", "completed"]
    active_form: Annotated[str, 'While it is done: "Running the tests"'] = field(metadata={"name": "activeForm"})

    def to_json(self) -> Json:
        return {"content": self.content, "status": self.status, "activeForm": self.active_form}


class Todos:
    """The list of one session."""

    def __init__(self) -> None:
        self.items: tuple[Todo, ...] = ()


@dataclass(frozen=True, slots=True)
class TodoWriteParams:
    todos: Annotated[list[Todo], "The whole list; it replaces the one before"]


class TodoWrite:
    name = "TodoWrite"
    params = TodoWriteParams

    def __init__(self, todos: Todos) -> None:
        self._todos = todos

    def access(self, params: TodoWriteParams, workspace: Workspace) -> Internal:
        return Internal()

    def summary(self, params: TodoWriteParams) -> str:
        return _counts(params.todos)

    async def run(self, params: TodoWriteParams, context: ToolContext) -> ToolOutput:
        empty = next((number for number, todo in enumerate(params.todos) if not todo.content.strip()), None)
        if empty is not None:
            raise ToolError(f'`todos[{empty}].content` is empty; expected what to do, such as "Run the tests".')
        old, self._todos.items = self._todos.items, tuple(params.todos)
        lines = [f"The todo list is saved: {_counts(params.todos)}."]
        active = [todo.content for todo in params.todos if todo.status == "in_progress"]
        if len(active) > 1:
            lines.append(f"{len(active)} items are in progress. Keep one so, and set the others to pending.")
        elif not active and any(todo.status == "pending" for todo in params.todos):
            lines.append("No item is in progress. Set the one you work on next.")
        data: Json = {
            "oldTodos": [todo.to_json() for todo in old],
            "newTodos": [todo.to_json() for todo in params.todos],
        }
        return ToolOutput("\n".join(lines), data, _counts(params.todos))


def _counts(todos: list[Todo]) -> str:
    counts = Counter[str](todo.status for todo in todos)
    named = {"completed": "done", "in_progress": "in progress", "pending": "to do"}
    return ", ".join(f"{counts[status]} {name}" for status, name in named.items() if counts[status]) or "empty"
