"""The examples of the docs, one for each pattern, run by agents that hand in whatever fits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coder.core.agents import Brief
from coder.workflows.hands import Ran
from tests.support.running import Bench, workflow
from tests.support.scripted_agents import Said, ScriptedHands

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "workflows"


class Obliging(ScriptedHands):
    """Every command passes but for the first."""

    async def shell(self, command: str, minutes: float) -> Ran:
        self.ran.append(command)
        return Ran(int(len(self.ran) == 1), "said")


def fitting(schema: Any, wanted: str = "") -> Any:
    """The first value that a form allows; of a choice the wanted one, where it has that."""
    match schema:
        case {"enum": [first, *_] as options}:
            return wanted if wanted in options else first
        case {"type": "object", "properties": fields}:
            return {name: fitting(inner, wanted) for name, inner in fields.items()}
        case {"type": "array", "items": inner}:
            return [fitting(inner, wanted)] * 2
    return "src/cart.py"


@pytest.mark.behaviour("B-2084")
@pytest.mark.parametrize(
    ("name", "arguments", "wanted", "agents", "begun"),
    [
        ("chain", {"what": "a total"}, "", 4, ["outline", "write", "describe"]),
        ("route", {"request": "why?"}, "question", 2, ["sort", "answer"]),
        ("route", {"request": "why?"}, "small", 2, ["sort", "change"]),
        ("route", {"request": "why?"}, "large", 2, ["sort", "plan"]),
        ("parallel", {"base": "main"}, "wait", 6, ["look", "judge"]),
        ("orchestrate", {"goal": "more"}, "", 4, ["divide", "work", "join"]),
        ("improve", {"file": "src/cart.py"}, "pass", 2, ["write", "judge"]),
        ("improve", {"file": "src/cart.py"}, "fail", 8, ["write", "judge"] * 4),
    ],
)
def test_each_pattern_runs_from_one_file(
    tmp_path: Path, name: str, arguments: dict[str, str], wanted: str, agents: int, begun: list[str]
) -> None:
    def answer(brief: Brief) -> Said:
        return fitting(brief.out, wanted) if brief.out is not None else "said"

    bench = Bench(tmp_path)
    bench.fresh(answer)
    bench.hands = Obliging(bench.agents)
    ended = bench.run(workflow((EXAMPLES / f"{name}.md").read_text(encoding="utf-8"), name), arguments)
    assert (ended.state, ended.agents) == ("done", agents), ended.why
    assert [step for step, state, item in bench.hands.changes if state == "started" and not item] == begun
