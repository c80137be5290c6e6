"""How front ends without a person tell that a command in the background ended."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from coder.core.events import TaskEnded
from coder.frontends.steps import StepsOut
from coder.frontends.stream_json import convert
from coder.frontends.text import TextOut

ENDED = TaskEnded(
    id="b1", command="make \x1b[31mtest\nmore", state="failed", code=2, seconds=1.24, output="/tmp/b1.txt"
)


@pytest.mark.behaviour("B-966")
def test_an_end_is_one_line_and_shows_no_escapes() -> None:
    out, errors = io.StringIO(), io.StringIO()
    TextOut(out, errors, verbose=True).emit(ENDED)
    TextOut(out, errors, verbose=False).emit(ENDED)
    steps = io.StringIO()
    StepsOut(Console(file=steps), Path("/project")).emit(ENDED)
    assert out.getvalue() == ""
    for said in (errors.getvalue(), steps.getvalue()):
        assert said.count("\n") == 1 and "\x1b" not in said and "✗ b1" in said and "exit" in said and "make" in said


@pytest.mark.behaviour("B-966")
@pytest.mark.parametrize(("state", "status"), [("failed", "failed"), ("completed", "completed"), ("killed", "stopped")])
def test_an_end_on_the_wire(state: str, status: str) -> None:
    ended = TaskEnded(id="b1", command="make", state=state, code=0, seconds=1.0, output="/tmp/b1.txt")  # type: ignore[arg-type]  # each of its states
    message = convert.task_ended("s", ended)
    assert (message["type"], message["subtype"], message["task_id"]) == ("system", "task_notification", "b1")
    assert (message["status"], message["output_file"], message["summary"]) == (status, "/tmp/b1.txt", "exit 0: make")
    assert message["uuid"] and message["session_id"] == "s"
