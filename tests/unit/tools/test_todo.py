from __future__ import annotations

from pathlib import Path

import pytest

from coder.core.errors import ToolError
from coder.core.messages import Json
from coder.core.tools import Internal
from coder.tools.schema import parse
from coder.tools.todo import Todos, TodoWrite, TodoWriteParams
from tests.support.toolbox import Toolbox, text_of


@pytest.fixture
def box(tmp_path: Path) -> Toolbox:
    return Toolbox(tmp_path)


def todo(content: str, status: str = "pending") -> Json:
    return {"content": content, "status": status, "activeForm": f"Doing {content}"}


@pytest.mark.behaviour("B-340")
async def test_each_list_replaces_the_one_before_and_both_are_reported(box: Toolbox) -> None:
    todos = Todos()
    tool = TodoWrite(todos)
    first = [todo("a", "in_progress"), todo("b")]
    second = [todo("a", "completed"), todo("b", "in_progress"), todo("c")]
    assert (await box.call(tool, todos=first)).data == {"oldTodos": [], "newTodos": first}
    output = await box.call(tool, todos=second)
    assert output.data == {"oldTodos": first, "newTodos": second}
    assert text_of(output) == "The todo list is saved: 1 done, 1 in progress, 1 to do."
    assert [item.content for item in todos.items] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("statuses", "remark"),
    [
        (["in_progress", "in_progress"], "2 items are in progress. Keep one so"),
        (["pending", "completed"], "No item is in progress."),
        (["completed"], "1 done."),
        ([], "saved: empty."),
    ],
)
async def test_an_odd_list_is_saved_with_a_remark(box: Toolbox, statuses: list[str], remark: str) -> None:
    todos = Todos()
    output = await box.call(TodoWrite(todos), todos=[todo(str(n), status) for n, status in enumerate(statuses)])
    assert remark in text_of(output)
    assert len(todos.items) == len(statuses)


async def test_an_item_without_words_is_refused_and_the_old_list_stays(box: Toolbox) -> None:
    todos = Todos()
    tool = TodoWrite(todos)
    await box.call(tool, todos=[todo("a")])
    with pytest.raises(ToolError, match=r"`todos\[1\].content` is empty"):
        await box.call(tool, todos=[todo("b"), todo("  ")])
    assert [item.content for item in todos.items] == ["a"]


def test_the_list_touches_only_the_session(box: Toolbox) -> None:
    params = parse(TodoWriteParams, {"todos": [todo("a")]}, "TodoWrite")
    assert TodoWrite(Todos()).access(params, box.workspace) == Internal()
