"""What is shown of workflows that nobody has seen yet."""

from __future__ import annotations

import pytest

from coder.app.workflowing.words import first_look
from coder.workflows.library import Library
from tests.unit.workflows.written import HEAD, workflow


@pytest.mark.behaviour("B-2562")
def test_of_a_long_first_look_no_command_is_left_out_or_cut() -> None:
    commands = [f"check-{number} {'x' * 300} --last-{number}" for number in range(40)]
    steps = (
        f'## s{at}\nDo {{{{issue}}}}.\n```step\nout: {{a: str}}\ngate: {{run: "{command}"}}\n```\n'
        for at, command in enumerate(commands)
    )
    long = workflow(HEAD + "".join(steps), "w")
    question, shown = first_look(long, [long] * 3, Library())
    assert question.startswith("Run the workflow w of this folder?")
    assert [shown.count(f"{command}, which must") for command in commands] == [3] * 40
    lines = shown.split("\n")
    assert 400 < len(lines) < 3 * 40 * 5 and lines[-1].endswith("more lines: coder workflow show w")
