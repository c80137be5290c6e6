"""`/todos`: the list the model works by. Must not know how it came about."""

from __future__ import annotations

from coder.core.messages import Json
from coder.frontends.desk import Desk
from coder.frontends.picker import Page
from coder.frontends.styled import Row, Style, foreign, row

_MARKS: dict[str, tuple[str, Style, Style]] = {
    "completed": ("✓ ", "ok", "dim"),
    "in_progress": ("▸ ", "", "bold"),
    "pending": ("☐ ", "", ""),
}


async def run(desk: Desk, arguments: str) -> None:
    if not desk.todos:
        desk.ui.say([row(("The model keeps no todo list in this session.", "dim"))])
        return
    await desk.ui.page(Page(tuple(todo_rows(desk.todos))))


def todo_rows(todos: tuple[Json, ...]) -> list[Row]:
    """The whole list under a line that counts."""
    done = sum(each.get("status") == "completed" for each in todos)
    return [row((f"Todo: {done} of {len(todos)} done", "bold")), *(_todo(each) for each in todos)]


def _todo(raw: Json) -> Row:
    status = str(raw.get("status"))
    mark, mark_style, style = _MARKS.get(status, _MARKS["pending"])
    now = raw.get("activeForm") if status == "in_progress" else None
    return row("  ", (mark, mark_style), (foreign(str(now or raw.get("content") or "")), style))
