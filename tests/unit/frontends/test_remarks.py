"""What a run as text says on stderr of calls that fail and of a model that is not there."""

from __future__ import annotations

import io

import pytest

from coder.core.events import AnyEvent, ModelRetrying, ToolFinished
from coder.core.messages import Text, ToolResult, ToolUse
from coder.frontends.text import TextOut


def said(event: AnyEvent) -> str:
    errors = io.StringIO()
    out = TextOut(io.StringIO(), errors, verbose=True)
    out.emit(event)
    out._remarks.deliver(5)
    return errors.getvalue()


def failed(summary: str, text: str) -> ToolFinished:
    call = ToolUse("t1", "Edit", {})
    return ToolFinished(
        call=call, result=ToolResult("t1", (Text(text),), True), seconds=0.1, summary=summary, data=None
    )


@pytest.mark.behaviour("B-2542")
@pytest.mark.parametrize(
    ("event", "line"),
    [
        (failed("failed", "Not read\nyet \x1b[31m."), "coder: ✗ Edit · failed · 0.1s: Not read yet .\n"),
        (failed("exit 1", "much output"), "coder: ✗ Edit · exit 1 · 0.1s\n"),
        (
            ModelRetrying(attempt=1, max_retries=10, delay=0.2, kind="connection", status=None, message="x"),
            "coder: waiting for the model: no connection, try 2 at once\n",
        ),
        (
            ModelRetrying(attempt=1, max_retries=10, delay=2.0, kind="server", status=500, message="x"),
            "coder: waiting for the model: 500 server error, try 2 of 11 in 2s\n",
        ),
    ],
)
def test_a_remark_says_why_and_promises_no_more_tries_than_there_are(event: AnyEvent, line: str) -> None:
    assert said(event) == line
