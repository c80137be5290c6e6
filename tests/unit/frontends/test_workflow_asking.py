"""The questions of a workflow that was begun from a shell, on a terminal of their own."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Iterator

import pytest

from coder.app.workflowing.hands import asked
from coder.core.requests import Deny, Question
from coder.frontends.workflow_asking import Answering
from coder.frontends.workflow_text import WorkflowText


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = os.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


@pytest.mark.behaviour("B-2122")
@pytest.mark.parametrize(
    ("typed", "answer", "times"),
    [
        ("y\n", True, 1),
        ("YES\n", True, 1),
        ("n\n", False, 1),
        ("\n", False, 1),
        ("what\ny\n", True, 2),
        ("\x04", None, 1),
    ],
)
async def test_a_step_is_said_yes_to_by_a_typed_line(
    terminal: tuple[int, int], typed: str, answer: bool | None, times: int
) -> None:
    out, err = io.StringIO(), io.StringIO()
    front = WorkflowText(out, err, person=Answering(terminal[1], err))
    os.write(terminal[0], typed.encode())
    assert await asked(front.ask, "Publish\x1b it?", "It begins", "It ends", "it ends") is answer
    assert err.getvalue().startswith("Publish") and "\x1b" not in err.getvalue() and not out.getvalue()
    assert err.getvalue().count("Go on? [y/N] ") == times


@pytest.mark.behaviour("B-2122")
async def test_waiting_for_a_line_can_be_cancelled_and_other_questions_have_nobody(terminal: tuple[int, int]) -> None:
    person = Answering(terminal[1], io.StringIO())
    waiting = asyncio.ensure_future(
        person.ask(Question(({"question": "Go?", "options": [{"label": "A"}, {"label": "B"}]},)))
    )
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    for odd in (Question(()), Question(({"question": "Which?", "options": [{"label": "A"}]},))):
        reply = await person.ask(odd)
        assert isinstance(reply, Deny) and reply.nobody
    reply = await WorkflowText(io.StringIO(), io.StringIO()).ask(Question(()))
    assert isinstance(reply, Deny) and reply.nobody
