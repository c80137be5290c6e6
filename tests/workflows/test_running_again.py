"""Workflows that were stopped in the midst of an agent's work: it goes on where it was, and what it had cost counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.app.starting import Start
from coder.core.agents import Brief
from coder.core.events import AnyEvent, TurnStarted, UsageReported
from coder.core.messages import Json
from coder.models import catalog
from tests.support.cli import Place
from tests.support.fakeapi import RunningApi, fault, rule, running_api, tool
from tests.support.running import Bench, workflow
from tests.workflows.test_running_in_session import Person, sitting, write

FLOW = "## look\nLook at it.\n## tell\nTell of {{look}}.\n"
USAGE = {"input_tokens": 1000, "output_tokens": 100}


class Hasty(Person):
    """Stops what goes on before an agent's second turn, once."""

    def __init__(self) -> None:
        super().__init__()
        self.is_hasty = True
        self.usages: list[UsageReported] = []

    def emit(self, event: AnyEvent) -> None:
        super().emit(event)
        if isinstance(event, UsageReported):
            self.usages.append(event)
        if self.is_hasty and isinstance(event, TurnStarted) and event.agent != "main" and event.turn == 2:
            self.is_hasty = False
            assert self.session is not None
            self.session.interrupt()


def model() -> Json:
    return {
        "rules": [
            rule({"last_user_contains": "goes on now"}, "seen", usage=USAGE),
            rule({"last_tool": "Bash"}, "Never.", fault=fault("stall", after=2, times="forever"), usage=USAGE),
            rule({"last_user_contains": "Look at it"}, tool("Bash", command="echo looked"), usage=USAGE),
            rule({"last_user_contains": "Tell of seen"}, "told", usage=USAGE),
        ]
    }


def looks(api: RunningApi) -> list[int]:
    """How long the conversation was with each request of the first step."""
    return [len(body["messages"]) for body in api.requests if "Look at it" in str(body["messages"])]


@pytest.mark.behaviour("B-2119")
@pytest.mark.behaviour("B-2120")
@pytest.mark.parametrize("elsewhere", [False, True])
async def test_an_agent_that_was_stopped_goes_on_and_what_it_cost_counts(place: Place, elsewhere: bool) -> None:
    write(place, FLOW)
    person = Hasty()
    async with running_api(model(), continuity=not elsewhere) as api:
        async with sitting(place, person, api.url) as session:
            assert (await session.prompt("/flow")).reason == "interrupted"
            assert looks(api) in ([1], [1, 3])  # the request may have gone by then
            if not elsewhere:
                assert (await session.prompt("/flow")).text == "told"
                latest = session.workflows.latest if session.workflows is not None else None
        if elsewhere:
            async with sitting(place, person, api.url, Start(continue_latest=True)) as session:
                assert (await session.prompt("/flow")).text == "told"
                latest = session.workflows.latest if session.workflows is not None else None
        assert looks(api) in ([1, 3], [1, 3, 3])
    assert latest is not None and latest.usd is not None and latest.agents == 2
    costs = [cost for each in person.usages if (cost := catalog.price(each.model, each.usage)) is not None]
    assert latest.usd == pytest.approx(sum(costs)) and latest.usd > 0


@pytest.mark.behaviour("B-2120")
def test_at_the_limit_it_counts_what_those_cost_that_were_cut_off(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    flow = workflow("---\nbudget: {usd: 0.03}\n---\n## a\nA.\n## b\nB.\n")

    def killed(brief: Brief) -> str:
        raise RuntimeError("killed")

    bench.fresh(killed)
    with pytest.raises(ExceptionGroup):
        bench.run(flow)
    bench.fresh(lambda brief: "x").spendings["flow-1/a#1"] = 0.02
    ended = bench.run(flow)
    assert (ended.state, ended.where, len(bench.agents.asked)) == ("budget", "b", 1)
    assert ended.usd == pytest.approx(0.03) and bench.agents.groups[0].usd_limit == pytest.approx(0.01)
